/** @file J and its terms. */
import { expect, test } from 'vitest';
import { makeAdapter, type Adapter } from '../model/adapter.ts';
import { evaluationWith } from './madeUp.fixture.ts';
import { defaultObjective, objectiveTerms } from './objective.ts';

/** Changes one linear by (4 / 2) B A = [[6, 0], [0, 8]]. */
const adapter: Adapter = makeAdapter({ rank: 2, alpha: 4, dropout: 0, targets: ['q_proj'] }, [
  { layer: 0, linear: 'q_proj', a: Float32Array.of(1, 0, 0, 2), b: Float32Array.of(3, 0, 0, 2) },
]);
const evaluation = evaluationWith([1, 0], [-0.5, -1.5], 30);

test('J is the mean log-likelihood minus the penalties for the change of the weights and for the length of the prompt', () => {
  expect(objectiveTerms(evaluation, adapter, { weights: 0.01, prompt: 0.002 })).toEqual({
    logLikelihood: -1,
    weightPenalty: expect.closeTo(0.01 * 100, 10) as number,
    promptPenalty: expect.closeTo(0.06, 10) as number,
    total: expect.closeTo(-2.06, 10) as number,
  });
});

test('without an adapter there is no penalty for the weights', () => {
  const { weightPenalty, promptPenalty, total } = objectiveTerms(evaluation, undefined, defaultObjective);
  expect([weightPenalty, promptPenalty, total]).toEqual([0, expect.closeTo(0.003, 10), expect.closeTo(-1.003, 10)]);
});

test('a longer prompt lowers J if everything else is equal', () => {
  const longer = { ...evaluation, promptTokens: 31 };
  expect(objectiveTerms(longer, adapter, defaultObjective).total).toBeLessThan(objectiveTerms(evaluation, adapter, defaultObjective).total);
});
