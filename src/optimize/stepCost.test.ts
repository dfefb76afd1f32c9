/** @file How long a phase is, how often it measures, and which rows its cost is estimated from. */
import { describe, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { planPhase, stepTokens, type PhaseSteps } from './stepCost.ts';
import type { ExampleMaker } from './batches.ts';

const length = { weightSteps: 60, weightEpochs: 3, batchRows: 16 };

test('few rows get a fixed number of steps, many are seen a fixed number of times', () => {
  const plans = [1, 160, 320, 321, 4000].map((rows) => planPhase(length, rows, 500, 1000));
  expect(plans.map(({ usual, isLong }) => [usual, isLong])).toEqual([
    [60, false],
    [60, false],
    [60, false],
    [61, true],
    [750, true],
  ]);
});

/** What a phase with these steps costs before the measurement at its end. */
const costOf = ({ steps, every }: PhaseSteps, stepCost: number, measuring: number): number =>
  steps * stepCost + (Math.ceil(steps / every) - 1) * measuring;

describe('measurements of a phase', () => {
  test('there are at most five, fewer in a short phase, and never two close together', () => {
    const { within } = planPhase(length, 4000, 100, 10);
    expect([60, 750, 20].map((steps) => within(steps).every)).toEqual([12, 150, 10]);
    for (let steps = 1; steps <= 200; steps++) {
      const { every } = within(steps);
      expect(Math.ceil(steps / every)).toBeLessThanOrEqual(5);
      expect(every).toBeGreaterThanOrEqual(Math.min(8, steps));
    }
  });

  test('they cost at most a quarter of the steps of a long phase, except for the last', () => {
    for (const steps of [1, 9, 60, 333, 1000]) {
      for (const measuring of [1, 1000, 7000, 30_000, 1e6]) {
        const { every } = planPhase(length, 4000, 500, measuring).within(steps);
        const count = Math.ceil(steps / every);
        expect(count <= 1 || count * measuring <= (steps * 500 * 1.1) / 4).toBe(true);
      }
    }
  });

  test('with few rows there are as many, whatever they cost', () => {
    expect(planPhase(length, 160, 500, 1e6).within(60)).toEqual({ steps: 60, every: 12 });
  });
});

describe('a phase that cannot be afforded', () => {
  test.each([160, 4000])('leaves less than another step costs, and spends no more than it has; with %i rows', (rows) => {
    for (const measuring of [10, 700, 4000]) {
      const { within } = planPhase(length, rows, 500, measuring);
      const all = within(90);
      for (let affordable = 500; affordable < costOf(all, 500, measuring); affordable += 130) {
        const phase = within(90, affordable);
        const left = affordable - costOf(phase, 500, measuring);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(phase.steps === 90 || left < 500).toBe(true);
      }
      expect(within(90, costOf(all, 500, measuring))).toEqual(all);
    }
  });

  test('has at least one step', () => {
    expect(planPhase(length, 160, 500, 700).within(60, 0)).toEqual({ steps: 1, every: 1 });
    expect(planPhase(length, 160, 500, 700).within(60, -900)).toEqual({ steps: 1, every: 1 });
  });
});

test('a step costs the average over the whole trainset, with the shared part counted once', () => {
  const example = (length: number) => ({ prompt: [1, 2, ...Array.from({ length }, (_, i) => 9 + i + 100 * length)], answer: [3] });
  // Sorted by length, as in some files.
  const rows = Array.from({ length: 5120 }, (_, i) => makeRow({ text: String(i) }, i + 1));
  const maker = {
    example: (_: unknown, row: (typeof rows)[number]) => example(1 + Math.floor(row.line / 256)),
  } as unknown as ExampleMaker;
  const own = rows.reduce((sum, row) => sum + 1 + Math.floor(row.line / 256), 0) / rows.length;
  const tokensUsed = stepTokens(maker, { prompt: { body: '', demonstrations: [] }, rows, shots: 0 }, 16);
  expect(tokensUsed / (3 * (2 + 16 * own))).toBeCloseTo(1, 1);
});
