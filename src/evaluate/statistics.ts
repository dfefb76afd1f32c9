/** @file How certain a mean is: intervals of scores and of paired differences that also hold on few rows and at the edges. Decision 0026. */
import { TandemError } from '../errors.ts';
import { betaQuantile, normalCdf, normalQuantile, studentCdf, studentQuantile } from './distributions.ts';
import { counts, meansOfResamples, spacings, towards, type Resampling, type Statistic, type Weightings } from './resampling.ts';

/** A mean with its 95% interval, in the unit of the scores. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly rows: number;
}

export interface PairedDifference extends Interval {
  /** P(b > a): 1 minus the one-sided p-value, with ties counted half. The interval is above 0 if and only if this is at least 97.5%. */
  readonly probabilityBetter: number;
}

/** The bounds of a row's value, and so of rows that were not drawn. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The range of metric scores. */
export const shares: Range = { low: 0, high: 1 };
/** The range of log-likelihoods. */
export const logShares: Range = { low: -Infinity, high: 0 };

export interface IntervalOptions extends Resampling {
  /** The range of a single value, not of a difference. Default: that of scores, 0 to 1. */
  readonly range?: Range;
}

/** The probability outside an interval, on each side. */
const tail = 0.025;

/**
 * The mean of per-row values with its 95% interval, which stays within the range. For one row it is the whole range, if the range has bounds.
 * | If all values are 0 or 1, it is the exact interval of Clopper and Pearson (1934). For other values with bounds it is the generalization by Gaffke
 * (2005; Learned-Miller and Thomas 2020): the rows are randomly reweighted (Rubin 1981), together with one more row at the worst end. For values
 * without bounds it is the wider of two intervals: the bootstrap's, widened for few rows (Hesterberg 2015), and Student's.
 * @throws TandemError reason 'no-rows'
 */
export function bootstrapMean(values: ArrayLike<number>, options: IntervalOptions = {}): Interval {
  const { range = shares } = options;
  const all = Float64Array.from(values);
  if (!hasEnds(range)) return within(range, freeInterval(all, options));
  const ones = all.filter((value) => value === range.high).length;
  const extremes = ones + all.filter((value) => value === range.low).length === all.length;
  if (extremes && all.length > 1) return exactShare(ones, all.length, range);
  return endedInterval(all.length, meanOf(all), spacings, options);
}

/**
 * A statistic of all rows together, such as macro-F1, with its interval. Rows are resampled and the statistic is recomputed, with the weight of the
 * undrawn row at the worst end of the range.
 * @param rows how many there are
 * @throws TandemError reason 'no-rows'
 */
export const bootstrapStatistic = (rows: number, statistic: Statistic, options: IntervalOptions = {}): Interval =>
  endedInterval(rows, statistic, counts, options);

/**
 * The paired mean difference b - a over the same rows. For scores, P(better) and the interval come from one distribution: the rows are randomly
 * reweighted, together with one more row that may favour either side. If all differences are -1, 0 or 1, P(better) is then McNemar's test with the
 * mid-p-value (Fagerland, Lydersen and Laake 2013). Values without bounds are treated as in `bootstrapMean`.
 * @param a per-row values, same length n >= 1 as b
 * @throws TandemError reason 'rows-differ' for other lengths, 'no-rows' for none
 */
export function pairedBootstrap(a: ArrayLike<number>, b: ArrayLike<number>, options: IntervalOptions = {}): PairedDifference {
  if (a.length !== b.length) {
    throw new TandemError(
      'rows-differ',
      `A paired comparison needs the same rows, but one side has ${a.length} and the other ${b.length}.`,
      {
        hint: 'Evaluate both on the same rows.',
      },
    );
  }
  const differences = Float64Array.from({ length: a.length }, (_, row) => b[row] - a[row]);
  const { range = shares } = options;
  return hasEnds(range)
    ? endedDifference(differences.length, meanOf(differences), spacings, options)
    : freeDifference(differences, options);
}

/**
 * The paired difference of statistics of all rows. Each resample has the same rows on both sides.
 * @param difference new minus old, of weighted rows
 * @throws TandemError reason 'no-rows'
 */
export const pairedBootstrapStatistic = (rows: number, difference: Statistic, options: IntervalOptions = {}): PairedDifference =>
  endedDifference(rows, difference, counts, options);

/** The difference between a state and itself, which needs no computation. */
export const noDifference = (rows: number): PairedDifference => ({ mean: 0, low: 0, high: 0, rows, probabilityBetter: 0.5 });

/**
 * The smallest number of rows that can give this certainty. If there is no true difference, fewer rows all agree by chance more often than `error`.
 * @param error above 0, at most 0.5
 */
export const fewestRows = (error: number): number => Math.ceil(-Math.log2(error) - 1e-9);

const hasEnds = ({ low, high }: Range): boolean => Number.isFinite(high - low);

function requireRows(rows: number): void {
  if (rows > 0) return;
  throw new TandemError('no-rows', 'There are no rows to average.', { hint: 'Check the split. It may be empty.' });
}

