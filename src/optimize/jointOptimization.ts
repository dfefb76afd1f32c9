/** @file Optimizes a model and a prompt together, in memory, and returns the best state's model and prompt. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import { calibrationRows } from '../evaluate/calibration.ts';
import { makeProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { Task } from '../evaluate/evaluation.ts';
import type { Metric } from '../evaluate/metric.ts';
import type { Adapter, LoraConfig } from '../model/adapter.ts';
import type { OpenedModel } from '../model/trainableModel.ts';
import type { Writer } from '../model/writer.ts';
import { asProgram, stepsOf, type Prompt } from '../prompt/prompt.ts';
import { alternating } from './alternating.ts';
import { coordinate } from './coordinate.ts';
import type { AdapterStore, Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { defaultObjective, type ObjectiveWeights } from './objective.ts';
import { loraFor, loraTrainer } from './loraTrainer.ts';
import type { Worth } from './worth.ts';

export interface JointOptimization {
  readonly model: OpenedModel;
  readonly metric: Metric;
  /** The task: the column to predict, the labels to choose from, how answers are decoded. */
  readonly task: Omit<Task, 'metric'>;
  /** A single prompt, or for a program one for each step, first to last. */
  readonly prompts: readonly [Prompt, ...Prompt[]];
  /** For a program: the tasks of its earlier steps, first to last. An earlier `output` is a column that later prompts may read. */
  readonly earlier?: readonly Task[];
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** Tokens: forward 1, backward 2. */
  readonly budget: number;
  readonly seed?: number;
  readonly start?: Adapter;
  /** The settings of new adapters. Those that are not given come from `start`, or are the default. */
  readonly lora?: Partial<LoraConfig>;
  readonly objective?: ObjectiveWeights;
  /** Writes new instructions, and answers a metric that asks a writer. It limits its own spending, which is not counted here. */
  readonly writer?: Writer;
  /** When a cheaper state is accepted. Default: `defaultWorth`. */
  readonly worth?: Worth;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: OptimizationEvent) => void;
}

export interface JointResult {
  readonly model: OpenedModel;
  /** Undefined if the base weights are best. */
  readonly adapter?: Adapter;
  /** As many as were given. */
  readonly prompts: readonly [Prompt, ...Prompt[]];
  readonly state: OptimizationState;
}

/**
 * Runs to the end of the budget, or until neither the prompt nor the weights help. The result is never worse than the start on the valset.
 * @param given the coordinator; by default alternating, or coordinate descent for programs of several steps
 */
export async function optimizeJointly(options: JointOptimization, given?: Coordinator): Promise<JointResult> {
  const { model, prompts, trainset, valset, signal } = options;
  const task: Task = { ...options.task, metric: options.metric };
  const adapters = memoryAdapters();
  const tasks = [...(options.earlier ?? []), task];
  if (tasks.length !== prompts.length) {
    throw new TandemError('steps-differ', `There are ${prompts.length} prompts for ${tasks.length} steps.`, {
      hint: 'Give `earlier` one task for each prompt but the last.',
    });
  }
  const evaluator = makeProgramEvaluator({
    ...{ model, tasks, calibrationRows: calibrationRows(valset, trainset) },
    ...(options.writer && { writer: options.writer }),
  });
  const lora = loraFor(options.lora, options.start);
  const context: OptimizationContext = {
    evaluator,
    trainer: loraTrainer(model, tasks, lora),
    ...(tasks.length > 1 && { program: { tasks, trace: evaluator.trace } }),
    adapters,
    prompt: asProgram(prompts),
    start: options.start,
    trainset,
    valset,
    objective: options.objective ?? defaultObjective,
    ...(options.worth && { worth: options.worth }),
    ...(options.writer && { writer: options.writer }),
    seed: options.seed ?? 0,
    budget: options.budget,
    signal,
    emit: options.onEvent ?? (() => {}),
  };
  const coordinator = given ?? (context.program ? coordinate() : alternating());
  let state = await coordinator.begin(context);
  while (!state.done && !signal?.aborted) state = await coordinator.advance(context, state);
  const { adapter, prompt } = state.best;
  return {
    model,
    ...(adapter !== undefined && { adapter: await adapters.get(adapter) }),
    prompts: stepsOf(prompt) as [Prompt, ...Prompt[]],
    state,
  };
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
