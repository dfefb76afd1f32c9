/** @file What the phases of coordinate descent receive: options, memory, and the start of a block's turn. They return an `Outcome` (outcome.ts). */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { AdapterChoice } from '../model/stepAdapters.ts';
import type { Block, BlockStatistics } from './blocks.ts';
import type { Target, MeasuredState } from './events.ts';
import type { Purse } from './purse.ts';
import type { PhaseLength } from './stepCost.ts';

/** Includes the length of an adapter phase. */
export interface CoordinateOptions extends PhaseLength {
  /** What may change: 'weights' is the adapter's block, 'prompt' is all others. */
  readonly targets: readonly Target[];
  /** For a program: one adapter that all steps share, or one for each. If the start has one for each, they are kept. */
  readonly adapters: AdapterChoice;
  /** Candidates proposed in a phase. Fewer if they would cost more than `promptShare` of the whole budget. */
  readonly proposals: number;
  readonly promptShare: number;
  readonly learningRate: number;
  /** An adapter phase ends after this many measurements without improvement. */
  readonly patience: number;
  /** Training rows that a program answers before its prompts are proposed. They provide the demonstrations of its earlier steps. */
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

/** Everything that the next phase depends on besides the best state. JSON. */
export interface CoordinateMemory {
  readonly current: MeasuredState;
  /** As in an alternating optimization. */
  readonly peak?: MeasuredState;
  readonly statistics: BlockStatistics;
  /** Keys of prompts that were measured against the current state and lost. */
  readonly tried: readonly string[];
}

/** What a phase receives. */
export interface BlockStart {
  readonly phase: number;
  readonly block: Block;
  readonly memory: CoordinateMemory;
  /** The evaluation of the current state on the valset. */
  readonly before: Evaluation;
  /** The evaluation of the state with the best score so far, if it is not the current one. */
  readonly peak?: Evaluation;
  readonly adapter: Adapter | undefined;
  /** Tokens spent since the start of the optimization. */
  readonly spent: number;
  /** What the phase may spend. */
  readonly budget: Purse;
}
