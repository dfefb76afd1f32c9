/**
 * @file A tree-structured Parzen estimator over categories: choices of good trials are more likely to be chosen again than those of bad ones.
 * Bergstra et al. 2011. Numbers as in Optuna (Akiba et al. 2019), with equal Parzen weights.
 */
import type { Random } from '../../random.ts';

export interface Trial {
  /** One choice for each category, from 0. */
  readonly choices: readonly number[];
  readonly score: number;
}

/** The number of random trials before the estimator is used. */
const startup = 10;
/** Draws from the good trials' density. The one with the best ratio is taken. */
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

/** Each choice's share of the trials, plus one trial spread evenly over all choices. */
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
