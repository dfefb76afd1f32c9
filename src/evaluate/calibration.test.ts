/** @file What the corrections promise. */
import { expect, test } from 'vitest';
import { contentFreeBias, contentFreeInputs, priorBias, softmax, subtract } from './calibration.ts';

test('the prior correction makes every label as likely as any other', () => {
  const scores = Array.from({ length: 30 }, (_, i) => [Math.sin(i) * 3, Math.cos(i) * 3 + 4, Math.sin(2 * i)]);
  const bias = priorBias(scores);
  const probabilities = scores.map((each) => softmax(subtract(each, bias)));
  for (const label of [0, 1, 2]) expect(probabilities.reduce((sum, each) => sum + each[label], 0) / 30).toBeCloseTo(1 / 3, 4);
});

test('a label that no input makes likely does not get an endless bonus', () => {
  for (const each of priorBias([
    [0, -2000],
    [0, -1000],
  ]))
    expect(Number.isFinite(each)).toBe(true);
});

test('content-free inputs fill every column; the bias is the mean score', () => {
  expect(contentFreeInputs('${input:a} ${input:b}')).toEqual(['N/A', '[MASK]', ''].map((filler) => ({ a: filler, b: filler })));
  const like = { a: [{ x: 'text', n: 1 }], b: false };
  const body = '{{ a[0].x }} {{ b }}';
  expect(contentFreeInputs({ body, syntax: 'jinja' }, like)[0]).toEqual({ a: [{ x: 'N/A', n: 1 }], b: false });
  expect(contentFreeInputs('${input:a}', like)[0]).toEqual({ a: 'N/A' });
  expect(
    contentFreeBias([
      [1, 2],
      [3, 6],
    ]),
  ).toEqual([2, 4]);
});
