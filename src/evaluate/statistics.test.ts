/** @file Intervals have their coverage on few rows and at the edges too, agree with textbook ones, and are fast. */
import { describe, expect, test } from 'vitest';
import { randomStream, type Random } from '../random.ts';
import { macroF1 } from './metrics/labels.ts';
import { bootstrapMean, bootstrapStatistic, fewestRows, logShares, pairedBootstrap, pairedBootstrapStatistic } from './statistics.ts';

const normals = (n: number, mean: number, seed: number): Float64Array => {
  const random = randomStream('test', seed);
  return Float64Array.from({ length: n }, () => mean + random.normal());
};
/** Rows where only the first ones are right. */
const right = (count: number, rows: number): number[] => Array.from({ length: rows }, (_, row) => Number(row < count));
const endless = { range: { low: -Infinity, high: Infinity } };

/** Probabilities of a binomial distribution, from none to all. */
function binomial(n: number, p: number): number[] {
  const shares = [(1 - p) ** n];
  for (let k = 1; k <= n; k++) shares.push((shares[k - 1] * (n - k + 1) * p) / (k * (1 - p)));
  return shares;
}

describe('the share of rows that are right', () => {
  test.each([
    [0, 15, 0, 0.21801936],
    [15, 15, 0.78198064, 1],
    [1, 4, 0.00630946, 0.80587955],
    [60, 75, 0.69170707, 0.88354321],
  ])('%d of %d has the exact interval of Clopper and Pearson', (count, rows, low, high) => {
    const found = bootstrapMean(right(count, rows));
    expect(found).toMatchObject({ mean: count / rows, rows });
    expect(found.low).toBeCloseTo(low, 3);
    expect(found.high).toBeCloseTo(high, 3);
  });

  test('the interval covers the truth in at least 95 of 100 cases, for any number of rows and any truth', { tags: 'long' }, () => {
    const worst = [...Array.from({ length: 30 }, (_, i) => i + 1), 40, 60, 75, 120, 200].map((rows) => {
      const intervals = Array.from({ length: rows + 1 }, (_, count) => bootstrapMean(right(count, rows)));
      // Above a half it is symmetric.
      return Array.from({ length: 100 }, (_, i) => (i + 1) / 200).map((truth) =>
        binomial(rows, truth).reduce(
          (sum, share, count) => sum + (intervals[count].low <= truth && truth <= intervals[count].high ? share : 0),
          0,
        ),
      );
    });
    expect(Math.min(...worst.flat())).toBeGreaterThan(0.949);
  });

  test('one row says nothing: the interval is the whole range', () => {
    expect(bootstrapMean([1])).toEqual({ mean: 1, low: 0, high: 1, rows: 1 });
    expect(bootstrapMean([0.5])).toEqual({ mean: 0.5, low: 0, high: 1, rows: 1 });
  });
});

describe('scores between 0 and 1', () => {
  test('that are all the same still have an interval, within the range', () => {
    const { low, high } = bootstrapMean(new Array<number>(15).fill(0.5));
    expect(low).toBeCloseTo(0.5 * (1 - 0.218), 1);
    expect(high).toBeCloseTo(0.5 + 0.5 * 0.218, 1);
    const near = bootstrapMean([1, 1, 1, 1, 0.9]);
    expect(near.low).toBeLessThan(0.6);
    expect(near.high).toBeLessThanOrEqual(1);
  });

  test('that are only zeros and ones have the exact interval', () => {
    const scores = right(12, 15);
    const exact = bootstrapMean(scores);
    const nearly = bootstrapMean(scores.map((score, row) => (row === 0 ? 1 - 1e-9 : score)));
    expect(nearly.low).toBeCloseTo(exact.low, 2);
    expect(nearly.high).toBeCloseTo(exact.high, 2);
  });

  const kinds: Readonly<Record<string, (random: Random) => number>> = {
    'token-f1': (random) => [0, 0.5, 0.5, 1, 1, 1][random.integer(6)],
    'nearly all right': (random) => (random.uniform() < 0.95 ? 1 : 0.6),
    even: (random) => random.uniform(),
  };
  test.each(Object.keys(kinds).flatMap((kind) => [3, 15, 40].map((rows) => ({ kind, rows }))))(
    'the interval of $rows rows ($kind) covers the truth in 95 of 100 cases',
    { tags: 'long' },
    ({ kind, rows }) => {
      const random = randomStream('coverage', kind, rows);
      const truth = { 'token-f1': 4 / 6, 'nearly all right': 0.98, even: 0.5 }[kind]!;
      const rounds = 400;
      let covered = 0;
      for (let round = 0; round < rounds; round++) {
        const { low, high } = bootstrapMean(
          Array.from({ length: rows }, () => kinds[kind](random)),
          { seed: round % 20, samples: 1000 },
        );
        covered += Number(low <= truth && truth <= high);
      }
      // Three standard errors of 400 rounds are 3 points.
      expect(covered / rounds).toBeGreaterThan(0.92);
    },
  );
});

