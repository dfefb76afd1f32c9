/** @file `tandem optimize`: tunes a prompt and an adapter together; `tandem tune`: the adapter alone. */
import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import {
  coordinators,
  keptRuns,
  leverChoices,
  parseBudget,
  parseSchedule,
  runDefaults,
  strategies,
  type Budget,
  type CoordinatorName,
  type LeverChoice,
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
import { sessionSpec, wholeNumber, withSessionOptions, type SessionOptions } from './options.ts';
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
  readonly lever: LeverChoice;
  readonly adapters?: AdapterChoice;
  readonly controls?: true;
}

export function optimizeCommand(): Command {
  const command = withWriterOptions(withGateOptions(withSoftOptions(runOptions(new Command('optimize')))))
    .description('tune a prompt and a LoRA adapter together; without --apply it only prints the diff')
    .addOption(
      new Option(
        '--coordinator <name>',
        'prompt and weights by turns, one block at a time, or a soft prompt and the weights at once; by default by turns, a program by blocks',
      ).choices(coordinators),
    )
    .addOption(
      new Option('--adapters <which>', 'of a program by blocks: one that its steps share, or one for each; by default shared').choices(
        adapterChoices,
      ),
    )
    .addOption(new Option('--lever <which>', 'what may change').choices(leverChoices).default(runDefaults.lever))
    .option(
      '--controls',
      'afterwards p -> p, w -> w and the best single lever on the same test rows, each with as much compute: a budget in token passes is spent again by each, one of time is divided',
    )
    .action(async (prompt: string, options: OptimizeOptions) => {
      const { lever, coordinator, adapters, controls } = options;
      const [soft, gate] = [softAsked(options), gateAsked(options)];
      const writer = await writerAsked(resolve(prompt), options);
      await optimize(prompt, options, {
        lever,
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
      ['tandem optimize intent.prompt.md', 'five minutes, then the diff'],
      ['tandem optimize intent.prompt.md --budget 1h --apply', 'an hour, and write what was accepted'],
      ['tandem optimize intent.prompt.md --lever prompt', 'leave the weights alone'],
      ['tandem optimize intent.prompt.md --writer http://localhost:11434', 'let a model of Ollama write instructions'],
      ['tandem optimize intent.prompt.md --json > events.jsonl', 'the events, for a program'],
    ],
    'Phases on the weights and on the prompt take turns, each from the best state so far, and a step is kept where paired evidence on the validation rows says that it is better. The test rows stay sealed until the end. Of many validation and test rows as many are measured as the budget pays for; --val-rows and --test-rows say how many instead. A budget of time is all that the command takes, its final test included, whatever else the machine has to do. Ctrl-C ends a run at once: what was accepted so far is tested and stands. One run at a time works in a workspace.',
  );
}

export function tuneCommand(): Command {
  const command = runOptions(new Command('tune'))
    .description('tune the weights alone, under the prompt as it is: `optimize --lever weights`')
    .action((prompt: string, options: TuneOptions) => optimize(prompt, options, { lever: 'weights' }));
  return withExamples(command, [
    ['tandem tune intent.prompt.md --budget 10m', 'a LoRA adapter for this prompt'],
    ['tandem tune intent.prompt.md --lora-rank 16 --lora-targets q_proj,v_proj', 'of another shape'],
  ]);
}

/** What both take. */
const runOptions = (command: Command): Command =>
  withLoraOptions(
    withSessionOptions(command.argument('<prompt>', 'a .prompt.md or .prompty file with the `tandem:` key, or a tandem.program.yaml')),
  )
    .addOption(
      new Option('--budget <time>', 'time, such as 90s, 5m or 1.5h, or token passes, such as 2000000p')
        .argParser(parseBudget)
        .default(runDefaults.budget, '5m'),
    )
    .option(
      '--schedule <name>',
      'of alternating: gated, classic, a chain such as "chain:p -> w -> p", or a published method such as baseline:mipro',
      parseSchedule,
      runDefaults.schedule,
    )
    .addOption(new Option('--strategy <name>', 'of alternating: how a prompt step escapes lock-in').choices(strategies))
    .addOption(new Option('--curriculum <what>', 'what grows in the course of the run: the data, or what may move').choices(curricula))
    .addOption(new Option('--pacing <how>', 'how fast it grows').choices(pacings))
    .option('--warm-start <folder>', "auto (the workspace's own or the model's), none, or a folder that `tandem warm-start` wrote")
    .option(
      '--keep-runs <n>',
      `older runs of the workspace than this many are removed first; 0 keeps all (default: ${keptRuns})`,
      wholeNumber(0),
    )
    .option('--apply', 'write the accepted prompt and adapter')
    .option('--json', 'print the events, one JSON object a line');

/** @param what the options that `tune` does not have */
async function optimize(
  prompt: string,
  options: TuneOptions,
  what: Pick<RunSpec, 'lever' | 'coordinator' | 'soft' | 'gate' | 'adapters' | 'controls' | 'writer' | 'writerBudget' | 'writerConsent'>,
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

/** `auto` and `none` are themselves, all else is a path. */
const asPath = (warmStart: string | undefined): string | undefined =>
  warmStart === undefined || warmStart === 'auto' || warmStart === 'none' ? warmStart : resolve(warmStart);
