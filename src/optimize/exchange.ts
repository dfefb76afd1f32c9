/**
 * @file Few rows judge weights twice (two-fold cross-validation; Stone 1974): the same training is repeated with the splits exchanged, so that every
 * labelled row is evidence about weights that have not learned from it. This costs a second training, so only a result that is likely better gets
 * one.
 */
import type { Row } from '../data/dataset.ts';
import { joinEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationContext } from './coordinator.ts';
import { decide, defaultGate, likely } from './gate.ts';
import { hasAnswers } from './ownAnswers.ts';
import { promptKey } from './proposers/proposer.ts';
import { after, allowance, partOf, type Purse } from './purse.ts';
import { measureBest } from './labelScoring.ts';
import type { MeasuredOutcome } from './outcome.ts';
import { fewRows } from './shots.ts';
import type { Lesson, Trained, TrainingJob, TrainingStep } from './trainer.ts';

/** With this many validation rows, the training rows are not needed to judge each measurement. */
const enoughToJudge = 24;

/** A training with fewer steps than this is not shortened to pay for another one. */
const leastSteps = 24;

/** With this many validation rows, a second look at a likely result adds little. */
const enoughAlone = 64;
/** The most training rows for each validation row: weights that learn from too few rows say nothing about those that learn from many. */
const mostPerRow = 3;

/** The largest share of the remaining budget that a second training may cost, and the smallest share of the first one's steps that it takes. */
const shareOfLeft = 0.6;
const leastShare = 1 / 2;

/** Whether both splits are so small that all of their rows judge the first weights. */
export const isFew = (context: OptimizationContext): boolean =>
  context.valset.length < enoughToJudge && context.trainset.length <= fewRows && !context.program && hasAnswers(context);

/** Whether the splits may be exchanged: no weights have learned from any of their rows. @param start where the training starts */
export function mayExchange(context: OptimizationContext, start: { readonly adapter?: Adapter; readonly promising?: Adapter }): boolean {
  const { trainset, valset, program } = context;
  const isFresh = !start.adapter && !start.promising && !program && hasAnswers(context);
  return isFresh && (isFew(context) || (valset.length < enoughAlone && trainset.length <= mostPerRow * valset.length));
}

/** What the first training may spend if a second one will cost as much. @param stepCost in tokens */
export const shareOfFirst = (purse: Purse, stepCost: number): Purse =>
  allowance(purse) >= 2 * leastSteps * stepCost ? partOf(purse, 2) : purse;

export interface FirstTraining {
  readonly job: TrainingJob;
  readonly start: Adapter;
  readonly tuned: Trained;
  /** With the best label scoring on the valset. `prompt` is the one it was first measured under. */
  readonly winner: MeasuredOutcome;
  /** How many measurements it is the best of. */
  readonly measurements: number;
  readonly prompt: Prompt;
  readonly mayRescore: boolean;
  /** What it would replace, and the evaluation of that on the valset. */
  readonly current: Candidate;
  readonly before: Evaluation;
  /** What the second training may spend. */
  readonly budget: Purse;
  /** The lessons for other rows. */
  readonly lessonsOf: (rows: readonly Row[]) => readonly Lesson[];
  readonly onStep: (step: TrainingStep) => void;
}

/**
 * Runs the second training and combines the evidence of both: the best label scoring, and what the gate judges by. The weights of the second training
 * are discarded.
 * @returns the winner without evidence if the first result is certain, or not likely, or the budget does not pay for another training
 */
