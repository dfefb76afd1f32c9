/** @file `tandem optimize`: tunes a prompt and an adapter together. */
import { Command, Option } from 'commander';
import {
  coordinators,
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
import { softAsked, withSoftOptions, type SoftOptions } from './softOptions.ts';

interface OptimizeOptions extends SessionOptions, LoraOptions, SoftOptions, FollowOptions {
  readonly budget: Budget;
  readonly coordinator?: CoordinatorName;
  readonly schedule: Schedule;
  readonly strategy?: Strategy;
  readonly lever: LeverChoice;
}

export function optimizeCommand(): Command {
  const command = new Command('optimize').argument('<prompt>', 'a .prompt.md file with the `tandem:` key');
  return withSoftOptions(withLoraOptions(withSessionOptions(command)))
    .description('tune a prompt and a LoRA adapter together; without --apply it only prints the diff')
    .option('--budget <time>', 'time, such as 90s, 5m or 1.5h, or token passes, such as 2000000p', parseBudget, runDefaults.budget)
    .addOption(
      new Option('--coordinator <name>', 'prompt and weights by turns, or a soft prompt and the weights at once').choices(coordinators),
    )
    .option(
      '--schedule <name>',
      'of the alternating one: gated, classic, or a chain such as "chain:p -> w -> p"',
      parseSchedule,
      runDefaults.schedule,
    )
    .addOption(new Option('--strategy <name>', 'how a prompt step escapes lock-in').choices(strategies))
    .addOption(new Option('--lever <which>', 'what may change').choices(leverChoices).default(runDefaults.lever))
    .option('--apply', 'write the accepted prompt and adapter')
    .option('--json', 'print the events, one JSON object a line')
    .action(async (prompt: string, options: OptimizeOptions) => {
      const { budget, coordinator, schedule, strategy, lever } = options;
      const lora = loraAsked(options);
      const soft = softAsked(options);
      const spec = {
        ...sessionSpec(prompt, options),
        ...{ budget, schedule, lever },
        ...(coordinator && { coordinator }),
        ...(strategy && { strategy }),
        ...(lora && { lora }),
        ...(soft && { soft }),
      };
      await followRun((client) => client.call('optimize', { spec }), options);
    });
}
