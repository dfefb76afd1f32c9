/** @file Tasks of the corpus as tasks for Tandem: rows to split, and prompts that a person might start from. */
import { makeRow, type Row } from '../../../src/data/dataset.ts';
import type { Task } from '../../../src/evaluate/evaluation.ts';
import { metricNamed } from '../../../src/evaluate/metrics/table.ts';
import type { LocalModel } from '../../../src/model/localModel.ts';
import { defaultDecoding } from '../../../src/prompt/decoding.ts';
import type { Prompt } from '../../../src/prompt/prompt.ts';
import { randomStream } from '../../../src/random.ts';
import type { MetaTask } from '../../../src/optimize/metaLearning.ts';
import { defaultLora, loraTrainer } from '../../../src/optimize/loraTrainer.ts';
import { readInstructions, readTasks } from './corpus.ts';

export interface CorpusCase {
  readonly name: string;
  readonly task: Task;
  readonly definition: string;
  readonly paraphrases: readonly string[];
  readonly rows: readonly Row[];
  /** Whether the whole source is held out, not only the task. */
  readonly fresh: boolean;
}

/** Tasks with labels, an instruction and short rows. The rows of each are always in the same order. */
export function corpusTasks(split: 'train' | 'heldout'): CorpusCase[] {
  const rows = readInstructions(split);
  return Object.entries(readTasks()).flatMap(([name, { definition, paraphrases = [], labels, fresh = false, split: of }]) => {
    if (of !== split || !labels || labels.length > 12 || !definition || definition.length > 400) return [];
    const fitting = (rows.get(name) ?? []).filter(({ input, output }) => labels.includes(output) && input.length <= 240);
    if (fitting.length < 60) return [];
    const shuffled = randomStream('corpus case', name).shuffle(fitting);
    const task: Task = { output: 'output', labels, metric: metricNamed('accuracy'), decoding: defaultDecoding, template: 'text' };
    return [{ name, task, definition, paraphrases, fresh, rows: shuffled.map((values, i) => makeRow({ ...values }, i + 1)) }];
  });
}

export const promptFor = (instruction: string): Prompt => ({
  body: `${instruction && `${instruction}\n\n`}{{demos}}\nInput: \${input:input}\nOutput:`,
  demonstrations: [],
});

/** A task to learn a start from: with the instruction in its wordings, and without one. */
export function metaTaskOf(model: LocalModel, { name, task, definition, paraphrases, rows }: CorpusCase): MetaTask {
  const prompts = [definition, ...paraphrases.slice(0, 1), ''].map(promptFor);
  return { name, trainer: loraTrainer(model, task, defaultLora), prompts, rows: rows.slice(0, 80) };
}
