/** @file The contract between a run and the way of optimizing jointly that it uses. */
import type { Evaluator } from '../evaluate/evaluator.ts';
import type { Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import type { ProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { Writer } from '../model/writer.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { MeasuredState, OptimizationEvent } from './events.ts';
import type { ObjectiveWeights } from './objective.ts';
import type { ProposalPrior } from './proposalPrior.ts';
import type { Trainer } from './trainer.ts';
import type { Worth } from './worth.ts';

/** Adapters by id: in memory for the API, on disk for a run that must survive being killed. */
export interface AdapterStore {
  put(adapter: Adapter): Promise<void>;
  get(id: string): Promise<Adapter>;
}

/** A program's steps, which the evaluator measures as a whole. */
export interface ProgramContext {
  /** First to last. */
  readonly tasks: readonly Task[];
  readonly trace: ProgramEvaluator['trace'];
}

/** The part of the context with which prompts are proposed: nothing is trained, judged or kept. */
export interface ProposingContext {
  readonly evaluator: Evaluator;
  /** Of a program; absent for a single prompt. */
  readonly program?: ProgramContext;
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** What earlier runs say of proposals. */
  readonly prior?: ProposalPrior;
  /** Writes new instructions. It has a budget of its own, in its own tokens. Absent where the user named none. */
  readonly writer?: Writer;
  readonly seed: number;
  /** Tokens, forward 1 and backward 2, that may be spent. */
  readonly budget: number;
  /** A stop is graceful: the coordinator ends at the next step and the best so far stands. */
  readonly signal?: AbortSignal;
  readonly emit: (event: OptimizationEvent) => void;
}

export interface OptimizationContext extends ProposingContext {
  readonly trainer: Trainer;
  readonly adapters: AdapterStore;
  /** The author's prompt; of a program the last step's, with the earlier ones in it. */
  readonly prompt: Prompt;
  /** The adapter that the author's prompt runs with, if it has one already. */
  readonly start?: Adapter;
  readonly objective: ObjectiveWeights;
  /** When a cheaper state is accepted; `defaultWorth` where absent. */
  readonly worth?: Worth;
  /**
   * Of a budget of time: the tokens that may be spent in all as the clock stands, now that so many are spent. Asked between steps and
   * measurements; `budget` is what it said before the phase.
   */
  readonly clock?: (spent: number) => number;
}

/**
 * Everything that the next phase depends on, as JSON: a coordinator that is given the same snapshot does the same again.
 * `memory` is the coordinator's own.
 */
export interface OptimizationState {
  readonly version: 1;
  /** Phases that have ended. */
  readonly phase: number;
  readonly start: MeasuredState;
  readonly best: MeasuredState;
  readonly tokensUsed: number;
  readonly done: false | string;
  readonly memory: unknown;
}

/** What a soft prompt begins as. */
export interface SoftBeginning {
  readonly text: string;
  readonly soft: SoftPrompt;
  /** At which it learns. */
  readonly rate: number;
  /** How many virtual tokens it must have, where that was asked for. */
  readonly tokens?: number;
}

export interface Coordinator {
  /** Of one that tunes soft prompts: what the first one would begin as. */
  readonly softBeginning?: (context: OptimizationContext) => SoftBeginning;
  /** Measures the start. */
  readonly begin: (context: OptimizationContext) => Promise<OptimizationState>;
  /** One phase: returns the state after it. A run saves it before it calls again. */
  readonly advance: (context: OptimizationContext, state: OptimizationState) => Promise<OptimizationState>;
}
