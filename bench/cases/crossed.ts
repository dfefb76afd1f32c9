/**
 * @file How sure a mean over test rows and trainings is. Both are samples: other rows would give another mean, and so would other seeds, which
 * draw training rows, batches and proposals. An interval over the rows alone ignores that the seeds may have been lucky.
 */
import { studentQuantile } from '../../src/evaluate/distributions.ts';
import { bootstrapMean, shares, type Interval, type Range } from '../../src/evaluate/statistics.ts';

/** Scores by seed and row. Every training of a task has the same rows. */
export type SeedsByRows = readonly (readonly number[])[];

/**
 * The mean over all seeds and rows of one or more tasks, every row with the same weight, with its 95% interval: two-way analysis of variance
 * with both factors random (Searle, Casella and McCulloch 1992, ch. 5; Satterthwaite 1946 for the degrees of freedom). With one seed, the
 * interval is over the rows; with two, it covers nine in ten. If nothing varies, it is the interval of that many equal rows, because they do
 * not prove that all rows are equal.
 * @param range of a score; the interval stays within
 * @param tasks at least one, none of them empty, with sets of rows and seeds of their own
 */
export function crossedMean(tasks: readonly SeedsByRows[], range: Range = shares): Interval {
  const rows = tasks.reduce((sum, [first]) => sum + first.length, 0);
  const parts = tasks.map((scores) => ({ share: scores[0].length / rows, ...meanOf(scores) }));
  const mean = parts.reduce((sum, part) => sum + part.share * part.mean, 0);
  const terms = parts.flatMap(({ share, terms: its }) =>
    its.map(({ variance, degrees }) => ({ variance: share ** 2 * variance, degrees })),
  );
  const variance = terms.reduce((sum, term) => sum + term.variance, 0);
  if (variance <= 0) return bootstrapMean(new Float64Array(rows).fill(mean), { range });
  const degrees = variance ** 2 / terms.reduce((sum, term) => sum + (term.degrees ? term.variance ** 2 / term.degrees : 0), 0);
  const half = Math.sqrt(variance) * studentQuantile(0.975, degrees);
  return { mean, low: Math.max(range.low, mean - half), high: Math.min(range.high, mean + half), rows };
}

/** Second minus first, seed by seed and row by row, for pairs of scores with the same seeds and rows. */
export const crossedDifference = (pairs: readonly (readonly [first: SeedsByRows, second: SeedsByRows])[]): Interval =>
  crossedMean(
    pairs.map(([first, second]) => second.map((scores, seed) => scores.map((score, row) => score - first[seed][row]))),
    { low: -shares.high, high: shares.high },
  );

/** A part of a mean's variance, and the degrees of freedom of its estimate. */
interface Term {
  readonly variance: number;
  readonly degrees: number;
}

/** The mean, and the terms whose sum is its variance. */
function meanOf(scores: SeedsByRows): { mean: number; terms: Term[] } {
  const [seeds, rows] = [scores.length, scores[0].length];
  const mean = average(scores.map(average));
  const ofSeeds = scores.map((line) => average(line) - mean);
  const ofRows = scores[0].map((_, row) => average(scores.map((line) => line[row])) - mean);
  const rest = scores.flatMap((line, seed) => line.map((score, row) => score - mean - ofSeeds[seed] - ofRows[row]));
  const term = (deviations: readonly number[], times: number, degrees: number, sign = 1): Term => {
    const square = degrees ? (times * sumOfSquares(deviations)) / degrees : 0;
    return { variance: (sign * square) / (seeds * rows), degrees };
  };
  const [bySeed, byRow] = [term(ofSeeds, rows, seeds - 1), term(ofRows, seeds, rows - 1)];
  const chance = term(rest, 1, (seeds - 1) * (rows - 1), -1);
  // Both the seeds' and the rows' term contain the chance term. Their sum minus it may by accident be smaller than one of them.
  const least = bySeed.variance > byRow.variance ? bySeed : byRow;
  const terms = bySeed.variance + byRow.variance + chance.variance > least.variance ? [bySeed, byRow, chance] : [least];
  return { mean, terms };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const sumOfSquares = (values: readonly number[]): number => values.reduce((sum, value) => sum + value ** 2, 0);
