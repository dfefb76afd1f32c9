/** @file `tandem compare`: two runs on the same test rows, and what differs between them. */
import { Command } from 'commander';
import { compareRuns } from '../run/compareRuns.ts';
import { comparisonText } from '../run/words/comparisonText.ts';
import { findRun, readState } from '../run/record/runDirectory.ts';
import { colouredDiff, coloursFor } from './colours.ts';
import { withExamples } from './examples.ts';
import { stdout } from './terminal.ts';

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('compare two runs row by row on the test rows that both have, and list what differs')
    .argument('<run>', "a run's name or folder")
    .argument('<other>', 'the run to compare it with')
    .option('--json', 'print JSON')
    .action((run: string, other: string, { json }: { json?: boolean }) => {
      const [a, b] = [findRun(process.cwd(), run), findRun(process.cwd(), other)];
      const colours = coloursFor(stdout);
      const comparison = compareRuns(readState(a), readState(b));
      if (json) stdout.json({ version: 1, a: a.run, b: b.run, ...comparison });
      else stdout.say(comparisonText(a.run, b.run, comparison, { ...colours, diff: (text) => colouredDiff(text, colours) }));
    });
  return withExamples(
    command,
    [
      ['tandem compare 2026-11-25-101500-intent 2026-11-25-113000-intent', 'what the second gained over the first'],
      ['tandem compare .tandem/runs/one .tandem/runs/other --json', 'as JSON, for scripts'],
    ],
    'The difference is the outcome of the second run minus that of the first on the same rows, with a 95% paired bootstrap interval. Rows are matched by their values, wherever they are in the data. Nothing is measured again: the answers are those that each run gave when it opened its test rows.',
  );
}