describe('macro-F1', () => {
  const answered = (golds: string, predictions: string) => [...golds].map((gold, row) => ({ gold, prediction: predictions[row] }));

  test('of all right answers is not certain, nor is the difference of two equal answerers', () => {
    const perfect = macroF1.corpus!(answered('ababababababaab', 'ababababababaab'));
    const { mean, low, high } = bootstrapStatistic(15, perfect);
    expect([mean, high]).toEqual([1, 1]);
    expect(low).toBeCloseTo(0.78, 1);
    const none = pairedBootstrapStatistic(15, () => 0);
    expect(none).toMatchObject({ mean: 0, probabilityBetter: 0.5 });
    expect(none.low).toBeLessThan(-0.1);
    expect(none.high).toBe(-none.low);
  });

  test('of one row says nothing', () => {
    expect(bootstrapStatistic(1, macroF1.corpus!(answered('a', 'a')))).toEqual({ mean: 1, low: 0, high: 1, rows: 1 });
    expect(pairedBootstrapStatistic(1, () => 1)).toEqual({ mean: 1, low: -1, high: 1, rows: 1, probabilityBetter: 0.5 });
  });
});

describe('values without bounds', () => {
  test('agree with the t-interval if they are normal, on two rows too', () => {
    for (const [n, t] of [
      [2, 12.706],
      [3, 4.303],
      [10, 2.262],
      [30, 2.045],
      [100, 1.984],
    ]) {
      const scores = normals(n, 3, n);
      const mean = scores.reduce((sum, each) => sum + each, 0) / n;
      const deviation = Math.sqrt(scores.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1));
      const { low, high, mean: found } = bootstrapMean(scores, endless);
      expect(found).toBeCloseTo(mean, 10);
      const half = (t * deviation) / Math.sqrt(n);
      expect(Math.abs(low - (mean - half))).toBeLessThan(0.15 * half);
      expect(Math.abs(high - (mean + half))).toBeLessThan(0.15 * half);
    }
  });

  test.each([2, 3, 5, 12, 50])('the interval of %d normal rows covers the truth about 95 times in 100', { tags: 'long' }, (n) => {
    const random = randomStream('coverage', n);
    let covered = 0;
    const rounds = 1000;
    for (let round = 0; round < rounds; round++) {
      const scores = Float64Array.from({ length: n }, () => random.normal() + 0.8);
      const { low, high } = bootstrapMean(scores, { seed: round % 20, samples: 500, ...endless });
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.93);
    expect(covered / rounds).toBeLessThan(0.975);
  });

  test('no log-likelihood is above zero, however few the rows', () => {
    expect(bootstrapMean([-0.1, -2], { range: logShares }).high).toBe(0);
    expect(bootstrapMean([-1.5], { range: logShares })).toEqual({ mean: -1.5, low: expect.closeTo(-16.02, 2) as number, high: 0, rows: 1 });
  });
});

test('no rows have no mean', () => {
  expect(() => bootstrapMean([])).toThrow(expect.objectContaining({ reason: 'no-rows' }));
  expect(() => pairedBootstrap([], [], endless)).toThrow(expect.objectContaining({ reason: 'no-rows' }));
});

