/** @file Runs training jobs on this machine, step by step: AdamW on the log-likelihood of the answers, with early stopping on the valset. */
import { TandemError } from '../errors.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { isBetter } from '../evaluate/ranking.ts';
import type { Adapter } from '../model/adapter.ts';
import type { AdapterFreedom, AdapterTraining } from '../model/adapterTraining.ts';
import { randomStream } from '../random.ts';
import { batchesInTurn, examplesOf, type ExampleMaker } from './batches.ts';
import { schedule } from './learningRate.ts';
import { allowance } from './purse.ts';
import { stepTokens } from './stepCost.ts';
import type { Trained, Trainer, TrainingHooks, TrainingJob } from './trainer.ts';

/** The parts of a trainer on this machine. */
export interface TrainingParts extends ExampleMaker, Pick<Trainer, 'fresh' | 'soft'> {
  /** Trains a copy of the adapter, which keeps its shape. */
  start(from: Adapter, options: { seed: number; weightPenalty: number; softPenalty?: number; freedom?: AdapterFreedom }): AdapterTraining;
}

/** Includes its parts, for callers that take their own steps. */
export interface LocalTrainer extends Trainer, TrainingParts {}

export function localTrainer(parts: TrainingParts): LocalTrainer {
  return {
    ...parts,
    outputColumn: parts.outputOf(),
    stepCost: (lesson, batchRows, soft) => stepTokens(parts, lesson, batchRows, soft),
    train: (job, hooks) => trainSteps(parts, job, hooks),
  };
}

async function trainSteps(parts: TrainingParts, job: TrainingJob, hooks: TrainingHooks): Promise<Trained> {
  const { lessons, batchRows, learningRate, measureEvery, patience = Infinity, seed } = job;
  const { start, signal } = hooks;
  const training = parts.start(start, {
    seed,
    weightPenalty: job.weightPenalty,
    ...(job.freedom && { freedom: job.freedom }),
    ...(job.soft && { softPenalty: job.soft.penalty }),
  });
  const inTurn = batchesInTurn(lessons, seed);
  let best: { adapter: Adapter; evaluation: Evaluation; steps: number } | undefined;
  let tokensUsed = 0;
  let since = 0;
  let measurements = 0;
  const length = plannedLength(job, hooks);
  for (let step = 0; step < length.steps && tokensUsed < length.budget && !signal?.aborted; step++) {
    const { steps } = length;
    const lesson = lessons[step % lessons.length];
    const batch = hooks.batches?.(batchRows) ?? inTurn(lesson, batchRows);
    const examples = examplesOf(parts, lesson, batch, randomStream(seed, 'step', step), start.soft);
    const rate = learningRate * schedule(step, steps);
    const softRate = (job.soft?.learningRate ?? 0) * schedule(step, steps);
    const { loss, gradientNorm, tokens, softGradientNorm } = await training.step(examples, rate, softRate);
    tokensUsed += 3 * tokens;
    const soft = softGradientNorm === undefined ? {} : { soft: { learningRate: softRate, gradientNorm: softGradientNorm } };
    hooks.onStep?.({ steps, step: step + 1, loss, learningRate: rate, gradientNorm, tokensUsed, ...soft });
    length.replan(step + 1, tokensUsed);
    const last = step + 1 >= length.steps || tokensUsed >= length.budget;
    if (!last && (step + 1) % measureEvery !== 0) continue;
    const adapter = training.adapter();
    const evaluation = await hooks.measure(adapter).catch(nothingIfDiverged);
    if (!evaluation) break;
    tokensUsed += evaluation.tokensUsed;
    measurements++;
    length.measured(evaluation.tokensUsed);
    if (!best || isBetter(evaluation, best.evaluation)) {
      best = { adapter, evaluation, steps: step + 1 };
      since = 0;
    } else if (++since >= patience) break;
    if (!last && hooks.afterMeasurement) tokensUsed += await hooks.afterMeasurement(adapter);
    length.replan(step + 1, tokensUsed);
  }
  return best ? { ...best, tokensUsed, measurements } : { adapter: training.adapter(), tokensUsed, measurements, steps: 0 };
}

/** How many steps are planned and what may be spent. With a clock, the number of steps is adjusted to what it allows now. */
function plannedLength(
  { steps: planned, mostSteps = planned, measureEvery }: TrainingJob,
  { budget: purse, measuring = 0 }: TrainingHooks,
) {
  let steps = planned;
  let budget = allowance(purse);
  let measurement = measuring;
  let measurements = 0;
  return {
    get steps() {
      return steps;
    },
    get budget() {
      return budget;
    },
    measured(tokensUsed: number): void {
      measurement = tokensUsed;
      measurements++;
    },
    /** Call this after `taken` steps, which cost `tokensUsed` with their measurements. */
    replan(taken: number, tokensUsed: number): void {
      const now = allowance(purse, tokensUsed);
      if (now === budget) return;
      budget = now;
      const step = (tokensUsed - measurements * measurement) / taken;
      // The measurement at the end is paid for.
      const more = Math.floor((budget - tokensUsed + measurement) / (step + measurement / measureEvery));
      steps = Math.max(taken, Math.min(mostSteps, taken + more));
    },
  };
}

/** Diverged weights cannot be measured. The best before them is kept. */
function nothingIfDiverged(error: unknown): undefined {
  if (error instanceof TandemError && error.reason === 'not-finite') return undefined;
  throw error;
}
