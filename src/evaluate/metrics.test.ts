/** @file What each metric counts as right. */
import { expect, test } from 'vitest';
import { metricNamed } from './metrics.ts';

test('metrics', () => {
  const score = (name: string, prediction: string, gold: string) => metricNamed(name).score(prediction, gold);
  expect([
    score('exact-match', ' Yes\n', 'Yes'),
    score('exact-match', 'yes', 'Yes'),
    score('exact-match-ignore-case', 'yes', 'Yes '),
  ]).toEqual([1, 0, 1]);
  expect([score('contains', 'It is PARIS.', 'Paris'), score('contains', 'Rome', 'Paris'), score('accuracy', 'a', 'a ')]).toEqual([1, 0, 1]);
  expect(score('exact-match', 'e\u0301', '\u00e9')).toBe(1);
});