export async function exchanged(context: OptimizationContext, first: FirstTraining): Promise<MeasuredOutcome> {
  const { trainer, evaluator, trainset, valset, signal } = context;
  const { job, start, tuned, winner, measurements, prompt, mayRescore, current, before, budget, lessonsOf, onStep } = first;
  const { scorings = 1, ...measured } = winner.measured;
  const alone: MeasuredOutcome = { measured: winner.measured, tokensUsed: 0 };
  const { accepted, ...comparison } = decide(before, measured.evaluation, measurements * scorings, scorings);
  if (accepted || !isLikely(comparison)) return alone;
  const lessons = lessonsOf(valset);
  const rowCost = measured.evaluation.tokensUsed / valset.length;
  const stepCost = lessons.reduce((sum, lesson) => sum + trainer.stepCost(lesson, job.batchRows), 0) / lessons.length;
  const affordable = Math.floor((shareOfLeft * allowance(budget) - 2 * trainset.length * rowCost) / stepCost);
  const steps = Math.min(tuned.steps, affordable);
  if (steps < leastShare * tuned.steps) return alone;
  const former = await evaluator.evaluate(current, trainset);
  const measure = (adapter: Adapter): Promise<Evaluation> => evaluator.evaluate({ prompt, adapter }, trainset);
  const { patience: _, mostSteps: __, ...same } = job;
  const second = await trainer.train(
    { ...same, lessons, steps, measureEvery: steps },
    { start, budget: after(budget, former.tokensUsed), signal, measure, onStep },
  );
  const tokensUsed = former.tokensUsed + second.tokensUsed;
  if (!second.evaluation) return { ...alone, tokensUsed };
  const own = scoredOn(evaluator, tuned.adapter, valset, [prompt, measured.without?.evaluation ?? measured.evaluation]);
  const other = scoredOn(evaluator, second.adapter, trainset, [prompt, second.evaluation]);
  const joined = (first: Evaluation, last: Evaluation): Evaluation => joinEvaluations(evaluator.task, [first, last]);
  const both = async (read: Prompt): Promise<Evaluation> => joined(await own(read), await other(read));
  const scoredBest = (known: (read: Prompt) => Promise<Evaluation>): Promise<MeasuredOutcome> => {
    const evaluate = ({ prompt: read }: Candidate): Promise<Evaluation> => known(read);
    return measureBest({ ...context, evaluator: { ...evaluator, evaluate } }, { prompt, adapter: tuned.adapter }, mayRescore);
  };
  const rescored = await scoredBest(both);
  const evaluation = await own(rescored.measured.prompt);
  const isPlain = rescored.measured.prompt === prompt;
  const without = isPlain ? {} : { without: { part: 'decoding', evaluation: await own(prompt) } as const };
  // Each half is scored as is best for the other one, so that choosing among several ways does not make the result look better than it is.
  const [forOther, forOwn] = [await scoredBest(own), await scoredBest(other)];
  const latter = joined(await own(forOwn.measured.prompt), await other(forOther.measured.prompt));
  const rows = valset.length + trainset.length;
  const told = `judged on ${rows} rows, each answered by weights that had not learned from it`;
  const evidence = { before: joined(before, former), after: latter, told };
  // The first weights have been scored in all ways, the second ones only as they were first scored.
  const reread = rescored.tokensUsed - winner.tokensUsed - second.evaluation.tokensUsed;
  return { measured: { ...rescored.measured, evaluation, ...without, evidence }, tokensUsed: tokensUsed + reread };
}

/** Evaluations of weights on rows by label scoring, each computed once. @param known of the prompt with its first label scoring */
function scoredOn(
  evaluator: OptimizationContext['evaluator'],
  adapter: Adapter,
  rows: readonly Row[],
  known: readonly [Prompt, Evaluation],
): (read: Prompt) => Promise<Evaluation> {
  const made = new Map([[promptKey(known[0]), known[1]]]);
  return async (read) => {
    const key = promptKey(read);
    const evaluation = made.get(key) ?? (await evaluator.evaluate({ prompt: read, adapter }, rows));
    made.set(key, evaluation);
    return evaluation;
  };
}

function isLikely({ score, logLikelihood }: Comparison): boolean {
  const isTied = score.probabilityBetter > defaultGate.tie;
  return score.probabilityBetter >= likely || (isTied && (logLikelihood?.probabilityBetter ?? 0) >= likely);
}
