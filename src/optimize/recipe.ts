/** @file How weights came to be, so that they can be made again of other rows. */
import type { TrainingJob } from './trainer.ts';

/** How weights came to be, from fresh ones; JSON. */
export interface Recipe {
  /** Id of the weights that came of it. */
  readonly adapter: string;
  /** The seed of the fresh ones. */
  readonly seed: number;
  /** First to last, each from where the one before had come to. */
  readonly trainings: readonly Training[];
  /** Tokens of a measurement of the validation rows. */
  readonly measuring: number;
}

export interface Training {
  /** Its lessons are those of the rows that there are. */
  readonly job: Omit<TrainingJob, 'from' | 'lessons' | 'mostSteps' | 'patience' | 'measureEvery'>;
  readonly otherShots: boolean;
  /** Under paraphrases as well. */
  readonly varies: boolean;
  /** Tokens of a step on a batch of all rows. */
  readonly stepCost: number;
}

/**
 * The recipe of weights that have just been trained.
 * @param recipes of the weights that are known
 * @param from the weights that the training began at, with their seed if they were fresh
 * @returns undefined where nobody knows how those came to be
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
