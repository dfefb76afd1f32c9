/** @file The tasks of the evidence tables: their rows, all their labels, and the prompts from which runs start. */
import { readFileSync } from 'node:fs';
import type { Row } from '../../src/data/dataset.ts';
import { limitRows } from '../../src/data/split.ts';
import type { Task } from '../../src/evaluate/evaluation.ts';
import { metricNamed } from '../../src/evaluate/metrics/table.ts';
import { defaultDecoding } from '../../src/prompt/decoding.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { textIn } from '../../src/prompt/values.ts';
import { randomStream } from '../../src/random.ts';
import { furtherTasks, poolsOf, tasks, type BenchTask } from './tasks.ts';

/** Intents of a voice assistant that are easily confused. */
const clinc10: BenchTask = {
  name: 'clinc10',
  output: 'intent',
  prompt: { body: 'Utterance: ${input:utterance}\nIntent:\n', demonstrations: [] },
  source: { trainFile: 'clinc150.train.jsonl', testFile: 'clinc150.test.jsonl' },
  cut: [
    'alarm',
    'calendar',
    'calendar update',
    'meeting schedule',
    'reminder',
    'reminder update',
    'schedule meeting',
    'timer',
    'todo list',
    'todo list update',
  ],
};

const all = [...tasks, ...furtherTasks, clinc10];

export interface OpenTask {
  readonly name: string;
  /** Chooses among all labels of the task, whether or not a training row has them. */
  readonly task: Task;
  /** The bare prompt of the other benchmarks. */
  readonly prompt: Prompt;
  /** The rows to draw training and validation rows from. */
  readonly pool: readonly Row[];
  readonly held: readonly Row[];
}

export async function openTask(name: string): Promise<OpenTask> {
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`There is no task ${name}. Choose from ${all.map((each) => each.name).join(', ')}.`);
  const { output, prompt } = found;
  const [pool, held] = await poolsOf(found);
  const labels = [...new Set(pool.map((row) => textIn(row.values, output)))].sort();
  const task: Task = { output, labels, metric: metricNamed('accuracy'), template: 'text', decoding: { ...defaultDecoding, maxTokens: 16 } };
  return { name, task, prompt, pool, held };
}

/** The same for every seed and arm. */
export const testRows = ({ held }: OpenTask, count: number): Row[] => limitRows(held, count, 0);

/** Training and validation rows that the seed draws, two of the former for each of the latter. */
export function drawRows(pool: readonly Row[], count: number, seed: number): { train: Row[]; val: Row[] } {
  const drawn = randomStream('bench rows', seed).shuffle(pool).slice(0, count);
  const train = Math.round((2 * drawn.length) / 3);
  return { train: drawn.slice(0, train), val: drawn.slice(train) };
}

/** The prompt that people would have written by now. The path is relative to the folder in which `npm run bench` runs. */
export const longPrompt = (name: string): Prompt => ({ body: readFileSync(`bench/prompts/long/${name}.txt`, 'utf8'), demonstrations: [] });
