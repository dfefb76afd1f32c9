/** @file Which of several evaluations is the best. */
import { expect, test } from 'vitest';
import { bestFirst, isBetter } from './ranking.ts';

const scored = (score: number, logLikelihood: number) => {
  const estimate = (mean: number) => ({ mean, low: mean, high: mean, rows: 40 });
  return { score: estimate(score), logLikelihood: estimate(logLikelihood) };
};

test('a higher score is better, whatever the likelihood', () => {
  expect(isBetter(scored(0.6, -9), scored(0.5, -1))).toBe(true);
  expect(isBetter(scored(0.5, -1), scored(0.6, -9))).toBe(false);
});

test('with equal scores the likelihood decides; an equal evaluation is not better', () => {
  expect(isBetter(scored(0.5, -1), scored(0.5, -2))).toBe(true);
  expect(isBetter(scored(0.5, -2), scored(0.5, -1))).toBe(false);
  expect(isBetter(scored(0.5, -1), scored(0.5, -1))).toBe(false);
});

test('without a likelihood the score alone decides, and equal scores keep their order', () => {
  const plain = (score: number) => ({ score: scored(score, 0).score });
  expect(isBetter(plain(0.6), plain(0.5))).toBe(true);
  expect([isBetter(plain(0.5), plain(0.5)), isBetter(plain(0.5), scored(0.5, -1)), isBetter(scored(0.5, -1), plain(0.5))]).toEqual([
    false,
    false,
    false,
  ]);
  const named = [0.5, 0.7, 0.5].map((score, place) => ({ place, evaluation: plain(score) }));
  expect(named.sort(bestFirst).map(({ place }) => place)).toEqual([1, 0, 2]);
});

test('if the model uses other words for the labels, the share of the right one decides', () => {
  const spoken = (logLikelihood: number, logShare: number, word: string) => ({
    ...scored(0.5, logLikelihood),
    words: { fee: word },
    rows: [{ row: '1', prediction: 'fee', gold: 'fee', score: 1, logLikelihood, logShare }],
  });
  // Short words are more likely in themselves.
  expect(isBetter(spoken(-1, -0.7, 'cost'), spoken(-9, -0.2, 'what it may cost'))).toBe(false);
  expect(isBetter(spoken(-9, -0.2, 'what it may cost'), spoken(-1, -0.7, 'cost'))).toBe(true);
  expect(isBetter(spoken(-1, -0.7, 'cost'), spoken(-9, -0.2, 'cost'))).toBe(true);
});

test('the best comes first', () => {
  const evaluations = [scored(0.5, -2), scored(0.7, -3), scored(0.5, -1)];
  const sorted = evaluations.map((evaluation) => ({ evaluation })).sort(bestFirst);
  expect(sorted.map(({ evaluation }) => [evaluation.score.mean, evaluation.logLikelihood.mean])).toEqual([
    [0.7, -3],
    [0.5, -1],
    [0.5, -2],
  ]);
});
