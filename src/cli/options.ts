/** @file Options that several commands share, and their values. */
import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { endingsOf } from '../prompt/kinds/table.ts';
import { formChoices, type FormChoice } from '../model/frozen/table.ts';
import { executors, sessionDefaults, type ExecutorName, type SessionSpec } from '../run/spec.ts';

export interface SessionOptions {
  readonly model?: string;
  readonly adapter?: string;
  readonly seed: number;
  readonly executor: ExecutorName;
  readonly threads?: number;
  readonly weights: FormChoice;
  readonly trainRows?: number;
  readonly valRows?: number;
  readonly testRows?: number;
  readonly skipBadRows?: true;
  readonly allowModules?: true;
}

/** What a command says of the prompt that it works on. */
export const aboutPrompt = `a ${endingsOf('prompt').join(' or ')} file that names its data, or a tandem${endingsOf('steps')[0]}`;

/** Adds the options for the model and the rows that a prompt is measured on. */
export function withSessionOptions(command: Command): Command {
  return command
    .option('--model <model>', 'a folder, a .gguf file, a Hugging Face id or an installed model; overrides the prompt file')
    .option('--seed <n>', 'seed for all random choices', wholeNumber(0), sessionDefaults.seed)
    .option('--train-rows <n>', 'use at most this many training rows', wholeNumber(1))
    .option('--val-rows <n>', 'use at most this many validation rows', wholeNumber(2))
    .option('--test-rows <n>', 'use at most this many test rows; 0 leaves the held-out test rows unused', wholeNumber(0))
    .option(
      '--skip-bad-rows',
      'skip rows that cannot be used (missing column, invalid JSON) and report how many, instead of stopping at the first',
    )
    .option(...allowModules)
    .addOption(
      new Option('--executor <name>', 'the library that runs the computations').choices(executors).default(sessionDefaults.executor),
    )
    .option('--threads <n>', 'number of threads; by default all cores', wholeNumber(1))
    .addOption(weightsOption());
}

export const weightsOption = (): Option =>
  new Option(
    '--weights <form>',
    "how the model's frozen weights are kept in memory: auto is int8 for models of more than 75 million weights, and f32 otherwise",
  )
    .choices(formChoices)
    .default(sessionDefaults.weights);

export const allowModules = [
  '--allow-modules',
  "run the JavaScript modules that the prompt file names as metrics; they can do anything that you can do, so use this only if you trust the file's author",
] as const;

export function sessionSpec(prompt: string, options: SessionOptions): SessionSpec {
  const { model, adapter, seed, executor, threads, weights, trainRows: train, valRows: val, testRows: test } = options;
  const { skipBadRows, allowModules } = options;
  return {
    prompt: resolve(prompt),
    ...(model !== undefined && { model: existsSync(model) ? resolve(model) : model }),
    ...(adapter !== undefined && { adapter: resolve(adapter) }),
    seed,
    rows: { ...(train !== undefined && { train }), ...(val !== undefined && { val }), ...(test !== undefined && { test }) },
    executor,
    ...(threads !== undefined && { threads }),
    weights,
    ...(skipBadRows && { skipBadRows }),
    ...(allowModules && { allowModules }),
  };
}

/** A parser for whole numbers that are at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new TandemError('bad-option', `'${text}' is not a whole number of ${least} or more.`);
  };
}

/** A share between 0 and 1, which may be written as 80%. */
export function share(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new TandemError('bad-option', `'${text}' is not a share between 0 and 1.`, { hint: 'Write for example 0.8 or 80%.' });
}
