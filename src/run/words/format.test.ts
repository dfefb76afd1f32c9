/** @file Numbers as people read them: one row is said in words. */
import { expect, test } from 'vitest';
import { confidenceText } from '../../optimize/confidence.ts';
import { bootstrapMean, logShares, pairedBootstrap } from '../../evaluate/statistics.ts';
import {
  betterText,
  gainDetails,
  gainText,
  nats,
  natsGained,
  percentWithInterval,
  points,
  roughDuration,
  roughPercent,
  roughPoints,
  rowCount,
} from './format.ts';

test('a number from one row says that it proves nothing', () => {
  expect(percentWithInterval(bootstrapMean([1]))).toBe('100.0% [0.0, 100.0] (one row proves nothing)');
  expect(points(pairedBootstrap([0], [1]))).toBe('+100.0 points [-100.0, +100.0] (one row proves nothing)');
  expect(nats(bootstrapMean([-1.5], { range: logShares }))).toMatch(/^-1\.500 \[-16\.\d+, 0\.000\] \(one row proves nothing\)$/);
  expect(natsGained(pairedBootstrap([-2], [-1], { range: logShares }))).toMatch(/^\+1\.000 \[-.*\] \(one row proves nothing\)$/);
});

test('a number from more rows has only its interval, which is wider with fewer rows', () => {
  expect(percentWithInterval(bootstrapMean(new Array<number>(15).fill(0)))).toBe('0.0% [0.0, 21.8]');
  expect(percentWithInterval(bootstrapMean([1, 0, 0, 0]))).toBe('25.0% [0.6, 80.6]');
});

test("in brief, a number's margin is the wider side of its interval, and never looks more certain than it", () => {
  const estimate = { mean: 0.756, low: 0.651, high: 0.861, rows: 75 };
  expect(roughPercent(estimate)).toBe('76% ±11');
  expect(roughPercent({ ...estimate, rows: 1 })).toBe('76% ±11 (one row proves nothing)');
  expect(roughPercent({ mean: 0.5, low: 0.4, high: 0.6, rows: 75 })).toBe('50% ±10');
  expect(roughPoints({ mean: 0.093, low: 0, high: 0.2, rows: 75 })).toBe('+9.3 ±10.7 pts');
  expect(roughPoints({ mean: 0, low: -0.1, high: 0.1, rows: 75 })).toBe('0.0 ±10.0 pts');
});

test('rows are counted as people count', () => {
  expect([rowCount(1), rowCount(1, 'test'), rowCount(80, 'validation')]).toEqual(['1 row', '1 test row', '80 validation rows']);
});

test.each([
  [0.1, 0.995, 'very likely real'],
  [-0.1, 0.004, 'very likely real'],
  [0.1, 0.93, 'likely real'],
  [-0.1, 0.1, 'likely real'],
  [0.1, 0.89, 'may be chance'],
  [0, 0.5, 'no difference seen'],
])('a difference of %d with P(better) %d is in words: %s', (mean, probabilityBetter, words) => {
  const difference = { mean, low: mean - 0.1, high: mean + 0.1, rows: 75, probabilityBetter };
  expect(gainText(difference, 'test')).toMatch(new RegExp(`points on 75 test rows \\(${words}\\)$`));
  expect(betterText(difference)).toMatch(new RegExp(`^${words} \\(P\\(better\\) \\d`));
});

test('the best of many needs more to be called real', () => {
  expect([1, 10, 20].map((tried) => confidenceText({ mean: 0.1, probabilityBetter: 0.995 }, tried))).toEqual([
    'very likely real',
    'likely real',
    'likely real',
  ]);
  expect(confidenceText({ mean: 0.1, probabilityBetter: 0.995 }, 30)).toBe('may be chance');
});

test('the statistics of a difference come after it', () => {
  const difference = { mean: 0.173, low: 0.071, high: 0.27, rows: 75, probabilityBetter: 0.998 };
  expect(`${gainText(difference)}, ${gainDetails(difference)}`).toBe(
    '+17.3 points on 75 rows (very likely real), 95% interval [+7.1, +27.0], P(better) 99.8%',
  );
});

test('an estimated duration is rounded up', () => {
  const minutes = (count: number): number => count * 60_000;
  expect([minutes(0.7), minutes(1.7), minutes(5), minutes(12.2), minutes(61.5)].map(roughDuration)).toEqual([
    '50 s',
    '1 min 50 s',
    '5 min',
    '13 min',
    '1 h 02 min',
  ]);
});
