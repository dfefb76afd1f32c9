/** @file `tandem optimize`: tunes a prompt and an adapter together; `tandem tune`: the adapter alone. */
import { Command, Option } from 'commander';
import {
  leverChoices,
  parseBudget,
  parseSchedule,
  runDefaults,
  strategies,
  type Budget,
  type LeverChoice,
  type Schedule,
  type Strategy,
} from '../run/spec.ts';
import { withExamples } from './examples.ts';
import { followRun, type FollowOptions } from './followRun.ts';
import { loraAsked, withLoraOptions, type LoraOptions } from './loraOptions.ts';
import { sessionSpec, withSessionOptions, type SessionOptions } from './options.ts';

interface TuneOptions extends SessionOptions, LoraOptions, FollowOptions {
  readonly budget: Budget;
  readonly schedule: Schedule;
  readonly strategy?: Strategy;
}

interface OptimizeOptions extends TuneOptions {
  readonly lever: LeverChoice;
}

export function optimizeCommand(): Command {
  const command = runOptions(new Command('optimize'))
    .description('tune a prompt and a LoRA adapter together; without --apply it only prints the diff')
    .addOption(new Option('--lever <which>', 'what may change').choices(leverChoices).default(runDefaults.lever))
    .action((prompt: string, options: OptimizeOptions) => optimize(prompt, options, options.lever));
  return withExamples(
    command,
    [
      ['tandem optimize intent.prompt.md', 'five minutes, then the diff'],
      ['tandem optimize intent.prompt.md --budget 1h --apply', 'an hour, and write what was accepted'],
      ['tandem optimize intent.prompt.md --lever prompt', 'leave the weights alone'],
      ['tandem optimize intent.prompt.md --json > events.jsonl', 'the events, for a program'],
    ],
    'Phases on the weights and on the prompt take turns, each from the best state so far, and a step is kept where paired evidence on the validation rows says that it is better. The test rows stay sealed until the end. Ctrl-C ends a run gracefully: the best so far is tested and stands. One run at a time works in a workspace.',
  );
}

export function tuneCommand(): Command {
  const command = runOptions(new Command('tune'))
    .description('tune the weights alone, under the prompt as it is: `optimize --lever weights`')
    .action((prompt: string, options: TuneOptions) => optimize(prompt, options, 'weights'));
  return withExamples(command, [
    ['tandem tune intent.prompt.md --budget 10m', 'a LoRA adapter for this prompt'],
    ['tandem tune intent.prompt.md --lora-rank 16 --lora-targets q_proj,v_proj', 'of another shape'],
  ]);
}

/** What both take. */
const runOptions = (command: Command): Command =>
  withLoraOptions(withSessionOptions(command.argument('<prompt>', 'a .prompt.md file with the `tandem:` key')))
    .addOption(
      new Option('--budget <time>', 'time, such as 90s, 5m or 1.5h, or token passes, such as 2000000p')
        .argParser(parseBudget)
        .default(runDefaults.budget, '5m'),
    )
    .option('--schedule <name>', 'gated, classic, or a chain such as "chain:p -> w -> p"', parseSchedule, runDefaults.schedule)
    .addOption(new Option('--strategy <name>', 'how a prompt step escapes lock-in').choices(strategies))
    .option('--apply', 'write the accepted prompt and adapter')
    .option('--json', 'print the events, one JSON object a line');

async function optimize(prompt: string, options: TuneOptions, lever: LeverChoice): Promise<void> {
  const { budget, schedule, strategy } = options;
  const lora = loraAsked(options);
  const spec = { ...sessionSpec(prompt, options), budget, schedule, ...(strategy && { strategy }), lever, ...(lora && { lora }) };
  await followRun((client) => client.call('optimize', { spec }), options);
}
