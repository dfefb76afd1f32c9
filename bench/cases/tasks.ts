/** @file The benchmark's tasks: rows of ../shared/data and ../shared/corpus, and the plain prompt from which a person would start. */
import { fileURLToPath } from 'node:url';
import { readInstructions, readTasks } from '../../models/nano/train/corpus.ts';
import { makeRow, type Row } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/readDataset.ts';
import { limitRows } from '../../src/data/split.ts';
import type { Task } from '../../src/evaluate/evaluation.ts';
import { metricNamed } from '../../src/evaluate/metrics/table.ts';
import { defaultDecoding } from '../../src/prompt/decoding.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { textIn } from '../../src/prompt/values.ts';
import { randomStream } from '../../src/random.ts';

export interface BenchTask {
  readonly name: string;
  readonly output: string;
  readonly prompt: Prompt;
  readonly source: { readonly trainFile: string; readonly testFile: string } | { readonly heldOut: string };
  /** The answers whose rows are used: those named here, or every n-th of all in alphabetical order, up to a count. */
  readonly cut?: readonly string[] | { readonly every: number; readonly count: number };
}

const plain = (body: string): Prompt => ({ body, demonstrations: [] });

export const tasks: readonly BenchTask[] = [
  {
    name: 'trec6',
    output: 'type',
    prompt: plain('Question: ${input:question}\nType:\n'),
    source: { trainFile: 'trec6.train.jsonl', testFile: 'trec6.test.jsonl' },
  },
  {
    name: 'sst2',
    output: 'sentiment',
    prompt: plain('Review: ${input:review}\nSentiment:\n'),
    source: { trainFile: 'sst2.train.jsonl', testFile: 'sst2.test.jsonl' },
  },
  {
    name: 'banking12',
    output: 'intent',
    prompt: plain('Message: ${input:query}\nIntent:\n'),
    source: { trainFile: 'banking77.train.jsonl', testFile: 'banking77.test.jsonl' },
    cut: { every: 6, count: 12 },
  },
];

/** All 77 intents, and two tasks whose whole source nano's training never saw. */
export const furtherTasks: readonly BenchTask[] = [
  {
    name: 'banking77',
    output: 'intent',
    prompt: plain('Message: ${input:query}\nIntent:\n'),
    source: { trainFile: 'banking77.train.jsonl', testFile: 'banking77.test.jsonl' },
  },
  ...['sms_spam', 'verse_sentiment'].map((heldOut): BenchTask => ({
    name: heldOut,
    output: 'output',
    // Read on demand, because not every machine has the corpus.
    get prompt() {
      return plain(`${readTasks()[heldOut].definition}\n\n{{demos}}\nInput: \${input:input}\nOutput:\n`);
    },
    source: { heldOut },
  })),
];

/** Tasks with thousands of training rows. */
export const largeTasks: readonly BenchTask[] = [
  ...[...tasks, ...furtherTasks].filter(({ name }) => ['trec6', 'sst2', 'banking77'].includes(name)),
  {
    name: 'clinc150',
    output: 'intent',
    prompt: plain('Message: ${input:utterance}\nIntent:\n'),
    source: { trainFile: 'clinc150.train.jsonl', testFile: 'clinc150.test.jsonl' },
  },
];

export interface BenchRows {
  readonly train: readonly Row[];
  readonly val: readonly Row[];
  /** The same for every seed. */
  readonly test: readonly Row[];
}

/** Train and val are drawn by the seed from the train file. Test is fixed or, for developing methods, also drawn from the train file. */
export async function rowsOf(
  task: BenchTask,
  seed: number,
  counts: { train: number; val: number; test: number },
  which: 'test' | 'development' = 'test',
): Promise<BenchRows> {
  const [pool, held] = await poolsOf(task);
  const drawn = randomStream('bench rows', seed).shuffle(pool);
  const used = counts.train + counts.val;
  const test = which === 'test' ? limitRows(held, counts.test, 0) : drawn.slice(used, used + counts.test);
  return { train: drawn.slice(0, counts.train), val: drawn.slice(counts.train, counts.train + counts.val), test };
}

/** The model is asked to choose one of the answers that the training and validation rows have. */
export function labelTask({ output }: BenchTask, { train, val }: BenchRows): Task {
  const labels = [...new Set([...train, ...val].map((row) => textIn(row.values, output)))].sort();
  return { output, labels, metric: metricNamed('accuracy'), template: 'text', decoding: { ...defaultDecoding, maxTokens: 16 } };
}

/** Distinct rows to draw train and val from, and the rows that are held out for the test. */
export async function poolsOf({ source, output, cut }: BenchTask): Promise<[readonly Row[], readonly Row[]]> {
  const distinct = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [row.id, row])).values()];
  if ('heldOut' in source) {
    const rows = readInstructions('heldout').get(source.heldOut)!;
    const mixed = randomStream('bench test', source.heldOut).shuffle(
      distinct(rows.map(({ input, output }, i) => makeRow({ input, output }, i + 1))),
    );
    const half = Math.floor(mixed.length / 2);
    return [mixed.slice(half), mixed.slice(0, half)];
  }
  const read = async (file: string): Promise<readonly Row[]> => {
    const { rows } = await readDataset(fileURLToPath(new URL(`../shared/data/${file}`, projectRoot)));
    const answers = [...new Set(rows.map((row) => textIn(row.values, output)))].sort();
    const chosen = new Set(chosenAnswers(answers, cut));
    return distinct(rows.filter((row) => chosen.has(textIn(row.values, output))));
  };
  return [await read(source.trainFile), await read(source.testFile)];
}

function chosenAnswers(answers: readonly string[], cut: BenchTask['cut'] = { every: 1, count: Infinity }): readonly string[] {
  return 'count' in cut ? answers.filter((_, i) => i % cut.every === 0).slice(0, cut.count) : cut;
}

/** This file runs from dist/bench. */
const projectRoot = new URL('../../', import.meta.url);
