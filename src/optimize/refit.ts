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
  /** What it costs again, in token passes, with what is measured of it. */
  readonly passes: number;
}

/** What is to be kept for it: nothing where the best weights came of something else, or enough rows validate. */
export const refitCost = (context: OptimizationContext, best: MeasuredState, recipe: Recipe | undefined): number =>
  recipe && recipe.adapter === best.adapter && mayExchange(context, {}) ? recipe.passes : 0;

/**
 * Trains the weights of the best state again on all rows. The numbers of the state stay those of the weights that had not seen the validation rows.
 * @param evaluation of the best state on the valset
 * @param left token passes
 */
export async function refit(
  context: OptimizationContext,
  { best, evaluation, recipe, left, phase, spent }: RefitStart,
): Promise<{ readonly best: MeasuredState; readonly passes: number }> {
  const cost = refitCost(context, best, recipe);
  if (!recipe || cost === 0 || cost > left || context.signal?.aborted) return { best, passes: 0 };
  const { trainer, evaluator, emit, objective, adapters } = context;
  const rows = [...context.trainset, ...context.valset];
  const { prompt } = best;
  const wordings = recipe.varies ? mixtureOf(prompt, await paraphrases(context, prompt)) : [prompt];
  const shots = shotsFor(rows.length, recipe.otherShots);
  const lessons = wordings.map((each): Lesson => ({ prompt: each, rows, shots }));
  const { steps } = recipe.job;
  const tuned = await trainer.train(
    { ...recipe.job, lessons, measureEvery: steps },
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
  const kept = tuned.evaluation !== undefined && !isBetter(former, tuned.evaluation);
  const now = kept ? measuredState(best.candidate, prompt, tuned.adapter, evaluation, objective) : best;
  if (kept) await adapters.put(tuned.adapter);
  emit({ type: 'weightsRefitted', phase, rows: rows.length, steps, kept, best: now, passes: spent + passes });
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
