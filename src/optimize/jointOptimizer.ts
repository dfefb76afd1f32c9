/** @file The entry for programs: optimizes a model and a prompt together and returns the best state's model and prompt. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import type { Task } from '../evaluate/evaluation.ts';
import type { Metric } from '../evaluate/metrics.ts';
import type { Adapter, LoraConfig } from '../model/adapter.ts';
import type { LlamaModel } from '../model/llama.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { AlternatingJointOptimizer } from './alternating.ts';
import type { AdapterStore, Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { defaultObjective, type ObjectiveWeights } from './objective.ts';
import { loraFor, loraTrainer } from './weightTuner.ts';

export interface JointOptimization {
  readonly model: LlamaModel;
  readonly metric: Metric;
  /** What is asked: the column to predict, the labels to choose from, how answers are decoded. */
  readonly task: Omit<Task, 'metric'>;
  /** One prompt for now; programs of several steps come later. */
  readonly prompts: readonly [Prompt];
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** Nominal token passes: forward 1, backward 2. */
  readonly budget: number;
  readonly seed?: number;
  readonly start?: Adapter;
  /** What new adapters are like: in the rest like `start`, or the default. */
  readonly lora?: Partial<LoraConfig>;
  readonly objective?: ObjectiveWeights;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: OptimizationEvent) => void;
}

export interface JointResult {
  readonly model: LlamaModel;
  /** Undefined where the base weights are best. */
  readonly adapter?: Adapter;
  readonly prompts: readonly [Prompt];
  readonly state: OptimizationState;
}

export class JointOptimizer {
  private readonly coordinator: Coordinator;

  constructor({ coordinator = new AlternatingJointOptimizer() }: { coordinator?: Coordinator } = {}) {
    this.coordinator = coordinator;
  }

  /** Runs to the end of the budget or until neither lever helps. The result is never worse than the start on the valset. */
  async optimize(options: JointOptimization): Promise<JointResult> {
    const { model, prompts, trainset, valset, signal } = options;
    const task: Task = { ...options.task, metric: options.metric };
    const adapters = memoryAdapters();
    const context: OptimizationContext = {
      evaluator: makeEvaluator({ model, task, calibrationRows: trainset }),
      trainer: loraTrainer(model, task, loraFor(options.lora, options.start)),
      adapters,
      prompt: prompts[0],
      start: options.start,
      trainset,
      valset,
      objective: options.objective ?? defaultObjective,
      seed: options.seed ?? 0,
      budget: options.budget,
      signal,
      emit: options.onEvent ?? (() => {}),
    };
    let state = await this.coordinator.begin(context);
    while (!state.done && !signal?.aborted) state = await this.coordinator.advance(context, state);
    const { adapter, prompt } = state.best;
    return { model, ...(adapter !== undefined && { adapter: await adapters.get(adapter) }), prompts: [prompt], state };
  }
}

/** Adapters by id, in memory. */
export function memoryAdapters(): AdapterStore {
  const known = new Map<string, Adapter>();
  return {
    put: async (adapter) => void known.set(adapter.id, adapter),
    async get(id) {
      const adapter = known.get(id);
      if (!adapter) throw new TandemError('unknown-adapter', `There is no adapter ${id}.`);
      return adapter;
    },
  };
}
