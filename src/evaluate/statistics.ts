/** @file How sure a mean is: bootstrap intervals of scores and of paired differences. */
import { TandemError } from '../errors.ts';
import { randomStream } from '../random.ts';

/** A mean with its 95% interval, in the unit of the scores. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly rows: number;
}

export interface PairedDifference extends Interval {
  /** P(b > a): the share of resamples with a mean above 0; ties count half. */
  readonly probabilityBetter: number;
}

export interface BootstrapOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Resamples; default 10,000. */
  readonly samples?: number;
}

/**
 * Paired bootstrap of the mean difference b - a over the same rows; percentile interval, widened for small samples.
 * @param a per-row scores, same length n >= 1 as b; of one row the interval is the point itself
 * @throws TandemError reason 'rows-differ' for other lengths, 'no-rows' for none
 * Efron and Tibshirani 1993, ch. 13; Hesterberg 2015 for the widening.
 */
export function pairedBootstrap(a: ArrayLike<number>, b: ArrayLike<number>, options: BootstrapOptions = {}): PairedDifference {
  if (a.length !== b.length) {
    throw new TandemError('rows-differ', `Paired scores need the same rows: ${a.length} against ${b.length}.`, {
      hint: 'Evaluate both on the same rows.',
    });
  }
  const differences = Float64Array.from({ length: a.length }, (_, row) => b[row] - a[row]);
  const means = resampledMeans(differences, options);
  const zero = 1e-12 * differences.reduce((sum, each) => Math.max(sum, Math.abs(each)), 0);
  return { ...intervalOf(differences, means), probabilityBetter: shareAbove(means, zero) };
}

/**
 * The mean of per-row scores with its bootstrap interval.
 * @throws TandemError reason 'no-rows'
 */
export function bootstrapMean(scores: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const values = Float64Array.from(scores);
  return intervalOf(values, resampledMeans(values, options));
}

/**
 * The P(better) that a paired comparison must reach so that, where there is no true difference, it does so with a chance of `error`; widened
 * for small samples like the intervals.
 * @param error from 0 to 0.5
 */
export function sureEnough(error: number, rows: number): number {
  if (rows < 2) return 1;
  return normalCdf(Math.sqrt(rows / (rows - 1)) * studentQuantile(rows - 1, normalQuantile(1 - error)));
}

/** A number of a resample, given as the places of its rows, some of them more than once. */
export type Statistic = (places: Uint32Array) => number;

/**
 * A statistic of all rows together, such as macro-F1, with its bootstrap interval: rows are resampled and the statistic is taken anew.
 * @param rows how many there are
 * @throws TandemError reason 'no-rows'
 */
export function bootstrapStatistic(rows: number, statistic: Statistic, options: BootstrapOptions = {}): Interval {
  return intervalAround(statistic(everyPlace(rows)), rows, resampled(rows, statistic, options));
}

/**
 * The paired bootstrap of a difference of such statistics: each resample is of the same rows on both sides.
 * @param difference new minus old, of the rows of a resample
 * @throws TandemError reason 'no-rows'
 */
export function pairedBootstrapStatistic(rows: number, difference: Statistic, options: BootstrapOptions = {}): PairedDifference {
  const values = resampled(rows, difference, options);
  return { ...intervalAround(difference(everyPlace(rows)), rows, values), probabilityBetter: shareAbove(values, 1e-12) };
}

const everyPlace = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row);

/** Ascending values of the statistic; of a given seed and number of rows the resamples are those of `resampledMeans`. */
function resampled(rows: number, statistic: Statistic, { seed = 0, samples = 10_000 }: BootstrapOptions): Float64Array {
  if (rows === 0) throw noRows();
  const places = resamples(rows, seed, samples);
  const values = Float64Array.from({ length: samples }, (_, sample) => statistic(places.subarray(sample * rows, (sample + 1) * rows)));
  return values.sort();
}

function shareAbove(values: Float64Array, zero: number): number {
  let better = 0;
  for (const value of values) better += value > zero ? 1 : value < -zero ? 0 : 0.5;
  return better / values.length;
}

const noRows = (): TandemError =>
  new TandemError('no-rows', 'There are no rows to average over.', { hint: 'Check the split: it may be empty.' });

/** Ascending means of resamples with replacement. */
function resampledMeans(values: Float64Array, { seed = 0, samples = 10_000 }: BootstrapOptions): Float64Array {
  const n = values.length;
  if (n === 0) throw noRows();
  const means = new Float64Array(samples);
  if (values.every((value) => value === values[0])) return means.fill(values[0]);
  const places = resamples(n, seed, samples);
  for (let sample = 0, at = 0; sample < samples; sample++) {
    let sum = 0;
    for (const end = at + n; at < end; at++) sum += values[places[at]];
    means[sample] = sum / n;
  }
  return means.sort();
}

/** The latest resamples that were drawn: a run compares on the same few sets of rows again and again. */
const drawn = new Map<string, Uint32Array>();

/** @returns `samples` times n places below n, the same for the same arguments */
function resamples(n: number, seed: number, samples: number): Uint32Array {
  const key = `${n} ${seed} ${samples}`;
  const known = drawn.get(key);
  if (known) return known;
  const random = randomStream('bootstrap', seed, n);
  const places = Uint32Array.from({ length: n * samples }, () => random.integer(n));
  for (const oldest of drawn.keys()) {
    if (drawn.size < 4) break;
    drawn.delete(oldest);
  }
  // Of many rows they would take more memory than they save time.
  if (places.length <= 4e6) drawn.set(key, places);
  return places;
}

function intervalOf(values: Float64Array, means: Float64Array): Interval {
  const n = values.length;
  return intervalAround(values.reduce((sum, value) => sum + value, 0) / n, n, means);
}

function intervalAround(mean: number, n: number, means: Float64Array): Interval {
  const tail = n > 1 ? normalCdf(-Math.sqrt(n / (n - 1)) * studentQuantile(n - 1, 1.959964)) : 0.025;
  return { mean, low: quantile(means, tail), high: quantile(means, 1 - tail), rows: n };
}

function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** A quantile of Student's t by its expansion around the normal one, z: within 3% from two degrees of freedom on. Abramowitz and Stegun 1964, 26.7.5. */
export function studentQuantile(degrees: number, z: number): number {
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3;
}

/** Abramowitz and Stegun 1964, 26.2.17; absolute error under 7.5e-8. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}

/** Inverts normalCdf by bisection, to its accuracy. */
function normalQuantile(share: number): number {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
