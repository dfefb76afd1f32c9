/** @file `tandem warm-start`: learns starting points for later runs. */
import { Command, Option } from 'commander';
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { checkedLora } from '../model/adapter.ts';
import type { FormChoice } from '../model/frozen/table.ts';
import { learnDefaults, learnStart } from '../run/learnStart.ts';
import { executors, parseBudget, sessionDefaults, type Budget, type ExecutorName } from '../run/spec.ts';
import { share, weightsOption, wholeNumber } from './options.ts';
import { withExamples } from './examples.ts';
import { makeProgress } from './progress.ts';
import { stderr, stdout } from './terminal.ts';

interface WarmStartOptions {
  readonly model?: string;
  readonly budget: Budget;
  readonly rank: number;
  readonly softTokens: number;
  readonly promptShare: number;
  readonly seed: number;
  readonly executor: ExecutorName;
  readonly threads?: number;
  readonly weights: FormChoice;
  readonly trainRows?: number;
  readonly out?: string;
  readonly json?: boolean;
}

export function warmStartCommand(): Command {
  const command = new Command('warm-start')
    .argument('<folder...>', 'folders with prompt files and their data, searched at any depth')
    .description('learn from earlier prompts, data and runs where new adapters should start and which proposals to try first')
    .option('--model <model>', "a folder, a .gguf file, a Hugging Face id or an installed model; by default the first prompt's")
    .option('--budget <time>', 'a time such as 10m, or a token budget such as 2M', parseBudget, learnDefaults.budget)
    .option('--rank <n>', 'rank of the adapter', wholeNumber(1), learnDefaults.rank)
    .option(
      '--soft-tokens <n>',
      'virtual tokens of the soft prompt that is learned with it; 0 for none',
      wholeNumber(0),
      learnDefaults.softTokens,
    )
    .option('--prompt-share <share>', 'share of the budget for trying prompts on each task', share, learnDefaults.promptShare)
    .option('--train-rows <n>', 'use at most this many training rows per task', wholeNumber(1))
    .option('--seed <n>', 'seed for all random choices', wholeNumber(0), sessionDefaults.seed)
    .addOption(
      new Option('--executor <name>', 'the library that runs the computations').choices(executors).default(sessionDefaults.executor),
    )
    .option('--threads <n>', 'number of threads; by default all cores', wholeNumber(1))
    .addOption(weightsOption())
    .option('--out <folder>', 'where to write it; by default .tandem/warm-start/ in the workspace, where later runs find it')
    .option('--json', 'print JSON')
    .action(async (folders: string[], options: WarmStartOptions) => {
      const { model, budget, rank, softTokens, promptShare, seed, executor, threads, weights, trainRows, out, json } = options;
      const progress = makeProgress(stderr, { quiet: json });
      const stop = new AbortController();
      const onInterrupt = (): void => stop.abort();
      process.once('SIGINT', onInterrupt);
      try {
        const { folder, record, losses } = await learnStart(
          {
            folders: folders.map((each) => resolve(each)),
            ...checkedLora({ rank }),
            ...{ budget, softTokens, promptShare, seed, executor, weights },
            rows: trainRows === undefined ? {} : { train: trainRows },
            ...(model !== undefined && { model: existsSync(model) ? resolve(model) : model }),
            ...(threads !== undefined && { threads }),
            ...(out !== undefined && { out: resolve(out) }),
          },
          {
            onBusy: (what, done) => (done === undefined || stderr.isTTY ? progress.busy(what) : undefined),
            onNote: progress.note,
            signal: stop.signal,
          },
        );
        progress.close();
        if (json) stdout.json({ ...record, folder, losses });
        else
          stdout.say(
            `Wrote a warm start for ${record.model.name}, from ${record.tasks.length} tasks in ${record.rounds} rounds: ${relative(process.cwd(), folder) || '.'}\n` +
              `  loss per task, in nats per row: ${losses.first.toFixed(3)} at the first step, ${losses.last.toFixed(3)} at the last\n` +
              'Later runs try it and use it if it helps. To leave it out, pass --warm-start none.\n',
          );
      } finally {
        progress.close();
        process.off('SIGINT', onInterrupt);
      }
    });
  return withExamples(command, [
    ['tandem warm-start prompts', 'learn for ten minutes; later runs in this workspace try the result'],
    ['tandem warm-start ../other/prompts prompts --budget 1h --rank 8', 'learn from more tasks, for longer'],
  ]);
}
