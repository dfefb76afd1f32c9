/** @file The benchmark's tasks: rows of ../shared/data, and the plain prompt that a person would start from. */
import { fileURLToPath } from 'node:url';
import type { Row } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/readDataset.ts';
import { limitRows } from '../../src/data/split.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { randomStream } from '../../src/random.ts';

export interface BenchTask {
  readonly name: string;
  readonly output: string;
  readonly prompt: Prompt;
  readonly trainFile: string;
  readonly testFile: string;
  /** Of the answers in alphabetical order, every so manyth, up to a count. */
  readonly cut?: { readonly every: number; readonly count: number };
}

const plain = (body: string): Prompt => ({ body, demonstrations: [] });

export const tasks: readonly BenchTask[] = [
  {
    name: 'trec6',
    output: 'type',
    prompt: plain('Question: ${input:question}\nType:\n'),
    trainFile: 'trec6.train.jsonl',
    testFile: 'trec6.test.jsonl',
  },
  {
    name: 'sst2',
    output: 'sentiment',
    prompt: plain('Review: ${input:review}\nSentiment:\n'),
    trainFile: 'sst2.train.jsonl',
    testFile: 'sst2.test.jsonl',
  },
  {
    name: 'banking12',
    output: 'intent',
    prompt: plain('Message: ${input:query}\nIntent:\n'),
    trainFile: 'banking77.train.jsonl',
    testFile: 'banking77.test.jsonl',
    cut: { every: 6, count: 12 },
  },
];

export interface BenchRows {
  readonly train: readonly Row[];
  readonly val: readonly Row[];
  /** The same for every seed. */
  readonly test: readonly Row[];
}

/** Train and val are drawn by the seed from the train file; test is fixed, or, for developing methods, drawn from the train file too. */
export async function rowsOf(
  task: BenchTask,
  seed: number,
  counts: { train: number; val: number; test: number },
  held: 'test' | 'development' = 'test',
): Promise<BenchRows> {
  const read = async (file: string): Promise<readonly Row[]> => {
    const { rows } = await readDataset(fileURLToPath(new URL(`../shared/data/${file}`, projectRoot)));
    const answers = [...new Set(rows.map((row) => row.values[task.output]))].sort();
    const { every, count } = task.cut ?? { every: 1, count: Infinity };
    const chosen = new Set(answers.filter((_, i) => i % every === 0).slice(0, count));
    const kept = rows.filter((row) => chosen.has(row.values[task.output]));
    return [...new Map(kept.map((row) => [row.id, row])).values()];
  };
  const pool = await read(task.trainFile);
  const drawn = randomStream('bench rows', seed).shuffle(pool);
  const used = counts.train + counts.val;
  const test = held === 'test' ? limitRows(await read(task.testFile), counts.test, 0) : drawn.slice(used, used + counts.test);
  return { train: drawn.slice(0, counts.train), val: drawn.slice(counts.train, counts.train + counts.val), test };
}

/** This file runs from dist/bench. */
const projectRoot = new URL('../../', import.meta.url);
