/** @file Random resamples and reweightings of the rows. The same number of rows and the same seed give the same draws. */
import { randomStream, type Random } from '../random.ts';

export interface Resampling {
  /** Default 0. */
  readonly seed?: number;
  /** Resamples; default 10,000. */
  readonly samples?: number;
}

/** A number computed from weighted rows. It does not change if all weights are multiplied by the same factor. */
export type Statistic = (weights: Float64Array) => number;

/** Ascending means of resamples with replacement. Efron and Tibshirani 1993, ch. 13. */
export function meansOfResamples(values: Float64Array, options: Resampling): Float64Array {
  const rows = values.length;
  const { samples = 10_000 } = options;
  const means = new Float64Array(samples);
  if (values.every((value) => value === values[0])) return means.fill(values[0]);
  const places = drawnPlaces(rows, options);
  for (let sample = 0, at = 0; sample < samples; sample++) {
    let sum = 0;
    for (const end = at + rows; at < end; at++) sum += values[places[at]];
    means[sample] = sum / rows;
  }
  return means.sort();
}

/** Weights of the rows in a resample, and the share that rows that were not drawn may have in it. */
export interface Weighting {
  /** Read this at once: the next resample may overwrite it. */
  readonly own: Float64Array;
  readonly unseen: number;
}

/** The weighting of a resample. */
export type Weightings = (sample: number) => Weighting;

/**
 * Rows and one undrawn row, weighted by spacings of uniform numbers (Rubin 1981). With the undrawn row at the worst end, the quantiles of means are
 * Gaffke's (2005) bounds. For values that are 0 or 1 they are those of Clopper and Pearson.
 */
export function spacings(rows: number, options: Resampling): Weightings {
  const weights = drawnWeights(rows + 1, options);
  return (sample) => {
    const start = sample * (rows + 1);
    const own = weights.subarray(start, start + rows);
    let total = weights[start + rows];
    for (let row = 0; row < rows; row++) total += own[row];
    return { own, unseen: weights[start + rows] / total };
  };
}

/**
 * Rows drawn with replacement. What depends on few of them, such as the F1 of a rare label, may be missing from a resample. The undrawn row weighs as
 * much as in `spacings`.
 */
export function counts(rows: number, options: Resampling): Weightings {
  const places = drawnPlaces(rows, options);
  const edges = drawnWeights(1, options);
  const own = new Float64Array(rows);
  return (sample) => {
    own.fill(0);
    for (let at = sample * rows; at < (sample + 1) * rows; at++) own[places[at]]++;
    return { own, unseen: -Math.expm1(-edges[sample] / rows) };
  };
}

/**
 * For each end, the statistic of each resample with the undrawn row at that end. In the order of the resamples, so that the values for two ends
 * correspond.
 */
export function towards(
  ends: readonly number[],
  statistic: Statistic,
  weightings: Weightings,
  { samples = 10_000 }: Resampling,
): Float64Array[] {
  const values = ends.map(() => new Float64Array(samples));
  for (let sample = 0; sample < samples; sample++) {
    const { own, unseen } = weightings(sample);
    const drawn = (1 - unseen) * statistic(own);
    for (let place = 0; place < ends.length; place++) values[place][sample] = drawn + unseen * ends[place];
  }
  return values;
}

/** Random places below `rows`, `samples` sets of them. */
const drawnPlaces = drawnOnce(
  'bootstrap',
  (size) => new Uint32Array(size),
  (random, rows) => random.integer(rows),
);

/** Standard exponential numbers. Divided by their sum, they are spacings of uniform ones. */
const drawnWeights = drawnOnce(
  'weights',
  (size) => new Float64Array(size),
  (random) => -Math.log(1 - random.uniform()),
);

/** Keeps the latest draws of each kind, because a run compares on the same few sets of rows repeatedly. */
function drawnOnce<T extends Uint32Array | Float64Array>(
  purpose: string,
  make: (size: number) => T,
  draw: (random: Random, rows: number) => number,
): (rows: number, options: Resampling) => T {
  const drawn = new Map<string, T>();
  return (rows, { seed = 0, samples = 10_000 }) => {
    const key = `${rows} ${seed} ${samples}`;
    const known = drawn.get(key);
    if (known) return known;
    const random = randomStream(purpose, seed, rows);
    const found = make(rows * samples);
    for (let place = 0; place < found.length; place++) found[place] = draw(random, rows);
    for (const oldest of drawn.keys()) {
      if (drawn.size < 4) break;
      drawn.delete(oldest);
    }
    // For many rows, the memory would cost more than the time saved.
    if (found.length <= 4e6) drawn.set(key, found);
    return found;
  };
}
