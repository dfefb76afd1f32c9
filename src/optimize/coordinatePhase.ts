/** @file What the phases of coordinate descent are given: options, memory, and the start of a block's turn. They bring an `Outcome` (outcome.ts). */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { AdapterChoice } from '../model/stepAdapters.ts';
import type { Block, BlockStatistics } from './blocks.ts';
import type { Target, MeasuredState } from './events.ts';
import type { Purse } from './purse.ts';
import type { PhaseLength } from './stepCost.ts';

/** The length of a phase of the adapter is part of it. */
export interface CoordinateOptions extends PhaseLength {
  /** What may change: 'weights' is the adapter's block, 'prompt' all others. */
  readonly targets: readonly Target[];
  /** Of a program: one adapter that all steps share, or one for each. A start that has one for each keeps them. */
  readonly adapters: AdapterChoice;
  /** Candidates proposed a phase, fewer where they would cost more than `promptShare` of the whole budget. */
  readonly proposals: number;
  readonly promptShare: number;
  readonly learningRate: number;
  /** Measurements without a better one that end a phase of the adapter. */
  readonly patience: number;
  /** Training rows that a program answers before its prompts are proposed: where demonstrations of its earlier steps come from. */
  readonly tracedRows: number;
}

export const coordinateDefaults: CoordinateOptions = {
  targets: ['weights', 'prompt'],
  adapters: 'shared',
  proposals: 5,
  promptShare: 0.05,
  weightSteps: 60,
  weightEpochs: 3,
  batchRows: 16,
  learningRate: 1e-3,
  patience: 3,
  tracedRows: 48,
};

/** What the next phase depends on besides the best state; JSON. */
export interface CoordinateMemory {
  readonly current: MeasuredState;
  /** As of an alternating optimization. */
  readonly peak?: MeasuredState;
  readonly statistics: BlockStatistics;
  /** Keys of prompts that were measured beside the current state and lost. */
  readonly tried: readonly string[];
}

/** What a phase is given. */
export interface BlockStart {
  readonly phase: number;
  readonly block: Block;
  readonly memory: CoordinateMemory;
  /** Of the current state on the valset. */
  readonly before: Evaluation;
  /** Of the state with the best score ever, where that is not the current one. */
  readonly peak?: Evaluation;
  readonly adapter: Adapter | undefined;
  /** Tokens since the start of the optimization. */
  readonly spent: number;
  /** What the phase may spend. */
  readonly budget: Purse;
}
