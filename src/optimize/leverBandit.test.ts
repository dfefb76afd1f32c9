/** @file Which lever is pulled next, and when neither is. */
import { expect, test } from 'vitest';
import type { Lever } from './events.ts';
import { chooseLever, noStatistics, recordPhase, type LeverStatistics, type PhaseOutcome } from './leverBandit.ts';

const both: readonly Lever[] = ['prompt', 'weights'];
type Phase = readonly [lever: Lever, gain: number, passes: number];
/** The statistics after phases; one without gain was not accepted. */
const after = (...phases: readonly Phase[]): LeverStatistics =>
  phases.reduce((statistics, [lever, gain, passes]) => recordPhase(statistics, lever, outcome(gain, passes)), noStatistics);
const outcome = (gain: number, passes: number): PhaseOutcome => ({ gain, passes, accepted: gain > 0, helped: gain > 0 });
const next = (...phases: readonly Phase[]): Lever | undefined => chooseLever(after(...phases), both)?.lever;

test('each lever is tried once, in their order', () => {
  expect(next()).toBe('prompt');
  expect(next(['prompt', 0.5, 100])).toBe('weights');
  expect(chooseLever(noStatistics, [...both].reverse())?.lever).toBe('weights');
});

test('the lever with the larger gain per token pass is next, not the one with the larger gain', () => {
  expect(next(['prompt', 0.1, 100], ['weights', 0.3, 1000])).toBe('prompt');
  expect(next(['prompt', 0.1, 1000], ['weights', 0.3, 1000])).toBe('weights');
});

test('what a lever did long ago counts less than what it does now', () => {
  const early: readonly Phase[] = [
    ['prompt', 0.4, 100],
    ['weights', 0.1, 100],
  ];
  expect(next(...early)).toBe('prompt');
  expect(next(...early, ['prompt', 0, 100], ['prompt', 0, 100])).toBe('weights');
});

test('a lever that failed three times rests until the other one has helped', () => {
  const tired: readonly Phase[] = [
    ['weights', 0.9, 10],
    ['prompt', 0.01, 10],
    ['weights', 0, 10],
    ['weights', 0, 10],
    ['weights', 0, 10],
  ];
  expect(chooseLever(after(...tired), both)).toEqual({ lever: 'prompt', because: 'the weights have stopped improving' });
  expect(next(...tired, ['prompt', 0.01, 10])).toBe('weights');
});

test('nothing is chosen once both have failed three times in a row', () => {
  const failures: Phase[] = [1, 2, 3].flatMap((): Phase[] => [
    ['prompt', 0, 10],
    ['weights', 0, 10],
  ]);
  expect(next(...failures.slice(0, 5))).toBe('weights');
  expect(next(...failures)).toBeUndefined();
});

test('a lever that may not be pulled is not chosen', () => {
  expect(chooseLever(noStatistics, ['weights'])).toEqual({ lever: 'weights', because: 'the weights have not been tried yet' });
  expect(chooseLever(after(['prompt', 0.9, 1], ['weights', 0.1, 100]), ['weights'])).toEqual({
    lever: 'weights',
    because: 'only the weights may change',
  });
});

test('a look-ahead that ends with the prompt as it was has not helped by the prompt, but the weights are no longer tired', () => {
  const tired = after(['prompt', 0.1, 10], ['weights', 0, 10], ['weights', 0, 10], ['weights', 0, 10]);
  expect(chooseLever(tired, ['weights'])).toBeUndefined();
  const moved = recordPhase(tired, 'prompt', { gain: 0, passes: 10, accepted: true, helped: false });
  expect([moved.prompt.failures, moved.weights.failures]).toEqual([1, 0]);
});
