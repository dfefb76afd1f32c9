/**
 * @file How often weights that are no better are accepted, if a likely result is judged a second time with the splits exchanged.
 * @module-tag long
 */
import { expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { phaseOn } from './fewRows.fixture.ts';

test.each([
  [8, 8],
  [9, 15],
  [20, 40],
  [40, 100],
])('weights that are no better are accepted in at most one phase in twenty: %i and %i rows', async (validate, train) => {
  const phases = 400;
  let [accepted, exchanges] = [0, 0];
  for (let seed = 0; seed < phases; seed++) {
    const random = randomStream(seed, 'no better');
    const drawn = (): ((line: number) => boolean) => {
      const right = Array.from({ length: validate + train + 1 }, () => random.uniform() < 0.4);
      return (line) => right[line];
    };
    const { verdict, jobs } = await phaseOn({ learned: drawn(), known: drawn(), validate, train });
    accepted += Number(verdict.accepted);
    exchanges += jobs.length - 1;
  }
  expect(exchanges).toBeGreaterThan(phases / 20);
  expect(accepted / phases).toBeLessThanOrEqual(0.05);
});
