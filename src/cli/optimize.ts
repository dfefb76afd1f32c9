/** @file `tandem optimize`: tunes a prompt and an adapter together. */
import { Command, Option } from 'commander';
import {
  coordinatorNames,
  leverChoices,
  parseBudget,
  parseSchedule,
  runDefaults,
  strategies,
  type Budget,
  type CoordinatorName,
  type LeverChoice,
  type Schedule,
  type Strategy,
} from '../run/spec.ts';
import { followRun, type FollowOptions } from './followRun.ts';
import { loraAsked, withLoraOptions, type LoraOptions } from './loraOptions.ts';
import { sessionSpec, withSessionOptions, type SessionOptions } from './options.ts';

interface OptimizeOptions extends SessionOptions, LoraOptions, FollowOptions {
  readonly budget: Budget;
  readonly coordinator?: CoordinatorName;
  readonly schedule: Schedule;
  readonly strategy?: Strategy;
  readonly lever: LeverChoice;
}

export function optimizeCommand(): Command {
  const command = new Command('optimize').argument(
    '<prompt>',
    'a .prompt.md or .prompty file with the `tandem:` key, or a tandem.program.yaml',
  );
  return withLoraOptions(withSessionOptions(command))
    .description('tune a prompt and a LoRA adapter together; without --apply it only prints the diff')
    .option('--budget <time>', 'time, such as 90s, 5m or 1.5h, or token passes, such as 2000000p', parseBudget, runDefaults.budget)
    .addOption(
      new Option('--coordinator <name>', 'the way of optimizing; by default alternating, or of a program coordinate').choices(
        coordinatorNames,
      ),
    )
    .option(
      '--schedule <name>',
      'of alternating: gated, classic, or a chain such as "chain:p -> w -> p"',
      parseSchedule,
      runDefaults.schedule,
    )
    .addOption(new Option('--strategy <name>', 'of alternating: how a prompt step escapes lock-in').choices(strategies))
    .addOption(new Option('--lever <which>', 'what may change').choices(leverChoices).default(runDefaults.lever))
    .option('--apply', 'write the accepted prompt and adapter')
    .option('--json', 'print the events, one JSON object a line')
    .action(async (prompt: string, options: OptimizeOptions) => {
      const { budget, coordinator, schedule, strategy, lever } = options;
      const lora = loraAsked(options);
      const spec = {
        ...sessionSpec(prompt, options),
        budget,
        ...(coordinator && { coordinator }),
        schedule,
        ...(strategy && { strategy }),
        lever,
        ...(lora && { lora }),
      };
      await followRun((client) => client.call('optimize', { spec }), options);
    });
}
