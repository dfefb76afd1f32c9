/** @file Intervals cover what they should, agree with Student's, and are quick. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { bootstrapMean, pairedBootstrap } from './statistics.ts';

const normals = (n: number, mean: number, seed: number): Float64Array => {
  const random = randomStream('test', seed);
  return Float64Array.from({ length: n }, () => mean + random.normal());
};

describe('bootstrapMean', () => {
  test('agrees with the t-interval on normal scores', () => {
    for (const [n, t] of [
      [10, 2.262],
      [30, 2.045],
      [100, 1.984],
    ]) {
      const scores = normals(n, 3, n);
      const mean = scores.reduce((sum, each) => sum + each, 0) / n;
      const deviation = Math.sqrt(scores.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1));
      const { low, high, mean: found } = bootstrapMean(scores);
      expect(found).toBeCloseTo(mean, 10);
      const half = (t * deviation) / Math.sqrt(n);
      expect(Math.abs(low - (mean - half))).toBeLessThan(0.15 * half);
      expect(Math.abs(high - (mean + half))).toBeLessThan(0.15 * half);
    }
  });

  test.each([
    { n: 12, kind: 'normal' },
    { n: 50, kind: 'normal' },
    { n: 100, kind: 'accuracy of 0.8' },
  ])('its interval of $n rows ($kind) covers the truth about 95 times of 100', { tags: 'long' }, ({ n, kind }) => {
    const random = randomStream('coverage', n);
    let covered = 0;
    const rounds = 1000;
    for (let round = 0; round < rounds; round++) {
      const scores = Float64Array.from({ length: n }, () => (kind === 'normal' ? random.normal() + 0.8 : random.uniform() < 0.8 ? 1 : 0));
      const { low, high } = bootstrapMean(scores, { seed: round, samples: 500 });
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.93);
    expect(covered / rounds).toBeLessThan(0.975);
  });

  test('of one row it is the row, of none an error', () => {
    expect(bootstrapMean([0.5])).toEqual({ mean: 0.5, low: 0.5, high: 0.5, rows: 1 });
    expect(() => bootstrapMean([])).toThrow(expect.objectContaining({ reason: 'no-rows' }));
  });
});

describe('pairedBootstrap', () => {
  test('the difference is b - a; turning it round mirrors it', () => {
    const [a, b] = [normals(40, 0, 1), normals(40, 0.3, 2)];
    const there = pairedBootstrap(a, b);
    const back = pairedBootstrap(b, a);
    expect(back.mean).toBeCloseTo(-there.mean, 12);
    expect(back.low).toBeCloseTo(-there.high, 12);
    expect(back.probabilityBetter).toBeCloseTo(1 - there.probabilityBetter, 12);
    expect(there.low).toBeLessThan(there.mean);
    expect(there.rows).toBe(40);
  });

  test('P(better) counts ties half, and is near the normal tail', () => {
    expect(pairedBootstrap([1, 0, 1], [1, 0, 1])).toEqual({ mean: 0, low: 0, high: 0, rows: 3, probabilityBetter: 0.5 });
    expect(pairedBootstrap([0.1, 0.7, 0.3], [0.3, 0.1, 0.7]).probabilityBetter).toBeCloseTo(0.5, 1);
    expect(pairedBootstrap([0, 0, 0, 0], [1, 1, 1, 1]).probabilityBetter).toBe(1);
    const a = new Float64Array(400);
    const b = normals(400, 0, 3);
    const mean = b.reduce((sum, each) => sum + each, 0) / 400;
    for (let i = 0; i < 400; i++) b[i] += 0.05 - mean; // one standard error above 0
    expect(pairedBootstrap(a, b).probabilityBetter).toBeGreaterThan(0.82);
    expect(pairedBootstrap(a, b).probabilityBetter).toBeLessThan(0.86);
  });

  test('the same seed gives the same numbers, another one nearly', () => {
    const [a, b] = [normals(30, 0, 4), normals(30, 0.2, 5)];
    expect(pairedBootstrap(a, b, { seed: 1 })).toEqual(pairedBootstrap(a, b, { seed: 1 }));
    expect(pairedBootstrap(a, b, { seed: 2 }).low).not.toBe(pairedBootstrap(a, b, { seed: 1 }).low);
    expect(pairedBootstrap(a, b, { seed: 2 }).low).toBeCloseTo(pairedBootstrap(a, b, { seed: 1 }).low, 1);
  });

  test('rows that do not match are refused', () => {
    expect(() => pairedBootstrap([1], [1, 2])).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
  });

  test('100 rows and 10,000 resamples take under 60 ms', () => {
    const [a, b] = [normals(100, 0, 6), normals(100, 0, 7)];
    pairedBootstrap(a, b);
    const times = [1, 2, 3].map(() => {
      const started = performance.now();
      pairedBootstrap(a, b);
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(60);
  });
});
