/**
 * @file The end of a run on few rows: the accepted training once more, from the same start, on the validation rows too. They have nothing left
 * to decide, and more rows teach more than another phase does.
 */
import { isBetter } from '../evaluate/ranking.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import { measuredState } from './measuredState.ts';
import { hasAnswers } from './ownAnswers.ts';
import { mixtureOf, paraphrases } from './paraphrases.ts';
import { after, keeping, purseOf } from './purse.ts';
import { shotsFor } from './shots.ts';
import type { Recipe, Training } from './recipe.ts';
import type { Lesson } from './trainer.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';

/** Up to this many training rows, what the validation rows add is worth another training. */
const mostTrained = 128;

/** Whether all rows may teach in the end. */
export const mayTeachAll = (context: OptimizationContext): boolean =>
  context.trainset.length <= mostTrained && !context.program && hasAnswers(context);

/** Of the steps, the share that it takes at least. */
const leastShare = 1 / 2;

/** Tokens of a share of all steps, with the measurement at the end. */
const costOf = ({ trainings, measuring }: Recipe, share: number): number =>
  share * trainings.reduce((sum, training) => sum + trainingCost(training), 0) + measuring;

const trainingCost = ({ job, stepCost }: Training): number => job.steps * stepCost;

/**
 * Tokens that are to be kept for it: for all its steps or, if that is more than there are, for as many as there are. Nothing is kept if those
 * are too few, or many rows train.
 * @param recipe of the best weights; undefined if it is not known
 * @param beside measurements that what is left must pay for as well, or nothing is kept
 */
export function keptForRefit(context: OptimizationContext, recipe: Recipe | undefined, left: number, beside = 0): number {
  if (!recipe || !mayTeachAll(context) || costOf(recipe, leastShare) + beside * recipe.measuring > left) return 0;
  return Math.min(costOf(recipe, 1), left);
}

/** Tokens that another weight phase needs beside it: those of at least half as many steps as the longest training had. */
export const leastBeside = ({ trainings }: Recipe): number => leastShare * Math.max(...trainings.map(trainingCost));

/**
 * Trains the weights of the best state again on all rows. The numbers of the state stay those of the weights that had not seen the validation rows.
 * @param evaluation of the best state on the valset
 * @param left tokens
 */
export async function refit(
  context: OptimizationContext,
  { best, evaluation, recipe, left, phase, spent }: RefitStart,
): Promise<{ readonly best: MeasuredState; readonly tokensUsed: number }> {
  const kept = keptForRefit(context, recipe, left);
  if (!recipe || kept === 0 || context.signal?.aborted) return { best, tokensUsed: 0 };
  const { trainer, evaluator, emit, objective, adapters, signal, trainset, valset } = context;
  const rows = [...trainset, ...valset];
  const { prompt } = best;
  const others = await paraphrases(context, prompt);
  const share = (kept - recipe.measuring) / (costOf(recipe, 1) - recipe.measuring);
  let adapter = trainer.fresh(recipe.seed);
  let evaluated: Evaluation | undefined;
  let [tokensUsed, steps] = [0, 0];
  for (const [place, { job, otherShots, varies }] of recipe.trainings.entries()) {
    const shots = shotsFor(trainset.length, otherShots);
    const lessons = (varies ? mixtureOf(prompt, others) : [prompt]).map((each): Lesson => ({ prompt: each, rows, shots }));
    const taken = Math.max(1, Math.floor(share * job.steps));
    const isLast = place === recipe.trainings.length - 1;
    const tuned = await trainer.train(
      { ...job, from: adapter.id, steps: taken, lessons, measureEvery: taken },
      {
        ...{ start: adapter, signal },
        // Of a budget of time the clock may shorten it.
        budget: keeping(after(purseOf(context), spent + tokensUsed), recipe.measuring),
        measure: (weights) => (isLast ? evaluator.evaluate({ prompt, adapter: weights }, valset) : Promise.resolve(unmeasured(evaluation))),
        onStep: (step) => emit({ type: 'weightStep', phase, aside: true, ...step, tokensUsed: spent + tokensUsed + step.tokensUsed }),
      },
    );
    tokensUsed += tuned.tokensUsed;
    steps += tuned.steps;
    ({ adapter, evaluation: evaluated } = tuned);
  }
  // Weights that have learned from the validation rows and answer them worse than those that had not are no better.
  const stands = evaluated !== undefined && !isBetter(evaluation, evaluated);
  const now = stands ? measuredState(best.candidate, prompt, adapter, evaluation, objective) : best;
  if (stands) await adapters.put(adapter);
  emit({ type: 'weightsRefitted', phase, rows: rows.length, steps, kept: stands, best: now, tokensUsed: spent + tokensUsed });
  return { best: now, tokensUsed };
}

/** For a training on the way, whose end is all that counts. */
const unmeasured = (any: Evaluation): Evaluation => ({ ...any, tokensUsed: 0 });

export interface RefitStart {
  readonly best: MeasuredState;
  readonly evaluation: Evaluation;
  readonly recipe: Recipe | undefined;
  readonly left: number;
  /** The last one. */
  readonly phase: number;
  /** Tokens since the start of the optimization. */
  readonly spent: number;
}
