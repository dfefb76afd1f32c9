/** @file Intervals over rows and seeds: their coverage, and their values in small cases. */
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random.ts';
import { crossedDifference, crossedMean } from './crossed.ts';

/** How often the interval of scores with these spreads around 0 contains 0. */
function coverage({ seeds, rows, ofSeeds, ofRows, ofRest }: Record<'seeds' | 'rows' | 'ofSeeds' | 'ofRows' | 'ofRest', number>): number {
  const random = randomStream('crossed', seeds, rows, ofSeeds, ofRows);
  const samples = 600;
  let covered = 0;
  for (let sample = 0; sample < samples; sample++) {
    const easy = Array.from({ length: rows }, () => ofRows * random.normal());
    const scores = Array.from({ length: seeds }, () => {
      const luck = ofSeeds * random.normal();
      return easy.map((row) => row + luck + ofRest * random.normal());
    });
    const { low, high } = crossedMean([scores], { low: -Infinity, high: Infinity });
    covered += Number(low <= 0 && high >= 0);
  }
  return covered / samples;
}

describe('95% of the intervals contain the true value', () => {
  test.each([
    { seeds: 5, rows: 100, ofSeeds: 0.3, ofRows: 0.5, ofRest: 1 },
    { seeds: 5, rows: 100, ofSeeds: 0, ofRows: 1, ofRest: 0.5 },
    { seeds: 3, rows: 100, ofSeeds: 1, ofRows: 0.5, ofRest: 1 },
    { seeds: 1, rows: 100, ofSeeds: 0, ofRows: 1, ofRest: 1 },
  ])('with %o', (spreads) => {
    const share = coverage(spreads);
    expect(share).toBeGreaterThan(0.92);
    expect(share).toBeLessThan(0.99);
  });

  test('but 90% with two seeds, which say little about how seeds differ', () => {
    const share = coverage({ seeds: 2, rows: 200, ofSeeds: 0.2, ofRows: 0.5, ofRest: 1 });
    expect(share).toBeGreaterThan(0.87);
    expect(share).toBeLessThan(0.95);
  });
});

test('if all seeds agree, the interval depends only on the rows', () => {
  const line = Array.from({ length: 50 }, (_, row) => row % 2);
  const one = crossedMean([[line]]);
  expect(one).toMatchObject({ mean: 0.5, rows: 50 });
  const half = 2.0096 * Math.sqrt(25 / 99 / 50);
  expect(one.high - 0.5).toBeCloseTo(half, 1);
  expect(crossedMean([[line, line, line]]).high).toBeCloseTo(one.high, 6);
});

test('if all rows vary together with the seeds, three seeds are worth three numbers', () => {
  const { mean, low, high } = crossedMean([[0.1, 0.2, 0.6].map((score) => Array.from({ length: 40 }, () => score))], {
    low: -Infinity,
    high: Infinity,
  });
  expect(mean).toBeCloseTo(0.3, 12);
  const half = 4.303 * Math.sqrt(0.07 / 3);
  expect((high - low) / 2 / half).toBeCloseTo(1, 3);
});

test('several tasks are weighted by their rows, and a difference uses the same seeds and rows', () => {
  const [first, second] = [
    [
      [0, 0, 1],
      [0, 1, 1],
    ],
    [
      [1, 0, 1],
      [1, 1, 1],
    ],
  ];
  const one = crossedDifference([[first, second]]);
  expect(one).toMatchObject({ mean: 1 / 3, rows: 3 });
  expect(one.low).toBeLessThan(1 / 3);
  const none = [[0, 0, 0, 0, 0, 0]];
  expect(
    crossedDifference([
      [first, second],
      [none, none],
    ]),
  ).toMatchObject({ mean: expect.closeTo(1 / 9, 12) as number, rows: 9 });
});

test('equal scores are as sure as their number of rows allows, and no score is above one', () => {
  const { low, high } = crossedMean([[[1, 1, 1]]]);
  expect(low).toBeCloseTo(0.025 ** (1 / 3), 12);
  expect(high).toBe(1);
  const ahead = crossedDifference([[[[0, 0, 0]], [[0, 0, 0]]]]);
  expect(ahead.low).toBeLessThan(-0.5);
  expect(ahead.high).toBeGreaterThan(0.5);
});
