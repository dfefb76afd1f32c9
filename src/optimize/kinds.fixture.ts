/** @file A task that a tiny model can learn, where the first word gives the kind of a thing, and a coordinator that is driven on it as in a run. */
import { makeRow, type Row } from '../data/dataset.ts';
import { calibrationRows } from '../evaluate/calibration.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import { loadModelFiles } from '../model/files/modelFiles.ts';
import { makeLocalModel, type LocalModel } from '../model/localModel.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { intentTask } from './madeUp.fixture.ts';
import { defaultObjective } from './objective.ts';
import type { Trainer } from './trainer.ts';
import type { LocalTrainer, TrainingParts } from './localTrainer.ts';
import { loraTrainer } from './loraTrainer.ts';

export async function loadTinyModel(): Promise<LocalModel> {
  const files = await loadModelFiles(new URL('../../test/fixtures/tiny-tied', import.meta.url).pathname);
  return makeLocalModel(files, onnxRuntimeExecutor({ threads: 1 }));
}

export const kinds = { red: 'colour', cat: 'animal', green: 'colour', dog: 'animal', blue: 'colour', cow: 'animal' };

export const kindRows = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const [word, kind] = Object.entries(kinds)[i % 6];
    return makeRow({ text: `${word} number ${i}`, kind }, i + 1);
  });
const rows = kindRows(80);
export const kindSplits = { trainset: rows.slice(0, 32), valset: rows.slice(32, 56), testset: rows.slice(56) };
/** The same with so many training rows that the validation rows do not teach in the end. */
export const manyKinds = { ...kindSplits, trainset: [...kindSplits.trainset, ...kindRows(208).slice(80)] };
export const kindTask: Task = { ...intentTask, output: 'kind', labels: ['animal', 'colour'] };
export const kindPrompt: Prompt = { body: 'Say what it is. Choose one.\n\nText: ${input:text}\nKind:\n', demonstrations: [] };
export const tinyLora = { rank: 4, alpha: 8, dropout: 0, targets: ['q_proj', 'v_proj', 'down_proj'] } as const;

/** A context without the receiver of its events. */
export type Silent = Omit<OptimizationContext, 'emit'>;

/** The task on a tiny model, with a new memory, as after a kill. */
export function kindContext(
  model: TrainableModel,
  rest: Pick<Silent, 'adapters' | 'trainset' | 'valset' | 'seed' | 'budget'> & Partial<Silent>,
  task: Task = kindTask,
): Silent {
  return {
    evaluator: makeEvaluator({ model, task, calibrationRows: calibrationRows(rest.valset, rest.trainset) }),
    trainer: loraTrainer(model, rest.program?.tasks ?? task, tinyLora),
    prompt: kindPrompt,
    objective: defaultObjective,
    ...rest,
  };
}

/** The parts of a context's local trainer, to make another trainer with some of them replaced. */
export function partsOf(trainer: Trainer): TrainingParts {
  if (!('start' in trainer && 'example' in trainer)) throw new Error('The trainer is not a local one.');
  return trainer as LocalTrainer;
}

export interface Driving {
  /** Makes a new coordinator for each phase. The contexts are new too, so it can know only the snapshot and the adapters. */
  readonly make: () => Coordinator;
  readonly context: () => Silent;
  readonly from?: OptimizationState;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: OptimizationEvent) => void;
}

/** Runs as `run/execute.ts` does. @returns the snapshot before each phase, with the number of events before it */
export async function driveCoordinator(model: TrainableModel, { make, context, from, signal, onEvent }: Driving) {
  const events: OptimizationEvent[] = [];
  const snapshots: { json: string; events: number }[] = [];
  const contextNow = (): OptimizationContext => {
    model.forget();
    const emit = (event: OptimizationEvent): void => {
      events.push(event);
      onEvent?.(event);
    };
    return { ...context(), signal, emit };
  };
  let state = from ?? (await make().begin(contextNow()));
  while (!state.done && !signal?.aborted) {
    snapshots.push({ json: JSON.stringify(state), events: events.length });
    state = await make().advance(contextNow(), state);
  }
  return { state, events, snapshots };
}

export interface Drive<Options> extends Pick<Driving, 'signal' | 'onEvent'> {
  readonly options?: Partial<Options>;
  readonly seed?: number;
  readonly budget?: number;
  readonly rows?: Pick<Silent, 'trainset' | 'valset'>;
  /** Where to continue, with the adapters that it names. */
  readonly from?: OptimizationState;
  readonly adapters?: OptimizationContext['adapters'];
}

/** Drives a coordinator on the kinds. @param make with the options of a test, besides those that keep it short */
export function kindDriver<Options>(model: () => TrainableModel, make: (options?: Partial<Options>) => Coordinator) {
  return async ({
    options,
    seed = 1,
    budget = 40_000,
    rows: { trainset, valset } = kindSplits,
    adapters = memoryAdapters(),
    ...rest
  }: Drive<Options> = {}) => {
    const context = (): Silent => kindContext(model(), { adapters, trainset, valset, seed, budget });
    return { ...(await driveCoordinator(model(), { make: () => make(options), context, ...rest })), adapters };
  };
}

export type EventOf<T extends OptimizationEvent['type']> = Extract<OptimizationEvent, { type: T }>;
export const ofType = <T extends OptimizationEvent['type']>(events: readonly OptimizationEvent[], type: T): EventOf<T>[] =>
  events.filter((event): event is EventOf<T> => event.type === type);

/** The steps of the first phase that tunes weights and that ran to its planned end. */
export function firstTuning(events: readonly OptimizationEvent[]): EventOf<'weightStep'>[] {
  const steps = ofType(events, 'weightStep');
  const first = steps.filter(({ phase }) => phase === steps[0].phase);
  if (first.at(-1)!.steps !== first.length) throw new Error(`${first.length} of ${first[0].steps} steps were taken.`);
  return first;
}
