/** @file What the gate accepts, and the reasons it gives. */
import { describe, expect, test } from 'vitest';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { decide, mostToJudge, rowsToDecide } from './gate.ts';
import { evaluationWith } from './madeUp.fixture.ts';
import { wrongAcceptances } from './nullTrials.fixture.ts';

/** The first `count` of forty rows are right. */
const right = (count: number): number[] => Array.from({ length: 40 }, (_, i) => Number(i < count));
const likely = (nats: number): number[] => Array.from({ length: 40 }, (_, i) => nats + (i % 5) / 10);

test('a step that gets ten more rows of forty right is kept', () => {
  const decision = decide(evaluationWith(right(20)), evaluationWith(right(30)));
  expect(decision).toMatchObject({ accepted: true, score: { mean: 0.25, rows: 40 } });
  expect(decision.because).toMatch(/^\+25\.0 points on 40 rows \(very likely real\), P\(better\) 0\.999\d$/);
});

test('a weight step that lowers the valset score is not kept, even if the answers became more likely', () => {
  const decision = decide(evaluationWith(right(30), likely(-2)), evaluationWith(right(26), likely(-1)));
  expect(decision.accepted).toBe(false);
  expect(decision.because).toMatch(/^-10\.0 points on 40 rows \(likely real\), P\(better\) 0\.0\d: not better$/);
});

test('an equal score is decided by the likelihood', () => {
  const better = decide(evaluationWith(right(30), likely(-2)), evaluationWith(right(30), likely(-1.5)));
  expect(better).toMatchObject({
    accepted: true,
    because: expect.stringContaining('the log-likelihood rose by +0.500 nats per row (very likely real)') as string,
  });
  const worse = decide(evaluationWith(right(30), likely(-2)), evaluationWith(right(30), likely(-2.5)));
  expect(worse).toMatchObject({
    accepted: false,
    because: expect.stringMatching(/^\+0\.0 points on 40 rows \(no difference seen\)/) as string,
  });
});

test('one more row is chance: it is kept only if the answers became more likely too', () => {
  const best = evaluationWith(right(30), likely(-2));
  const swap = right(30).map((score, i) => (i === 0 || i === 1 ? 0 : i >= 30 && i < 33 ? 1 : score));
  expect(decide(best, evaluationWith(swap, likely(-2)))).toMatchObject({ accepted: false, score: { mean: 0.025 } });
  expect(decide(best, evaluationWith(swap, likely(-1)))).toMatchObject({ accepted: true });
});

describe('without right answers, and so without a likelihood', () => {
  const alone = (scores: readonly number[]): Evaluation => {
    const { logLikelihood: _, rows, ...rest } = evaluationWith(scores);
    return { ...rest, rows: rows.map(({ gold: __, logLikelihood: ___, ...row }) => row) };
  };

  test('the score alone decides, and no likelihood is mentioned', () => {
    const better = decide(alone(right(20)), alone(right(30)));
    expect(better).toMatchObject({ accepted: true, score: { mean: 0.25, rows: 40 } });
    expect(better).not.toHaveProperty('logLikelihood');
    const level = decide(alone(right(30)), alone(right(30)));
    expect(level.accepted).toBe(false);
    expect(level.because).toMatch(
      /^\+0\.0 points on 40 rows \(no difference seen\), P\(better\) 0\.50: keeping one candidate needs P\(better\) 0\.9500$/,
    );
  });

  test('it has the error rate of both questions: five in a hundred', () => {
    const errors = { score: 0.01, likelihood: 0.19, tie: 0.4 };
    expect(decide(alone(right(20)), alone(right(22)), 1, 1, errors).accepted).toBe(true);
    expect(decide(evaluationWith(right(20)), evaluationWith(right(22)), 1, 1, errors).accepted).toBe(false);
  });
});

test('an equal state is not better', () => {
  const same = evaluationWith(right(30), likely(-2));
  expect(decide(same, same)).toMatchObject({ accepted: false, score: { mean: 0, probabilityBetter: 0.5 } });
});

test('the error rate can be set: what is certain enough for one in five is not for one in a hundred', () => {
  const [best, candidate] = [evaluationWith(right(20)), evaluationWith(right(22))];
  expect(decide(best, candidate, 1, 1, { score: 0.2, likelihood: 0.025, tie: 0.4 }).accepted).toBe(true);
  expect(decide(best, candidate, 1, 1, { score: 0.01, likelihood: 0.025, tie: 0.4 }).accepted).toBe(false);
});

