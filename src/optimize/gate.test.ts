/** @file What the gate lets through, and what it says. */
import { expect, test } from 'vitest';
import { decide } from './gate.ts';
import { evaluationWith } from './madeUp.fixture.ts';

/** Of forty rows the first so many right. */
const right = (count: number): number[] => Array.from({ length: 40 }, (_, i) => Number(i < count));
const likely = (nats: number): number[] => Array.from({ length: 40 }, (_, i) => nats + (i % 5) / 10);

test('a step that gets ten more of forty rows right is kept', () => {
  const decision = decide(evaluationWith(right(20)), evaluationWith(right(30)));
  expect(decision).toMatchObject({ accepted: true, score: { mean: 0.25, rows: 40 } });
  expect(decision.because).toMatch(/^the score rose by \+25\.0 points, P\(better\) 1\.00$/);
});

test('a weight step that lowers the valset score is not kept, even if the answers became likelier', () => {
  const decision = decide(evaluationWith(right(30), likely(-2)), evaluationWith(right(26), likely(-1)));
  expect(decision.accepted).toBe(false);
  expect(decision.because).toMatch(/^the score fell by 10\.0 points, P\(better\) 0\.0\d$/);
});

test('a level score is decided by the likelihood', () => {
  const better = decide(evaluationWith(right(30), likely(-2)), evaluationWith(right(30), likely(-1.5)));
  expect(better).toMatchObject({ accepted: true, because: expect.stringContaining('the likelihood rose by +0.500 nats a row') as string });
  const worse = decide(evaluationWith(right(30), likely(-2)), evaluationWith(right(30), likely(-2.5)));
  expect(worse).toMatchObject({ accepted: false, because: expect.stringMatching(/^no sure gain/) as string });
});

test('one row more is luck: kept only if the answers became likelier too', () => {
  const best = evaluationWith(right(30), likely(-2));
  const swap = right(30).map((score, i) => (i === 0 || i === 1 ? 0 : i >= 30 && i < 33 ? 1 : score));
  expect(decide(best, evaluationWith(swap, likely(-2)))).toMatchObject({ accepted: false, score: { mean: 0.025 } });
  expect(decide(best, evaluationWith(swap, likely(-1)))).toMatchObject({ accepted: true });
});

test('the same again is not better', () => {
  const same = evaluationWith(right(30), likely(-2));
  expect(decide(same, same)).toMatchObject({ accepted: false, score: { mean: 0, probabilityBetter: 0.5 } });
});

test('thresholds can be set: what is sure enough at 0.6 is not at 0.99', () => {
  const [best, candidate] = [evaluationWith(right(20)), evaluationWith(right(22))];
  expect(decide(best, candidate, { score: 0.6, tie: 0.6, likelihood: 0.95 }).accepted).toBe(true);
  expect(decide(best, candidate, { score: 0.99, tie: 0.6, likelihood: 0.95 }).accepted).toBe(false);
});

test('evaluations of different rows cannot be compared', () => {
  expect(() => decide(evaluationWith(right(30)), evaluationWith([1, 0, 1]))).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
});
