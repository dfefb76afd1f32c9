/** @file The learning rate over the steps of a training. */
import { expect, test } from 'vitest';
import { schedule } from './learningRate.ts';

test('the rate rises over a tenth of the steps to 1, then falls to a tenth', () => {
  const rates = Array.from({ length: 60 }, (_, step) => schedule(step, 60));
  expect(rates.slice(0, 7)).toEqual([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1]);
  for (let step = 7; step < 60; step++) expect(rates[step]).toBeLessThan(rates[step - 1]);
  expect(rates[59]).toBeGreaterThan(0.1);
  expect(rates[59]).toBeLessThan(0.11);
});

test('a single step has the full rate', () => {
  expect(schedule(0, 1)).toBe(1);
});
