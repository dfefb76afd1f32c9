/**
 * @file The end of a run on few rows: the accepted training once more, from the same start, on the validation rows too. They have no more to
 * decide, and as a second half of the rows they teach more than anything else could.
 */
import { isBetter } from '../evaluate/ranking.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import { mayExchange } from './exchange.ts';
import { adapterOf, measuredState } from './measuredState.ts';
import { mixtureOf, paraphrases } from './paraphrases.ts';
import { shotsFor } from './shots.ts';
import type { Lesson, TrainingJob } from './trainer.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';

/** How weights were trained from a fresh start; JSON. */
export interface Recipe {
  /** Id of the weights that came of it. */
  readonly adapter: string;
  /** From which start, and how: its lessons are those of the rows that there are. */
  readonly job: Omit<TrainingJob, 'lessons' | 'mostSteps' | 'patience' | 'measureEvery'>;
  /** The seed of the start. */
  readonly start: number;
  readonly otherShots: boolean;
  /** Under paraphrases as well. */
  readonly varies: boolean;
  /** Token passes of a step on a batch of all rows, and of a measurement of them. */
  readonly stepCost: number;
  readonly measuring: number;
}

/** Of the steps, the share that it takes at least. */
const leastShare = 1 / 2;

/**
 * Token passes that are to be kept for it: for all its steps or, where that is more than there are, for as many as there are; nothing where
 * those are too few, the best weights came of something else, or enough rows validate.
 */
export function keptForRefit(context: OptimizationContext, best: MeasuredState, recipe: Recipe | undefined, left: number): number {
  if (!recipe || recipe.adapter !== best.adapter || !mayExchange(context, {})) return 0;
  const costOf = (share: number): number => share * recipe.job.steps * recipe.stepCost + 2 * recipe.measuring;
  return costOf(leastShare) > left ? 0 : Math.min(costOf(1), left);
}

/**
 * Trains the weights of the best state again on all rows. The numbers of the state stay those of the weights that had not seen the validation rows.
 * @param evaluation of the best state on the valset
 * @param left token passes
 */
export async function refit(
  context: OptimizationContext,
  { best, evaluation, recipe, left, phase, spent }: RefitStart,
): Promise<{ readonly best: MeasuredState; readonly passes: number }> {
  const kept = keptForRefit(context, best, recipe, left);
  if (!recipe || kept === 0 || context.signal?.aborted) return { best, passes: 0 };
  const { trainer, evaluator, emit, objective, adapters } = context;
  const rows = [...context.trainset, ...context.valset];
  const { prompt } = best;
  const wordings = recipe.varies ? mixtureOf(prompt, await paraphrases(context, prompt)) : [prompt];
  const shots = shotsFor(rows.length, recipe.otherShots);
  const lessons = wordings.map((each): Lesson => ({ prompt: each, rows, shots }));
  const steps = Math.min(recipe.job.steps, Math.floor((kept - 2 * recipe.measuring) / recipe.stepCost));
  const tuned = await trainer.train(
    { ...recipe.job, steps, lessons, measureEvery: steps },
    {
      start: trainer.fresh(recipe.start),
      budget: Infinity,
      signal: context.signal,
      measure: (adapter): Promise<Evaluation> => evaluator.evaluate({ prompt, adapter }, rows),
      onStep: (step) => emit({ type: 'weightStep', phase, aside: true, ...step, passes: spent + step.passes }),
    },
  );
  const former = await evaluator.evaluate({ prompt, adapter: await adapterOf(context, best) }, rows);
  const passes = tuned.passes + former.passes - evaluation.passes;
  // Weights that do not even know what they have learned are no better.
  const stands = tuned.evaluation !== undefined && !isBetter(former, tuned.evaluation);
  const now = stands ? measuredState(best.candidate, prompt, tuned.adapter, evaluation, objective) : best;
  if (stands) await adapters.put(tuned.adapter);
  emit({ type: 'weightsRefitted', phase, rows: rows.length, steps, kept: stands, best: now, passes: spent + passes });
  return { best: now, passes };
}

export interface RefitStart {
  readonly best: MeasuredState;
  readonly evaluation: Evaluation;
  readonly recipe: Recipe | undefined;
  readonly left: number;
  /** The last one. */
  readonly phase: number;
  /** Token passes since the start of the optimization. */
  readonly spent: number;
}
