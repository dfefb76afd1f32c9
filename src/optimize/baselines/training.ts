/** @file Weight steps as the published methods take them: as many as the budget pays for, keeping the best of several measurements. */
import type { Row } from '../../data/dataset.ts';
import type { Adapter } from '../../model/adapter.ts';
import { alternatingDefaults, type AlternatingOptions } from '../alternatingPhase.ts';
import type { OptimizationContext } from '../coordinator.ts';
import { allowance, keeping, type Purse } from '../purse.ts';
import { shotsFor } from '../shots.ts';
import type { Lesson, Trained, TrainingJob } from '../trainer.ts';

/** Batch size and learning rate: Tandem's own defaults unless a caller sets others. */
export type TrainingSettings = Pick<AlternatingOptions, 'batchRows' | 'learningRate'>;

export const trainingDefaults: TrainingSettings = alternatingDefaults;

/** Measurements on the valset during a training. */
const measurements = 5;

export interface Training {
  readonly phase: number;
  readonly start: Adapter;
  readonly rows: readonly Row[];
  /** What it may spend. */
  readonly budget: Purse;
  /** Tokens spent before it. */
  readonly spent: number;
  /** Tokens of one evaluation of the valset. */
  readonly measuring: number;
  readonly seed: number;
  readonly settings: TrainingSettings;
}

/** Trains under the author's prompt with the trainer's settings. There is no early stopping: the best measurement is chosen at the end. */
export async function train(context: OptimizationContext, training: Training): Promise<Trained> {
  const { trainer, evaluator, prompt, valset, objective, signal, emit } = context;
  const { phase, budget, spent, measuring, settings } = training;
  const { batchRows, learningRate } = settings;
  const lesson: Lesson = { prompt, rows: training.rows, shots: shotsFor(training.rows.length) };
  const stepCost = trainer.stepCost(lesson, batchRows);
  const steps = Math.max(1, Math.floor((allowance(budget) - measurements * measuring) / stepCost));
  const job: TrainingJob = {
    from: training.start.id,
    lessons: [lesson],
    steps,
    mostSteps: Number.MAX_SAFE_INTEGER,
    batchRows,
    learningRate,
    weightPenalty: objective.weights,
    seed: training.seed,
    measureEvery: Math.max(1, Math.ceil(steps / measurements)),
  };
  return trainer.train(job, {
    start: training.start,
    budget: keeping(budget, measuring),
    measuring,
    signal,
    measure: (adapter) => evaluator.evaluate({ prompt, adapter }, valset),
    onStep: (step) => emit({ type: 'weightStep', phase, ...step, tokensUsed: spent + step.tokensUsed }),
  });
}
