/** @file What the phases of alternating optimization receive: options, memory, and the start of a phase. They return an `Outcome` (outcome.ts). */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { CurriculumOptions } from './curriculum.ts';
import type { Target, MeasuredState } from './events.ts';
import type { GrowthMemory, PhaseGrowth } from './growth.ts';
import type { TargetStatistics } from './targetBandit.ts';
import type { SourceMemory } from './proposers/turns.ts';
import type { Purse } from './purse.ts';
import type { Recipe } from './recipe.ts';
import type { PhaseLength } from './stepCost.ts';

export type Schedule =
  /** A bandit on gain per token chooses the prompt or the weights. The run ends when neither helps any more. */
  | { readonly kind: 'gated' }
  /** The loop of the sources: a number of parameter steps, then of prompt steps, then an evaluation. It keeps the best state and continues from the latest. */
  | { readonly kind: 'classic'; readonly parameterSteps: number; readonly promptSteps: number }
  /** Published chains such as p -> w -> p: each phase has an equal share of the budget, and there is no gate. */
  | { readonly kind: 'chain'; readonly targets: readonly Target[] };

/** How a prompt phase escapes lock-in: weights tuned under one prompt make every other prompt look bad. */
export type Strategy =
  /** It does not: candidates are judged under the current weights. */
  | 'plain'
  /** The weights are trained on a mixture of the live prompts, and then each prompt is judged. */
  | 'mixture'
  /** Each finalist is judged after its own few weight steps from the common start. */
  | 'look-ahead';

/** The gated schedule sets a weight phase's length by its rows. The classic loop and chains count steps only. */
export interface AlternatingOptions extends CurriculumOptions, PhaseLength {
  readonly schedule: Schedule;
  readonly strategy: Strategy;
  /** What may change, in the order in which it is tried. Default: both, starting with the one that gains most on a small model. */
  readonly targets: readonly Target[];
  /**
   * Prompts proposed in a prompt phase. Fewer if they would cost more than `promptShare` of the whole budget, or in a chain more than the step's
   * share.
   */
  readonly proposals: number;
  readonly promptShare: number;
  /** Challengers kept besides the best prompt, for mixture and look-ahead. */
  readonly challengers: number;
  readonly lookAheadSteps: number;
  /**
   * The share of the whole budget that a look-ahead may cost. If it would cost more, there are fewer rivals, or prompts are judged under the current
   * weights.
   */
  readonly lookAheadShare: number;
  readonly learningRate: number;
  /** A weight phase ends after this many measurements without improvement. */
  readonly patience: number;
}

export const alternatingDefaults: AlternatingOptions = {
  schedule: { kind: 'gated' },
  strategy: 'look-ahead',
  targets: ['weights', 'prompt'],
  proposals: 10,
  promptShare: 0.15,
  challengers: 2,
  weightSteps: 60,
  weightEpochs: 3,
  lookAheadSteps: 12,
  lookAheadShare: 0.4,
  batchRows: 16,
  learningRate: 1e-3,
  patience: 3,
  curriculum: 'none',
  pacing: 'self-paced',
};

/** Everything that the next phase depends on besides the best state. JSON. */
export interface AlternatingMemory {
  /** Where the next phase starts: the best state, or without a gate the latest. */
  readonly current: MeasuredState;
  /** The accepted state with the best score so far, if it is not the current one. A cheaper state may score slightly lower. */
  readonly peak?: MeasuredState;
  readonly statistics: TargetStatistics;
  /** The result of the last weight phase, if it is likely but not clearly better. The next weight phase continues from it. */
  readonly promising?: MeasuredState;
  /** How the weights of the states above were trained, if that can be repeated on all rows. */
  readonly recipes?: readonly Recipe[];
  /** Prompts that did well and are not the best: the rivals in mixture and look-ahead. */
  readonly challengers: readonly Prompt[];
  /** Keys of prompts that were measured under the current weights and lost. */
  readonly tried: readonly string[];
  /** How well the sources of proposals have done. */
  readonly sources?: SourceMemory;
  /** With a curriculum. */
  readonly growth?: GrowthMemory;
}

export interface PhaseStart {
  readonly phase: number;
  readonly memory: AlternatingMemory;
  /** The evaluation of the current state on the valset. */
  readonly before: Evaluation;
  /** The evaluation of the state with the best score so far, if it is not the current one. */
  readonly peak?: Evaluation;
  readonly adapter: Adapter | undefined;
  /** The weights of the memory's promising state. */
  readonly promising?: Adapter;
  /** Tokens spent since the start of the optimization. */
  readonly spent: number;
  /** What the phase may spend. */
  readonly budget: Purse;
  /** What a curriculum allows the phase to use. */
  readonly growth?: PhaseGrowth;
}
