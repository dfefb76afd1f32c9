/** @file `tandem clean`: removes old runs and what killed commands left behind. */
import { Command } from 'commander';
import { relative } from 'node:path';
import { bytes } from '../run/words/format.ts';
import { pruneWorkspace, type Pruned } from '../run/record/pruneRuns.ts';
import { keptRuns } from '../run/spec.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
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
    .description('remove all but the newest runs of this workspace, and leftovers of commands that were killed')
    .option('--keep <n>', 'how many of the newest runs to keep', wholeNumber(1), keptRuns)
    .option('--dry-run', 'list what would be removed, but remove nothing')
    .option('--json', 'print JSON')
    .action(async ({ keep, dryRun = false, json }: CleanOptions) => {
      const pruned = await pruneWorkspace(workspaceOf(`${process.cwd()}/_`), { keep, dryRun });
      if (json) stdout.json(asJson(pruned, dryRun));
      else stdout.say(cleanText(pruned, dryRun));
      for (const { run, error } of json ? [] : pruned.left) stderr.say(`Not removed: ${run}: ${error.message}\n`);
    });
  return withExamples(
    command,
    [
      ['tandem clean --dry-run', 'see what would be removed'],
      ['tandem clean --keep 5', 'keep the five newest runs'],
    ],
    'The newest run of each prompt file stays, however old it is. So does a run that is in progress. Prompts, data, accepted adapters, results and the cache are not touched.',
  );
}

function cleanText({ runs, leftovers, kept, bytes: freed }: Pruned, dryRun: boolean): string {
  const [removed, free] = dryRun ? ['Would remove', 'Would free'] : ['Removed', 'Freed'];
  return [
    ...runs.map((each) => `${removed} the run ${each.run} (${bytes(each.bytes)})`),
    ...leftovers.map(
      (each) => `${removed} ${relative(process.cwd(), each.path)} (${bytes(each.bytes)}), left by a command that was killed`,
    ),
    runs.length + leftovers.length === 0
      ? `Nothing to remove: this workspace has ${kept === 1 ? '1 run' : `${kept} runs`}.`
      : `${free} ${bytes(freed)}. Runs left: ${kept}.`,
    '',
  ].join('\n');
}

const asJson = ({ left, ...pruned }: Pruned, dryRun: boolean): object => ({
  version: 1,
  dryRun,
  ...pruned,
  left: left.map(({ run, error }) => ({ run, reason: error.reason, message: error.message })),
});
