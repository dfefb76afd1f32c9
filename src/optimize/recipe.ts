/** @file How weights were trained, so that the training can be repeated with other rows. */
import type { TrainingJob } from './trainer.ts';

/** How weights were trained, starting from fresh ones. JSON. */
export interface Recipe {
  /** Id of the resulting weights. */
  readonly adapter: string;
  /** The seed of the fresh weights. */
  readonly seed: number;
  /** First to last. Each one starts from the result of the one before. */
  readonly trainings: readonly Training[];
  /** Tokens of one measurement on the validation rows. */
  readonly measuring: number;
}

export interface Training {
  /** The job without its lessons, which are made from the available rows. */
  readonly job: Omit<TrainingJob, 'from' | 'lessons' | 'mostSteps' | 'patience' | 'measureEvery'>;
  readonly otherShots: boolean;
  /** Whether paraphrases were used too. */
  readonly varies: boolean;
  /** Tokens of a step on a batch, when all rows are trained on. */
  readonly stepCost: number;
}

/**
 * The recipe of weights that have just been trained.
 * @param recipes of the known weights
 * @param from the weights that the training started from, with their seed if they were fresh
 * @returns undefined if it is not known how those were trained
 */
export function recipeAfter(
  recipes: readonly Recipe[] | undefined,
  from: { readonly id: string; readonly seed: number | undefined },
  adapter: string,
  training: Training,
  measuring: number,
): Recipe | undefined {
  if (from.seed !== undefined) return { adapter, seed: from.seed, trainings: [training], measuring };
  const before = recipeOf(recipes, from.id);
  return before && { ...before, adapter, trainings: [...before.trainings, training], measuring };
}

export const recipeOf = (recipes: readonly Recipe[] | undefined, adapter: string | undefined): Recipe | undefined =>
  recipes?.find((recipe) => recipe.adapter === adapter);
