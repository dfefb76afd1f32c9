/**
 * @file Few rows judge weights twice (two-fold cross-validation; Stone 1974): the same training once more with the splits exchanged, so that every
 * labelled row says something of weights that have not learned from it. It costs a second training, so only a result that is likely better gets one.
 */
import type { Row } from '../data/dataset.ts';
import type { compareEvaluations } from '../evaluate/evaluation.ts';
import { joinEvaluations, type Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Evidence } from './finding.ts';
import { decide, defaultGate, likely, telling } from './gate.ts';
import { hasAnswers } from './ownAnswers.ts';
import { allowance, partOf, type Purse } from './purse.ts';
import type { Reading } from './reading.ts';
import { fewRows } from './shots.ts';
import type { Lesson, Trained, TrainingJob, TrainingStep } from './trainer.ts';

/** A training of fewer steps than this is not cut short to pay for another one. */
const leastSteps = 24;

/** Whether the splits may be exchanged: both are small, and no weights have learned from any of their rows. @param start where the training begins */
export function mayExchange(context: OptimizationContext, start: { readonly adapter?: Adapter; readonly promising?: Adapter }): boolean {
  const { trainset, valset, program } = context;
  const isFresh = !start.adapter && !start.promising && !program;
  return isFresh && valset.length < telling && trainset.length <= fewRows && hasAnswers(context);
}

/** What the first training may spend, where a second one is to cost as much. @param stepCost in token passes */
export const shareOfFirst = (purse: Purse, stepCost: number): Purse =>
  allowance(purse) >= 2 * leastSteps * stepCost ? partOf(purse, 2) : purse;

export interface FirstTraining {
  readonly job: TrainingJob;
  readonly start: Adapter;
  readonly tuned: Trained;
  /** How its answers are read. */
  readonly winner: Reading;
  /** Of how many results it is the best. */
  readonly among: number;
  /** What it would replace, and that on the valset. */
  readonly current: Candidate;
  readonly before: Evaluation;
  /** What the second training may spend. */
  readonly budget: Purse;
  /** The lessons of other rows. */
  readonly lessonsOf: (rows: readonly Row[]) => readonly Lesson[];
  readonly onStep: (step: TrainingStep) => void;
}

/**
 * The second training, and what both say together. The weights of the first one are what is judged: the second ones are forgotten.
 * @returns no evidence where the first result is sure, or not likely, or the budget does not pay for another training
 */
export async function exchanged(
  { trainer, evaluator, trainset, valset, signal }: OptimizationContext,
  { job, start, tuned, winner, among, current, before, budget, lessonsOf, onStep }: FirstTraining,
): Promise<{ readonly evidence?: Evidence; readonly passes: number }> {
  const { accepted, ...comparison } = decide(before, winner.evaluation, among);
  if (accepted || !isLikely(comparison)) return { passes: 0 };
  const lessons = lessonsOf(valset);
  const { steps } = tuned;
  const rowCost = winner.evaluation.passes / valset.length;
  const stepCost = lessons.reduce((sum, lesson) => sum + trainer.stepCost(lesson, job.batchRows), 0) / lessons.length;
  if (allowance(budget) < steps * stepCost + 2 * trainset.length * rowCost) return { passes: 0 };
  const former = await evaluator.evaluate(current, trainset);
  const measure = (adapter: Adapter): Promise<Evaluation> => evaluator.evaluate({ prompt: winner.prompt, adapter }, trainset);
  const { patience: _, mostSteps: __, ...same } = job;
  const second = await trainer.train(
    { ...same, lessons, steps, measureEvery: steps },
    { start, budget: Infinity, signal, measure, onStep },
  );
  const passes = former.passes + second.passes;
  if (!second.evaluation) return { passes };
  const both = (own: Evaluation, other: Evaluation): Evaluation => joinEvaluations(evaluator.task, [own, other]);
  const rows = valset.length + trainset.length;
  const told = `judged on ${rows} rows, each by weights that had not learned from it`;
  return { passes, evidence: { before: both(before, former), after: both(winner.evaluation, second.evaluation), told } };
}

function isLikely({ score, logLikelihood }: ReturnType<typeof compareEvaluations>): boolean {
  const isTied = score.probabilityBetter > defaultGate.tie;
  return score.probabilityBetter >= likely || (isTied && (logLikelihood?.probabilityBetter ?? 0) >= likely);
}
