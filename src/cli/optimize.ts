/** @file `tandem optimize`: tunes a prompt and an adapter together; `tandem tune`: the adapter only. */
import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import {
  coordinators,
  keptRuns,
  tuneChoices,
  parseBudget,
  parseSchedule,
  runDefaults,
  strategies,
  type Budget,
  type CoordinatorName,
  type TuneChoice,
  type RunSpec,
  type Schedule,
  type Strategy,
} from '../run/spec.ts';
import { adapterChoices, type AdapterChoice } from '../model/stepAdapters.ts';
import { curricula, pacings, type Curriculum, type Pacing } from '../optimize/curriculum.ts';
import { withExamples } from './examples.ts';
import { followRun, type FollowOptions } from './followRun.ts';
import { gateAsked, withGateOptions, type GateOptions } from './gateOptions.ts';
import { loraAsked, withLoraOptions, type LoraOptions } from './loraOptions.ts';
import { aboutPrompt, sessionSpec, wholeNumber, withSessionOptions, type SessionOptions } from './options.ts';
import { softAsked, withSoftOptions, type SoftOptions } from './softOptions.ts';
import { withWriterOptions, writerAsked, type WriterOptions } from './writerOptions.ts';

interface TuneOptions extends SessionOptions, LoraOptions, FollowOptions {
  readonly budget: Budget;
  readonly coordinator?: CoordinatorName;
  readonly schedule: Schedule;
  readonly strategy?: Strategy;
  readonly curriculum?: Curriculum;
  readonly pacing?: Pacing;
  readonly warmStart?: string;
  readonly keepRuns?: number;
}

interface OptimizeOptions extends TuneOptions, SoftOptions, GateOptions, WriterOptions {
  readonly coordinator?: CoordinatorName;
  readonly tune: TuneChoice;
  readonly adapters?: AdapterChoice;
  readonly controls?: true;
}

export function optimizeCommand(): Command {
  const command = withWriterOptions(withGateOptions(withSoftOptions(runOptions(new Command('optimize')))))
    .description('tune a prompt and a LoRA adapter together; without --apply, only print the diff')
    .addOption(
      new Option(
        '--coordinator <name>',
        'how to optimize: prompt and weights in turns (alternating), one block at a time (coordinate), or a soft prompt and the weights at once (simultaneous); by default alternating, for a program coordinate',
      ).choices(coordinators),
    )
    .addOption(
      new Option(
        '--adapters <which>',
        'for a program with coordinate: one adapter that its steps share, or one per step; by default shared',
      ).choices(adapterChoices),
    )
    .addOption(new Option('--tune <which>', 'what to tune').choices(tuneChoices).default(runDefaults.tune))
    .option(
      '--controls',
      'afterwards, compare with p -> p, w -> w and the better of prompt and weights alone, on the same test rows and with the same compute: each control spends a token budget again; a time budget is divided',
    )
    .action(async (prompt: string, options: OptimizeOptions) => {
      const { tune, coordinator, adapters, controls } = options;
      const [soft, gate] = [softAsked(options), gateAsked(options)];
      const writer = await writerAsked(resolve(prompt), options);
      await optimize(prompt, options, {
        tune,
        ...writer,
        ...(coordinator && { coordinator }),
        ...(soft && { soft }),
        ...(gate && { gate }),
        ...(adapters && { adapters }),
        ...(controls && { controls }),
      });
    });
  return withExamples(
    command,
    [
      ['tandem optimize intent.prompt.md', 'tune for five minutes, then print the diff'],
      ['tandem optimize intent.prompt.md --budget 1h --apply', 'tune for an hour, then write what was accepted'],
      ['tandem optimize intent.prompt.md --tune prompt', 'leave the weights as they are'],
      ['tandem optimize intent.prompt.md --writer http://localhost:11434', 'let an Ollama model write instructions'],
      ['tandem optimize intent.prompt.md --json > events.jsonl', 'print the events as JSON, for scripts'],
    ],
    'Weight phases and prompt phases take turns, and each starts from the best state so far. A step is kept if paired evidence on the validation rows shows that it is better. The held-out test rows are not used until the end. If there are many validation and test rows, Tandem measures as many as the budget pays for; --val-rows and --test-rows set the number instead. A time budget covers the whole command, including its final test, whatever else the machine is doing. Ctrl-C ends a run at once: what was accepted so far is tested and kept. Only one run at a time works in a workspace.',
  );
}

export function tuneCommand(): Command {
  const command = runOptions(new Command('tune'))
    .description('tune only the weights and keep the prompt as it is, like `optimize --tune weights`')
    .action((prompt: string, options: TuneOptions) => optimize(prompt, options, { tune: 'weights' }));
  return withExamples(command, [
    ['tandem tune intent.prompt.md --budget 10m', 'train a LoRA adapter for this prompt'],
    ['tandem tune intent.prompt.md --lora-rank 16 --lora-targets q_proj,v_proj', 'with another rank and other layers'],
  ]);
}

/** Options of both commands. */
const runOptions = (command: Command): Command =>
  withLoraOptions(withSessionOptions(command.argument('<prompt>', aboutPrompt)))
    .addOption(
      new Option('--budget <time>', 'a time such as 90s, 5m or 1.5h, or a token budget such as 2M')
        .argParser(parseBudget)
        .default(runDefaults.budget, '5m'),
    )
    .option(
      '--schedule <name>',
      'for alternating: gated, classic, a chain such as "chain:p -> w -> p", or a published method such as baseline:mipro',
      parseSchedule,
      runDefaults.schedule,
    )
    .addOption(new Option('--strategy <name>', 'for alternating: how a prompt step escapes lock-in').choices(strategies))
    .addOption(new Option('--curriculum <what>', 'what grows during the run: the data, or what may change').choices(curricula))
    .addOption(new Option('--pacing <how>', 'how fast it grows').choices(pacings))
    .option(
      '--warm-start <folder>',
      "what the run starts from: auto (the workspace's warm start or the model's), none, or a folder that `tandem warm-start` wrote",
    )
    .option(
      '--keep-runs <n>',
      `before the run, remove all but this many of the workspace's newest runs; 0 keeps all (default: ${keptRuns})`,
      wholeNumber(0),
    )
    .option('--apply', 'write the accepted prompt and adapter to your files')
    .option('--json', 'print the events, one JSON object per line');

/** @param what the options that `tune` does not have */
async function optimize(
  prompt: string,
  options: TuneOptions,
  what: Pick<RunSpec, 'tune' | 'coordinator' | 'soft' | 'gate' | 'adapters' | 'controls' | 'writer' | 'writerBudget' | 'writerConsent'>,
): Promise<void> {
  const { budget, schedule, strategy, curriculum, pacing } = options;
  const [lora, warmStart] = [loraAsked(options), asPath(options.warmStart)];
  const asked = { ...(strategy && { strategy }), ...(curriculum && { curriculum }), ...(pacing && { pacing }), ...(lora && { lora }) };
  const kept = options.keepRuns === undefined ? {} : { keepRuns: options.keepRuns };
  const spec = {
    ...sessionSpec(prompt, options),
    budget,
    schedule,
    ...what,
    ...asked,
    ...kept,
    ...(warmStart !== undefined && { warmStart }),
  };
  await followRun((client) => client.call('optimize', { spec }), options);
}

/** `auto` and `none` stay as they are; anything else is a path. */
const asPath = (warmStart: string | undefined): string | undefined =>
  warmStart === undefined || warmStart === 'auto' || warmStart === 'none' ? warmStart : resolve(warmStart);
