/**
 * @file The end of a run on few rows: the accepted training once more, from the same start, on the validation rows too. They have no more to
 * decide, and as a second half of the rows they teach more than anything else could.
 */
import { isBetter } from '../evaluate/ranking.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import { isFew } from './exchange.ts';
import { measuredState } from './measuredState.ts';
import { mixtureOf, paraphrases } from './paraphrases.ts';
import { after, keeping, purseOf } from './purse.ts';
import { shotsFor } from './shots.ts';
import type { Recipe } from './recipe.ts';
import type { Lesson } from './trainer.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';

/** Of the steps, the share that it takes at least. */
const leastShare = 1 / 2;

/** Tokens of a share of all steps, with the measurement at the end. */
const costOf = ({ trainings, measuring }: Recipe, share: number): number =>
  share * trainings.reduce((sum, { job, stepCost }) => sum + job.steps * stepCost, 0) + measuring;

/**
 * Tokens that are to be kept for it: for all its steps or, where that is more than there are, for as many as there are; nothing where
 * those are too few, or enough rows validate.
 * @param recipe of the best weights; undefined where it is not known
 */
export function keptForRefit(context: OptimizationContext, recipe: Recipe | undefined, left: number): number {
  if (!recipe || !isFew(context) || costOf(recipe, leastShare) > left) return 0;
  return Math.min(costOf(recipe, 1), left);
}

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