describe('pairedBootstrap', () => {
  test.each([{}, endless])('the difference is b - a; swapping a and b mirrors it', (options) => {
    const [a, b] = [right(22, 40), Array.from({ length: 40 }, (_, row) => Number(row % 4 > 0))];
    const there = pairedBootstrap(a, b, options);
    const back = pairedBootstrap(b, a, options);
    expect(back.mean).toBeCloseTo(-there.mean, 12);
    expect(back.low).toBeCloseTo(-there.high, 12);
    expect(back.probabilityBetter).toBeCloseTo(1 - there.probabilityBetter, 12);
    expect(there.low).toBeLessThan(there.mean);
    expect(there.rows).toBe(40);
  });

  test('ties on every row leave room for undrawn rows', () => {
    const { mean, low, high, probabilityBetter } = pairedBootstrap(right(9, 15), right(9, 15));
    expect([mean, probabilityBetter]).toEqual([0, 0.5]);
    expect(low).toBeLessThan(-0.15);
    expect(high).toBe(-low);
  });

  test.each([
    [5, 0, 40],
    [10, 3, 75],
    [7, 6, 20],
    [8, 0, 8],
    [20, 9, 120],
  ])("for %d rows better and %d worse of %d, P(better) is McNemar's with the mid-p-value", (better, worse, rows) => {
    const turned = better + worse;
    const shares = binomial(turned, 0.5);
    const less = shares.slice(0, better).reduce((sum, share) => sum + share, 0);
    const b = Array.from({ length: rows }, (_, row) => (row < better ? 1 : row < turned ? 0 : 0.5));
    const a = Array.from({ length: rows }, (_, row) => (row < better ? 0 : row < turned ? 1 : 0.5));
    expect(pairedBootstrap(a, b).probabilityBetter).toBeCloseTo(Math.min(1 - 2 ** -rows, less + shares[better] / 2), 2);
  });

  test('the interval is above zero if and only if P(better) is at least 97.5%', { tags: 'long' }, () => {
    const random = randomStream('agree');
    for (let round = 0; round < 200; round++) {
      const rows = 1 + random.integer(60);
      const values = (): number[] => Array.from({ length: rows }, () => random.integer(3) / 2 + (round % 2) * random.normal());
      const [a, b] = [values(), values().map((value) => value + random.integer(2) / 4)];
      const scores = (of: number[]): number[] => of.map((value) => Math.min(1, Math.max(0, value)));
      for (const { low, high, probabilityBetter: p } of [pairedBootstrap(scores(a), scores(b)), pairedBootstrap(a, b, endless)]) {
        expect([low > 0, high < 0]).toEqual([p > 0.975, p < 0.025]);
      }
    }
  });

  test('on five rows or fewer, all may agree by chance: nothing is certain', () => {
    for (const rows of [1, 2, 3, 4, 5]) {
      const zeros = new Array<number>(rows).fill(0);
      for (const options of [{}, endless]) {
        const { low, probabilityBetter } = pairedBootstrap(zeros, new Array<number>(rows).fill(1), options);
        expect(low).toBeLessThanOrEqual(0);
        expect(probabilityBetter).toBeLessThanOrEqual(1 - 2 ** -rows);
      }
    }
    expect(pairedBootstrap(right(0, 6), right(6, 6)).low).toBeGreaterThan(0);
    expect([0.025, 0.0125, 0.0025].map(fewestRows)).toEqual([6, 7, 9]);
  });

  test('P(better) is near the normal tail', () => {
    const a = new Float64Array(400);
    const b = normals(400, 0, 3);
    const mean = b.reduce((sum, each) => sum + each, 0) / 400;
    for (let i = 0; i < 400; i++) b[i] += 0.05 - mean; // one standard error above 0
    const { probabilityBetter } = pairedBootstrap(a, b, endless);
    expect(probabilityBetter).toBeGreaterThan(0.82);
    expect(probabilityBetter).toBeLessThan(0.86);
  });

  test('the same seed gives the same numbers, another seed nearly the same', () => {
    const [a, b] = [right(15, 30), right(20, 30)];
    expect(pairedBootstrap(a, b, { seed: 1 })).toEqual(pairedBootstrap(a, b, { seed: 1 }));
    expect(pairedBootstrap(a, b, { seed: 2 }).low).not.toBe(pairedBootstrap(a, b, { seed: 1 }).low);
    expect(pairedBootstrap(a, b, { seed: 2 }).low).toBeCloseTo(pairedBootstrap(a, b, { seed: 1 }).low, 1);
  });

  test('rows that do not match are refused', () => {
    expect(() => pairedBootstrap([1], [1, 2])).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
  });

  test('10,000 resamples of 100 rows take less processor time than drawing a million exponential numbers', () => {
    const [a, b] = [right(50, 100), right(60, 100)];
    const draw = (): number => {
      const random = randomStream(0);
      let sum = 0;
      for (let i = 0; i < 1e6; i++) sum -= Math.log(random.uniform());
      return sum;
    };
    // Both in the same process, so that the speed of the machine does not count.
    const times = [0, 1, 2, 3].map(() => [processorTime(() => pairedBootstrap(a, b)), processorTime(draw)]);
    const [resampling, drawing] = [0, 1].map((place) => Math.min(...times.map((pair) => pair[place])));
    expect(resampling).toBeLessThan(drawing);
  });
});

/** In milliseconds. */
function processorTime(work: () => unknown): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}
