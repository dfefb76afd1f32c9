/** @file Which target is tuned next, and when neither is. */
import { expect, test } from 'vitest';
import type { Target } from './events.ts';
import { chooseTarget, noStatistics, recordPhase, type TargetStatistics, type PhaseOutcome } from './targetBandit.ts';

const both: readonly Target[] = ['prompt', 'weights'];
type Phase = readonly [target: Target, gain: number, tokensUsed: number];
/** The statistics after phases. A phase without gain was not accepted. */
const after = (...phases: readonly Phase[]): TargetStatistics =>
  phases.reduce((statistics, [target, gain, tokensUsed]) => recordPhase(statistics, target, outcome(gain, tokensUsed)), noStatistics);
const outcome = (gain: number, tokensUsed: number): PhaseOutcome => ({ gain, tokensUsed, accepted: gain > 0, helped: gain > 0 });
const next = (...phases: readonly Phase[]): Target | undefined => chooseTarget(after(...phases), both)?.target;

test('each target is tried once, in the given order', () => {
  expect(next()).toBe('prompt');
  expect(next(['prompt', 0.5, 100])).toBe('weights');
  expect(chooseTarget(noStatistics, [...both].reverse())?.target).toBe('weights');
});

test('the target with the larger gain per token is next, not the one with the larger gain', () => {
  expect(next(['prompt', 0.1, 100], ['weights', 0.3, 1000])).toBe('prompt');
  expect(next(['prompt', 0.1, 1000], ['weights', 0.3, 1000])).toBe('weights');
});

test('older gains of a target count less than recent ones', () => {
  const early: readonly Phase[] = [
    ['prompt', 0.4, 100],
    ['weights', 0.1, 100],
  ];
  expect(next(...early)).toBe('prompt');
  expect(next(...early, ['prompt', 0, 100], ['prompt', 0, 100])).toBe('weights');
});

test('a target that failed three times is skipped until the other one has helped', () => {
  const tired: readonly Phase[] = [
    ['weights', 0.9, 10],
    ['prompt', 0.01, 10],
    ['weights', 0, 10],
    ['weights', 0, 10],
    ['weights', 0, 10],
  ];
  expect(chooseTarget(after(...tired), both)).toEqual({ target: 'prompt', because: 'the weights have stopped improving' });
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

test('a target that must not change is not chosen', () => {
  expect(chooseTarget(noStatistics, ['weights'])).toEqual({ target: 'weights', because: 'the weights have not been tried yet' });
  expect(chooseTarget(after(['prompt', 0.9, 1], ['weights', 0.1, 100]), ['weights'])).toEqual({
    target: 'weights',
    because: 'only the weights may change',
  });
});

test('a look-ahead that keeps the prompt does not count for the prompt, but makes the weights available again', () => {
  const tired = after(['prompt', 0.1, 10], ['weights', 0, 10], ['weights', 0, 10], ['weights', 0, 10]);
  expect(chooseTarget(tired, ['weights'])).toBeUndefined();
  const moved = recordPhase(tired, 'prompt', { gain: 0, tokensUsed: 10, accepted: true, helped: false });
  expect([moved.prompt.failures, moved.weights.failures]).toEqual([1, 0]);
});
