/**
 * @file A tree-structured Parzen estimator over categories: what good trials chose is likelier to be chosen again than what bad ones did.
 * Bergstra et al. 2011; numbers as in Optuna (Akiba et al. 2019), Parzen weights all alike.
 */
import type { Random } from '../../random.ts';

export interface Trial {
  /** One choice a category, from 0 on. */
  readonly choices: readonly number[];
  readonly score: number;
}

/** Trials that are drawn at random before the estimator is asked. */
const startup = 10;
/** Draws from the good trials' density, of which the best ratio is taken. */
const draws = 24;
/** The share of trials that counts as good. */
const good = 0.1;

/** The next choices. @param sizes of the categories */
export function suggest(sizes: readonly number[], trials: readonly Trial[], random: Random): number[] {
  if (trials.length < startup) return sizes.map((size) => random.integer(size));
  const ranked = [...trials].sort((a, b) => b.score - a.score);
  const above = Math.ceil(good * ranked.length);
  const chances = sizes.map((size, category) => ({
    good: density(size, category, ranked.slice(0, above)),
    bad: density(size, category, ranked.slice(above)),
  }));
  let best: { choices: number[]; ratio: number } | undefined;
  for (let draw = 0; draw < draws; draw++) {
    const choices = chances.map((each) => drawn(each.good, random.uniform()));
    const ratio = choices.reduce((sum, choice, i) => sum + Math.log(chances[i].good[choice] / chances[i].bad[choice]), 0);
    if (!best || ratio > best.ratio) best = { choices, ratio };
  }
  return best!.choices;
}

/** Each choice's share of the trials, one trial spread evenly over all of them counted in. */
function density(size: number, category: number, trials: readonly Trial[]): number[] {
  const counts = new Array<number>(size).fill(1 / size);
  for (const { choices } of trials) counts[choices[category]]++;
  return counts.map((count) => count / (trials.length + 1));
}

function drawn(chances: readonly number[], at: number): number {
  let sum = 0;
  const found = chances.findIndex((chance) => (sum += chance) > at);
  return found < 0 ? chances.length - 1 : found;
}
