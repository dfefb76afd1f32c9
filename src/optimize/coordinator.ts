/** @file The contract between a run and its method of joint optimization. */
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

/** Adapters by id: in memory for the API, on disk for a run that must survive a kill. */
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

/** The part of the context that proposers need. It does not train, judge or keep anything. */
export interface ProposingContext {
  readonly evaluator: Evaluator;
  /** The program, if the prompt is one. */
  readonly program?: ProgramContext;
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** What earlier runs say about proposals. */
  readonly prior?: ProposalPrior;
  /** Writes new instructions. It has a separate budget, in its own tokens. Absent if the user named none. */
  readonly writer?: Writer;
  readonly seed: number;
  /** Tokens that may be spent: 1 for a forward pass, 2 for a backward pass. */
  readonly budget: number;
  /** A stop is graceful: the coordinator ends at the next step and keeps the best state so far. */
  readonly signal?: AbortSignal;
  readonly emit: (event: OptimizationEvent) => void;
}

export interface OptimizationContext extends ProposingContext {
  readonly trainer: Trainer;
  readonly adapters: AdapterStore;
  /** The author's prompt. For a program, the last step's, which contains the earlier ones. */
  readonly prompt: Prompt;
  /** The adapter that the author's prompt already uses, if there is one. */
  readonly start?: Adapter;
  readonly objective: ObjectiveWeights;
  /** When a cheaper state is accepted. Default: `defaultWorth`. */
  readonly worth?: Worth;
  /**
   * With a time budget: the total tokens that may be spent according to the clock, given the tokens spent so far. Called between steps and
   * measurements. `budget` is what it returned before the phase.
   */
  readonly clock?: (spent: number) => number;
}

/**
 * Everything that the next phase depends on, as JSON. With the same snapshot, a coordinator does the same again. `memory` belongs to the coordinator.
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

/** The initial values of a soft prompt. */
export interface SoftBeginning {
  readonly text: string;
  readonly soft: SoftPrompt;
  /** The learning rate. */
  readonly rate: number;
  /** How many virtual tokens it must have, if that was requested. */
  readonly tokens?: number;
}

export interface Coordinator {
  /** For one that tunes soft prompts: the initial values of the first one. */
  readonly softBeginning?: (context: OptimizationContext) => SoftBeginning;
  /** Measures the start. */
  readonly begin: (context: OptimizationContext) => Promise<OptimizationState>;
  /** Runs one phase and returns the state after it. A run saves that state before it calls this again. */
  readonly advance: (context: OptimizationContext, state: OptimizationState) => Promise<OptimizationState>;
}
