/** @file Options for tuning a soft prompt and the weights at once. */
import type { SoftStart } from '../model/softPrompt.ts';
import type { Target } from './events.ts';

export interface SimultaneousOptions {
  /** What may change. Without the weights, the soft prompt is only a way to find a text. */
  readonly targets: readonly Target[];
  readonly start: SoftStart;
  /** Virtual tokens. Default: as many as the instruction has. */
  readonly tokens?: number;
  /** Whether the soft prompt may stay as a part of the adapter if no text keeps its score. */
  readonly keep: boolean;
  readonly softRate: number;
  readonly learningRate: number;
  readonly batchRows: number;
  /**
   * Steps of a joint phase, or enough to see the trainset `epochs` times if that is more. Fewer if they would cost more than `jointShare` of the
   * remaining budget.
   */
  readonly steps: number;
  readonly epochs: number;
  readonly jointShare: number;
  /** How many batches in three use the text instead of the soft prompt, so that the weights work with both. */
  readonly textBatches: 0 | 1 | 2;
  /** The most texts that a soft prompt is projected to. Comparing them costs at most `textShare` of the whole budget. */
  readonly projections: number;
  readonly textShare: number;
  /**
   * The most templates and edits that are compared with them: `hinted` ones use the words that the soft prompt moved towards, `plain` ones do not.
   */
  readonly hinted: number;
  readonly plain: number;
  /** Weight steps with the best projected text, and with the previous text. Up to half of `steps` follow for the better one. */
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
