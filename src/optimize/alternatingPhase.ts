/** @file What the phases of alternating optimization are given: options, memory, and the start of a phase. They bring an `Outcome` (outcome.ts). */
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
  /** A bandit on gain per token chooses the prompt or the weights; ends when neither helps any more. */
  | { readonly kind: 'gated' }
  /** The sources' loop: so many parameter steps, so many prompt steps, evaluate, keep the best state; goes on from the latest. */
  | { readonly kind: 'classic'; readonly parameterSteps: number; readonly promptSteps: number }
  /** Published chains such as p -> w -> p: one phase each with an equal share of the budget, no gate. */
  | { readonly kind: 'chain'; readonly targets: readonly Target[] };

/** How a prompt phase escapes lock-in: weights tuned under one prompt make every other prompt look bad. */
export type Strategy =
  /** It does not: candidates are judged under the current weights. */
  | 'plain'
  /** Weights are trained on a mixture of the live prompts, then each of them is judged. */
  | 'mixture'
  /** Each finalist is judged after a few weight steps of its own from the common start. */
  | 'look-ahead';

/** A weight phase's length by its rows is the gate's; the classic loop and chains have steps alone. */
export interface AlternatingOptions extends CurriculumOptions, PhaseLength {
  readonly schedule: Schedule;
  readonly strategy: Strategy;
  /** What may change, in the order in which it is tried; both by default, first the one that gains most on a small model. */
  readonly targets: readonly Target[];
  /** Prompts proposed a prompt phase, fewer where they would cost more than `promptShare` of the whole budget, or in a chain than the step's share. */
  readonly proposals: number;
  readonly promptShare: number;
  /** Challengers kept alive beside the best prompt for mixture and look-ahead. */
  readonly challengers: number;
  readonly lookAheadSteps: number;
  /** Of the whole budget, what a look-ahead may cost: fewer rivals, or judgement under the weights as they are, where it would be more. */
  readonly lookAheadShare: number;
  readonly learningRate: number;
  /** Measurements without a better one that end a weight phase. */
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

/** What the next phase depends on besides the best state; JSON. */
export interface AlternatingMemory {
  /** Where the next phase starts: the best state, or the latest without a gate. */
  readonly current: MeasuredState;
  /** The accepted state with the best score so far, where that is not the current one: a cheaper state may lie a little below it. */
  readonly peak?: MeasuredState;
  readonly statistics: TargetStatistics;
  /** What the last weight phase made, where it is likely but not clearly better: the next one continues with it. */
  readonly promising?: MeasuredState;
  /** How the weights of the states above came to be, where that may be done again on all rows. */
  readonly recipes?: readonly Recipe[];
  /** Prompts that did well and are not the best: rivals for mixture and look-ahead. */
  readonly challengers: readonly Prompt[];
  /** Keys of prompts that were measured under the current weights and lost. */
  readonly tried: readonly string[];
  /** How the sources of proposals have done. */
  readonly sources?: SourceMemory;
  /** With a curriculum. */
  readonly growth?: GrowthMemory;
}

export interface PhaseStart {
  readonly phase: number;
  readonly memory: AlternatingMemory;
  /** Of the current state on the valset. */
  readonly before: Evaluation;
  /** Of the state with the best score ever, where that is not the current one. */
  readonly peak?: Evaluation;
  readonly adapter: Adapter | undefined;
  /** Of the memory's promising state. */
  readonly promising?: Adapter;
  /** Tokens since the start of the optimization. */
  readonly spent: number;
  /** What the phase may spend. */
  readonly budget: Purse;
  /** What a curriculum lets the phase have. */
  readonly growth?: PhaseGrowth;
}
