/** @file Cumulative shares and quantiles agree with tables and scipy. */
import { expect, test } from 'vitest';
import { betaCdf, betaQuantile, normalQuantile, studentCdf, studentQuantile } from './distributions.ts';

test('the beta distribution agrees with scipy', () => {
  // scipy.stats.beta.cdf and beta.ppf.
  expect(betaCdf(0.3, 2, 5)).toBeCloseTo(0.579825, 10);
  expect(betaCdf(0.9, 0.5, 0.5)).toBeCloseTo(0.7951672353008665, 10);
  expect(betaQuantile(0.975, 1, 15)).toBeCloseTo(1 - 0.025 ** (1 / 15), 12);
  expect(betaQuantile(0.025, 120, 1)).toBeCloseTo(0.025 ** (1 / 120), 12);
});

test.each([
  [1, 12.7062047],
  [2, 4.3026527],
  [5, 2.5705818],
  [74, 1.9925435],
  [Infinity, 1.959964],
])("Student's t with %d degrees of freedom agrees with the tables", (degrees, t) => {
  expect(studentQuantile(0.975, degrees)).toBeCloseTo(t, 5);
  expect(studentQuantile(0.025, degrees)).toBeCloseTo(-t, 5);
  expect(studentCdf(t, degrees)).toBeCloseTo(0.975, 6);
  expect(studentCdf(-t, degrees)).toBeCloseTo(0.025, 6);
});

test('half of the normal distribution is below its middle', () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 6);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 5);
});