test('the more were tried, the stronger the evidence for the best of them must be', () => {
  const [best, candidate] = [evaluationWith(right(20)), evaluationWith(right(26))];
  expect(decide(best, candidate).accepted).toBe(true);
  expect(decide(best, candidate, 20)).toMatchObject({
    accepted: false,
    because: expect.stringMatching(/: keeping the best of 20 needs P\(better\) 0\.9988$/) as string,
  });
});

test("label scoring counts for an answer's score, but not for its likelihood, which does not depend on it", () => {
  const likelihoods = (gain: number): number[] => Array.from({ length: 40 }, (_, i) => -2 + (i % 2 ? 1 : -0.4) * gain);
  const [best, candidate] = [evaluationWith(right(20), likelihoods(0)), evaluationWith(right(20), likelihoods(1))];
  const { logLikelihood } = decide(best, candidate);
  expect(logLikelihood!.probabilityBetter).toBeGreaterThan(1 - 0.025 / 2);
  expect(logLikelihood!.probabilityBetter).toBeLessThan(1 - 0.025 / 10);
  expect(decide(best, candidate, 10).accepted).toBe(false);
  expect(decide(best, candidate, 10, 5).accepted).toBe(true);
  expect(decide(best, evaluationWith(right(20), likelihoods(0.01)), 50, 5).because).toMatch(
    /: keeping the best of 50 needs P\(better\) 0\.9995, or 0\.9975 for the log-likelihood$/,
  );
  const [few, more] = [evaluationWith(right(20)), evaluationWith(right(26))];
  expect(decide(few, more, 20, 5).accepted).toBe(false);
});

test.each([
  [1, 200],
  [10, 60],
])(
  'with %d candidates that are no better, at most one comparison in twenty is won by mistake',
  { tags: 'long' },
  async (candidates, trials) => {
    const wrong = await wrongAcceptances({ trials, rows: 40, candidates });
    // Three standard errors above the limit.
    expect(wrong.score + wrong.likelihood).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / trials));
  },
);

test('a true gain still passes; about 11 points in most of ten trials', { tags: 'long' }, async () => {
  const right = await wrongAcceptances({ trials: 30, rows: 100, candidates: 10, gain: 0.5 });
  expect(right.score + right.likelihood).toBeGreaterThan(0.6);
});

test.each([1, 2, 3, 4, 5])('on %d rows it decides nothing, whatever the rows say, and reports how many it needs', (rows) => {
  const all = (value: number): number[] => new Array<number>(rows).fill(value);
  const decision = decide(evaluationWith(all(0), all(-3)), evaluationWith(all(1), all(-0.1)));
  expect(decision).toMatchObject({
    accepted: false,
    because: expect.stringContaining('too few rows to decide: judging one candidate needs at least 6') as string,
  });
});

test('on six rows it can decide, and for the best of ten it needs nine', () => {
  const all = (rows: number, value: number): number[] => new Array<number>(rows).fill(value);
  const decided = (rows: number, tried: number) => decide(evaluationWith(all(rows, 0)), evaluationWith(all(rows, 1)), tried);
  expect(decided(6, 1).accepted).toBe(true);
  expect(decided(8, 10)).toMatchObject({
    accepted: false,
    because: expect.stringMatching(/^\+100\.0 points on 8 rows, too few rows to decide: judging the best of 10 needs at least 9/) as string,
  });
  expect(decided(9, 10).accepted).toBe(true);
  expect(rowsToDecide()).toBe(6);
});

test('it can judge the best of exactly as many results as it says, even if one row disagrees', () => {
  for (let rows = 1; rows <= 20; rows++) {
    const most = mostToJudge(rows);
    if (most > 0) expect(rowsToDecide(most)).toBeLessThanOrEqual(rows - 1);
    expect(rowsToDecide(most + 1)).toBeGreaterThan(rows - 1);
  }
  expect([5, 6, 7, 8, 9].map((rows) => mostToJudge(rows))).toEqual([0, 0, 1, 3, 6]);
});

test.each([
  [2, 0],
  [5, 0],
  [6, 0.05],
  [12, 0.05],
])('pure chance on %d rows is accepted in at most a share of %d', { tags: 'long' }, async (rows, most) => {
  const trials = 200;
  const wrong = await wrongAcceptances({ trials, rows, candidates: 1 });
  expect(wrong.score + wrong.likelihood).toBeLessThanOrEqual(most + 3 * Math.sqrt((most * (1 - most)) / trials));
});

test('evaluations of different rows cannot be compared', () => {
  expect(() => decide(evaluationWith(right(30)), evaluationWith([1, 0, 1]))).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
});
