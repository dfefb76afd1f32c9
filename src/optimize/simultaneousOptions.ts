/** @file What may be chosen of tuning a soft prompt and the weights at once. */
import type { SoftStart } from '../model/softPrompt.ts';
import type { Target } from './events.ts';

export interface SimultaneousOptions {
  /** What may change: the weights may be left out, and the soft prompt is then only a way to a text. */
  readonly targets: readonly Target[];
  readonly start: SoftStart;
  /** Virtual tokens; by default as many as the instruction has. */
  readonly tokens?: number;
  /** May the soft prompt stay as a part of the adapter where no text holds its score? */
  readonly keep: boolean;
  readonly softRate: number;
  readonly learningRate: number;
  readonly batchRows: number;
  /** Steps of a joint phase, or as many as see the trainset `epochs` times, where those are more; fewer where they would cost more than `jointShare` of the budget that is left. */
  readonly steps: number;
  readonly epochs: number;
  readonly jointShare: number;
  /** Of three batches, how many are read with the text in the place of the soft prompt: so that the weights serve both. */
  readonly textBatches: 0 | 1 | 2;
  /** Texts that a soft prompt is projected to, at most; their race costs at most `textShare` of the whole budget. */
  readonly projections: number;
  readonly textShare: number;
  /** Templates and edits that race beside them, at most: `hinted` are made from the words that the soft prompt went towards, `plain` are not. */
  readonly hinted: number;
  readonly plain: number;
  /** Weight steps that settle the weights on the best projected text, and on the text of before; up to half of `steps` follow for the better. */
  readonly settleSteps: number;
  readonly patience: number;
}

export const simultaneousDefaults: SimultaneousOptions = {
  targets: ['weights', 'prompt'],
  start: 'text',
  keep: true,
  softRate: 0.03,
  learningRate: 1e-3,
  batchRows: 16,
  steps: 150,
  epochs: 3,
  jointShare: 0.75,
  textBatches: 1,
  projections: 8,
  textShare: 0.1,
  hinted: 2,
  plain: 2,
  settleSteps: 8,
  patience: 3,
};
