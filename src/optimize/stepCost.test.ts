/** @file How long a phase is, how often it measures, and what stands for the rows that it will train on. */
import { describe, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { mostSteps, planPhase, stepPasses } from './stepCost.ts';
import type { WeightTrainer } from './weightTuner.ts';

const length = { weightSteps: 60, weightEpochs: 3, batchRows: 16 };

test('few rows have so many steps, many are seen so many times', () => {
  const plans = [1, 160, 320, 321, 4000].map((rows) => planPhase(length, rows, 500, 1000));
  expect(plans.map(({ usual, isLong }) => [usual, isLong])).toEqual([
    [60, false],
    [60, false],
    [60, false],
    [61, true],
    [750, true],
  ]);
});

describe('measurements of a phase', () => {
  test('there are five at most, in a short phase fewer, and never two close together', () => {
    const { every } = planPhase(length, 4000, 100, 10);
    expect([60, 750, 20].map(every)).toEqual([12, 150, 10]);
    for (let steps = 1; steps <= 200; steps++) {
      expect(Math.ceil(steps / every(steps))).toBeLessThanOrEqual(5);
      expect(every(steps)).toBeGreaterThanOrEqual(Math.min(8, steps));
    }
  });

  test('they cost no more than a quarter of the steps of a long phase, and the last of them is not in what its steps cost', () => {
    for (const steps of [1, 9, 60, 333, 1000]) {
      for (const measuring of [1, 1000, 7000, 30_000, 1e6]) {
        const { every, passes } = planPhase(length, 4000, 500, measuring);
        const count = Math.ceil(steps / every(steps));
        expect(count <= 1 || count * measuring <= (steps * 500 * 1.1) / 4).toBe(true);
        const onTheWay = Array.from({ length: steps - 1 }, (_, i) => i + 1).filter((step) => step % every(steps) === 0).length;
        expect(passes(steps)).toBe(steps * 500 + onTheWay * measuring);
      }
    }
  });

  test('on few rows they are as many, whatever they cost', () => {
    expect(planPhase(length, 160, 500, 1e6).every(60)).toBe(12);
  });
});

test('as many steps as fit are taken, and one that does not', () => {
  expect(mostSteps(90, (steps) => steps <= 40)).toBe(40);
  expect(mostSteps(90, () => true)).toBe(90);
  expect(mostSteps(90, () => false)).toBe(1);
});

test('a step costs what rows from all over the trainset do, what they share once', () => {
  const example = (length: number) => ({ prompt: [1, 2, ...Array.from({ length }, (_, i) => 9 + i + 100 * length)], answer: [3] });
  // Sorted by length, as files come.
  const rows = Array.from({ length: 320 }, (_, i) => makeRow({ text: String(i) }, i + 1));
  const trainer = {
    example: (_: unknown, row: (typeof rows)[number]) => example(1 + Math.floor(row.line / 16)),
  } as unknown as WeightTrainer;
  const own = rows.reduce((sum, row) => sum + 1 + Math.floor(row.line / 16), 0) / rows.length;
  const passes = stepPasses({ trainer, prompt: { body: '', demonstrations: [] }, rows, batchRows: 16 });
  expect(passes / (3 * (2 + 16 * own))).toBeCloseTo(1, 1);
});
