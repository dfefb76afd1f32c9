/** @file `tandem clean`: removes old runs, and what killed commands left. */
import { Command } from 'commander';
import { relative } from 'node:path';
import { bytes } from '../run/format.ts';
import { pruneWorkspace, type Pruned } from '../run/pruneRuns.ts';
import { keptRuns } from '../run/spec.ts';
import { workspaceOf } from '../run/tandemFolder.ts';
import { withExamples } from './examples.ts';
import { wholeNumber } from './options.ts';
import { stderr, stdout } from './terminal.ts';

interface CleanOptions {
  readonly keep: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function cleanCommand(): Command {
  const command = new Command('clean')
    .description('remove the runs of this workspace but for the newest, and what killed commands left half written')
    .option('--keep <n>', 'how many runs stay, the newest first', wholeNumber(1), keptRuns)
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--json', 'print JSON')
    .action(async ({ keep, dryRun = false, json }: CleanOptions) => {
      const pruned = await pruneWorkspace(workspaceOf(`${process.cwd()}/_`), { keep, dryRun });
      if (json) stdout.json(asJson(pruned, dryRun));
      else stdout.say(cleanText(pruned, dryRun));
      for (const { run, error } of json ? [] : pruned.left) stderr.say(`Left: ${run}: ${error.message}\n`);
    });
  return withExamples(
    command,
    [
      ['tandem clean --dry-run', 'what would go'],
      ['tandem clean --keep 5', 'all runs but the last five'],
    ],
    'The newest run of each prompt file stays whatever its age, as does a run that a process works on. Prompts, data, accepted adapters, results and the cache are not touched.',
  );
}

function cleanText({ runs, leftovers, kept, bytes: freed }: Pruned, dryRun: boolean): string {
  const [removed, free] = dryRun ? ['Would remove', 'would free'] : ['Removed', 'freed'];
  return [
    ...runs.map((each) => `${removed} the run ${each.run} (${bytes(each.bytes)})`),
    ...leftovers.map(
      (each) => `${removed} ${relative(process.cwd(), each.path)} (${bytes(each.bytes)}), left by a command that was killed`,
    ),
    runs.length + leftovers.length === 0
      ? `There is nothing to remove: ${counted(kept)} here.`
      : `In all ${free} ${bytes(freed)}; ${counted(kept)} left.`,
    '',
  ].join('\n');
}

const counted = (runs: number): string => (runs === 1 ? '1 run is' : `${runs} runs are`);

const asJson = ({ left, ...pruned }: Pruned, dryRun: boolean): object => ({
  version: 1,
  dryRun,
  ...pruned,
  left: left.map(({ run, error }) => ({ run, reason: error.reason, message: error.message })),
});
