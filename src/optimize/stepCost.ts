/** @file What a training step costs before it is taken, in token passes: forward 1, backward 2. */
import type { Row } from '../data/dataset.ts';
import { commonPrefix } from '../model/packing.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { WeightTrainer } from './weightTuner.ts';

/** Rows whose lengths stand for those of all. */
const sample = 32;

export interface BatchKind {
  readonly trainer: WeightTrainer;
  readonly prompt: Prompt;
  readonly rows: readonly Row[];
  readonly batchRows: number;
  readonly soft?: SoftPrompt;
}

/** Token passes of a step on a batch of the usual size, if rows are as long as the first ones; what its rows have in common is run once. */
export function stepPasses({ trainer, prompt, rows, batchRows, soft }: BatchKind): number {
  const examples = rows.slice(0, sample).map((row) => trainer.example(prompt, row, soft));
  const shared = commonPrefix(examples.map((example) => example.prompt));
  const own = examples.reduce((sum, example) => sum + example.prompt.length - shared + example.answer.length - 1, 0) / examples.length;
  return 3 * (shared + own * Math.min(batchRows, rows.length));
}