const meanOf =
  (values: Float64Array): Statistic =>
  (weights) => {
    let [sum, weight] = [0, 0];
    for (let row = 0; row < values.length; row++) {
      sum += weights[row] * values[row];
      weight += weights[row];
    }
    return sum / weight;
  };

type Draw = (rows: number, options: Resampling) => Weightings;

function endedInterval(rows: number, statistic: Statistic, draw: Draw, options: IntervalOptions): Interval {
  const { range = shares } = options;
  requireRows(rows);
  const mean = statistic(new Float64Array(rows).fill(1));
  if (rows === 1) return { mean, ...range, rows };
  const [low, high] = towards([range.low, range.high], statistic, draw(rows, options), options).map((values) => values.sort());
  const cut = Math.floor(tail * low.length);
  return within(range, { mean, low: low[cut], high: high[high.length - 1 - cut], rows });
}

function endedDifference(rows: number, difference: Statistic, draw: Draw, options: IntervalOptions): PairedDifference {
  const { range = shares } = options;
  requireRows(rows);
  const most = range.high - range.low;
  const mean = difference(new Float64Array(rows).fill(1));
  if (rows === 1) return { mean, low: -most, high: most, rows, probabilityBetter: 0.5 };
  const [below, above] = towards([-most, most], difference, draw(rows, options), options);
  const values = new Float64Array(2 * below.length);
  values.set(below);
  values.set(above, below.length);
  values.sort();
  const cut = Math.floor(tail * values.length);
  const interval = { mean, low: values[cut], high: values[values.length - 1 - cut], rows };
  return noSurerThanChance({ ...within({ low: -most, high: most }, interval), probabilityBetter: shareAbove(values, 0) });
}

function exactShare(ones: number, rows: number, { low, high }: Range): Interval {
  const at = (share: number): number => low + share * (high - low);
  return {
    mean: at(ones / rows),
    low: ones === 0 ? low : at(betaQuantile(tail, ones, rows - ones + 1)),
    high: ones === rows ? high : at(betaQuantile(1 - tail, ones + 1, rows - ones)),
    rows,
  };
}

/** An interval never leaves the range and always contains its mean. */
function within({ low, high }: Range, { mean, rows, ...found }: Interval): Interval {
  return { mean, low: Math.min(mean, Math.max(low, found.low)), high: Math.max(mean, Math.min(high, found.high)), rows };
}

/** How many times the size of one normal value away from it the mean may be, in 95 of 100 cases. Wall, Boen and Tweedie 2001. */
const ofOneRow = 9.68;

function freeInterval(values: Float64Array, options: Resampling): Interval {
  const rows = values.length;
  requireRows(rows);
  const mean = meanOf(values)(new Float64Array(rows).fill(1));
  if (rows === 1) return { mean, low: mean - ofOneRow * Math.abs(mean), high: mean + ofOneRow * Math.abs(mean), rows };
  const means = meansOfResamples(values, options);
  const t = studentQuantile(1 - tail, rows - 1);
  const cut = normalCdf(-Math.sqrt(rows / (rows - 1)) * t);
  const half = t * standardError(values, mean);
  return { mean, low: Math.min(quantile(means, cut), mean - half), high: Math.max(quantile(means, 1 - cut), mean + half), rows };
}

function freeDifference(differences: Float64Array, options: Resampling): PairedDifference {
  const { mean, low, high, rows } = freeInterval(differences, options);
  if (rows === 1) return { mean, low, high, rows, probabilityBetter: 0.5 };
  const largest = differences.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const share = shareAbove(meansOfResamples(differences, options), 1e-12 * largest);
  const error = standardError(differences, mean);
  const t = Math.abs(mean) <= 1e-12 * largest ? 0 : error === 0 ? Math.sign(mean) * Infinity : mean / error;
  const sure = [studentCdf(normalQuantile(share) * Math.sqrt((rows - 1) / rows), rows - 1), studentCdf(t, rows - 1)];
  // The less certain one, if both agree on the side.
  const least = sure.every((p) => p > 0.5) ? Math.min(...sure) : sure.every((p) => p < 0.5) ? Math.max(...sure) : 0.5;
  return noSurerThanChance({ mean, low, high, rows, probabilityBetter: least });
}

/** If there is no true difference, all rows agree on one side with a probability of 1 in 2^rows. No P(better) and no interval may be more certain. */
function noSurerThanChance({ mean, low, high, rows, probabilityBetter: p }: PairedDifference): PairedDifference {
  const chance = 2 ** -rows;
  const ends = chance > tail ? { low: Math.min(low, 0), high: Math.max(high, 0) } : { low, high };
  return { mean, ...ends, rows, probabilityBetter: Math.min(1 - chance, Math.max(chance, p)) };
}

function standardError(values: Float64Array, mean: number): number {
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function shareAbove(values: Float64Array, zero: number): number {
  let better = 0;
  for (const value of values) better += value > zero ? 1 : value < -zero ? 0 : 0.5;
  return better / values.length;
}

function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
