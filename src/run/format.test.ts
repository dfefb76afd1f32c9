/** @file Numbers as people read them: one row is said in words. */
import { expect, test } from 'vitest';
import { bootstrapMean, logShares, pairedBootstrap } from '../evaluate/statistics.ts';
import { nats, natsGained, percentWithInterval, points, rowCount } from './format.ts';

test('a number of one row says that it tells nothing', () => {
  expect(percentWithInterval(bootstrapMean([1]))).toBe('100.0% [0.0, 100.0] (one row tells nothing)');
  expect(points(pairedBootstrap([0], [1]))).toBe('+100.0 points [-100.0, +100.0] (one row tells nothing)');
  expect(nats(bootstrapMean([-1.5], { range: logShares }))).toMatch(/^-1\.500 \[-16\.\d+, 0\.000\] \(one row tells nothing\)$/);
  expect(natsGained(pairedBootstrap([-2], [-1], { range: logShares }))).toMatch(/^\+1\.000 \[-.*\] \(one row tells nothing\)$/);
});

test('a number of more has its interval alone, which is as wide as its rows are few', () => {
  expect(percentWithInterval(bootstrapMean(new Array<number>(15).fill(0)))).toBe('0.0% [0.0, 21.8]');
  expect(percentWithInterval(bootstrapMean([1, 0, 0, 0]))).toBe('25.0% [0.6, 80.6]');
});

test('rows are counted as people count', () => {
  expect([rowCount(1), rowCount(1, 'test'), rowCount(80, 'validation')]).toEqual(['1 row', '1 test row', '80 validation rows']);
});
