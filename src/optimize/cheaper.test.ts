/** @file The gate's second question: which shorter prompts it accepts, which it refuses, and the reasons it gives. */
import { describe, expect, test } from 'vitest';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { decideCheaper, scorePerNat, type CheaperOptions } from './cheaper.ts';
import { evaluationWith } from './madeUp.fixture.ts';

interface Measured {
  readonly rows?: number;
  /** How many rows are right, starting from the first. */
  readonly right?: number;
  /** How much more likely every row's answer is. */
  readonly nats?: number;
  /** By how much rows differ, alternately up and down. */
  readonly noise?: number;
  readonly tokens?: number;
}

/** By default 80 rows in 100 are right. Right answers are more likely. */
function measured({ rows = 75, right = 0.8 * rows, nats = 0, noise = 0, tokens = 400 }: Measured = {}): Evaluation {
  const scores = Array.from({ length: rows }, (_, i) => Number(i < right));
  const likelihoods = scores.map((_, i) => (i < 0.8 * rows ? -0.2 : -1.8) - (i % 7) / 20 + nats + (i % 2 ? noise : -noise));
  return evaluationWith(scores, likelihoods, tokens);
}
const asked = (before: Measured, candidate: Measured, options?: CheaperOptions) =>
  decideCheaper(measured(before), measured({ tokens: 100, ...candidate }), options);

describe('accepted', () => {
  test('equal answers with 300 tokens fewer, on 75 rows', () => {
    const decision = asked({}, {});
    expect(decision).toMatchObject({ accepted: true, score: { mean: 0, rows: 75 } });
    expect(decision.because).toBe(
      '300 fewer prompt tokens, +0.0 points on 75 rows, not worse: the tokens are worth 1.5 points, P(J higher) 1.000',
    );
  });

  test('answers that lose less in likelihood than the tokens are worth', () => {
    const price = 0.015 / scorePerNat([measured(), measured()]);
    expect(asked({}, { nats: -0.7 * price }).accepted).toBe(true);
  });

  test('one row fewer of 75, and two fewer of 200: a margin of one point, or of one row', () => {
    expect(asked({}, { right: 59 }).accepted).toBe(true);
    expect(asked({ rows: 200 }, { rows: 200, right: 158 }).accepted).toBe(true);
  });
});

describe('refused', () => {
  test.each([400, 401, 1000])('a prompt of %d tokens instead of one of 400, whatever it gains', (tokens) => {
    expect(asked({}, { right: 75, nats: 0.15, tokens })).toMatchObject({ accepted: false, because: 'the prompt is not shorter' });
  });

  test.each([
    [75, 58, '2.7', '1.3'],
    [200, 157, '1.5', '1.0'],
    [120, 94, '1.7', '1.0'],
  ])('with %d rows and %d right ones, a score below the margin, although the answers became more likely', (rows, right, lost, allowed) => {
    expect(asked({ rows }, { rows, right, nats: 0.15 })).toMatchObject({
      accepted: false,
      because: `300 fewer prompt tokens, but the score is ${lost} points below the best one measured; it may lose ${allowed} points`,
    });
  });

  test('a likelihood that is clearly lower by more than two margins, with an equal score', () => {
    const decision = asked({}, { nats: -0.5 });
    expect(decision.accepted).toBe(false);
    expect(decision.because).toMatch(
      /^300 fewer prompt tokens, but by the log-likelihood there is a 100% chance that it is 2\.7 points worse$/,
    );
  });

  test('a likelihood that varies too much to show anything', () => {
    const decision = asked({}, { noise: 1 });
    expect(decision.accepted).toBe(false);
    expect(decision.because).toMatch(/there is a \d+% chance that it is .* worse/);
  });

  test('a small loss of likelihood that is more than a few tokens are worth', () => {
    const loss = { nats: -0.02 };
    expect(asked({}, loss).accepted).toBe(true);
    const decision = asked({}, { ...loss, tokens: 380 });
    expect(decision).toMatchObject({ accepted: false });
    expect(decision.because).toMatch(
      /^20 fewer prompt tokens, .*: the tokens are worth 0\.1 points, which may be less than the loss, P\(J higher\) 0\.000$/,
    );
  });

  test('anything measured on too few rows; the more were tried, the more rows it takes', () => {
    const of = (rows: number, tried?: number) => asked({ rows, right: rows }, { rows, right: rows }, { tried });
    expect(of(5)).toMatchObject({
      accepted: false,
      because: '5 rows are too few to tell whether the shorter prompt is as good: at least 6 are needed',
    });
    expect(of(6).accepted).toBe(true);
    expect(of(8, 10)).toMatchObject({ accepted: false, because: expect.stringMatching(/at least 9 are needed$/) as string });
    expect(of(9, 10).accepted).toBe(true);
  });

  test('the best of many, where a single one would be certain enough', () => {
    const noisy = { noise: 0.09 };
    const [one, hundred] = [1, 100].map((tried) => asked({}, noisy, { tried }));
    expect([one.accepted, hundred.accepted]).toEqual([true, false]);
  });

  test('weights that cost more of the objective than the tokens are worth', () => {
    const price = 0.015 / scorePerNat([measured(), measured()]);
    const [light, heavy] = [0.5, 1.1].map((share) => asked({}, {}, { weightPenalty: share * price }));
    expect([light.accepted, heavy.accepted]).toEqual([true, false]);
    expect(heavy.because).toContain('which may be less than the loss');
  });
});

describe('what a token is worth', () => {
  test('nothing: then no equal state is accepted for its length, but a more likely one is', () => {
    const worth = { margin: 0.01, perHundredTokens: 0 };
    expect(asked({}, {}, { worth }).accepted).toBe(false);
    expect(asked({}, { nats: 0.1 }, { worth }).accepted).toBe(true);
  });

  test('more: then likelihood may be lost for it, up to two margins', () => {
    const loss = { rows: 200, nats: -0.05 };
    const perHundredTokens = [0.005, 0.02];
    expect(
      perHundredTokens.map((each) => asked({ rows: 200 }, loss, { worth: { margin: 0.05, perHundredTokens: each } }).accepted),
    ).toEqual([false, true]);
    expect(asked({ rows: 200 }, loss, { worth: { margin: 0.001, perHundredTokens: 0.02 } }).accepted).toBe(false);
  });

  test('a margin of five points accepts a score that a margin of one point refuses', () => {
    const margins = [0.01, 0.05];
    const verdicts = margins.map((margin) =>
      asked({ rows: 200 }, { rows: 200, right: 152 }, { worth: { margin, perHundredTokens: 0.005 } }),
    );
    expect(verdicts.map(({ accepted }) => accepted)).toEqual([false, true]);
  });
});

describe('a chain of small losses', () => {
  /** Each state 40 tokens shorter, and one row of 200 worse. */
  const chain = Array.from({ length: 6 }, (_, i) => measured({ rows: 200, right: 160 - i, nats: 0.01 * i, tokens: 400 - 40 * i }));

  test('ends when the best state ever measured is one point away', () => {
    const verdicts = chain.slice(1).map((candidate, i) => decideCheaper(chain[i], candidate, { peak: chain[0] }));
    expect(verdicts.map(({ accepted }) => accepted)).toEqual([true, true, false, false, false]);
    expect(verdicts[2].because).toContain('the score is 1.5 points below the best one measured');
  });

  test('would continue if each state were compared with the one before', () => {
    const verdicts = chain.slice(1).map((candidate, i) => decideCheaper(chain[i], candidate));
    expect(verdicts.map(({ accepted }) => accepted)).toEqual([true, true, true, true, true]);
  });
});

describe('scorePerNat', () => {
  test('is the slope of the line through scores and likelihoods', () => {
    const likelihoods = Array.from({ length: 50 }, (_, i) => -i / 20);
    const scores = likelihoods.map((nats) => 1 + 0.4 * nats);
    expect(scorePerNat([evaluationWith(scores, likelihoods)])).toBeCloseTo(0.4, 10);
  });

  test('uses the rows of all evaluations', () => {
    const [wrong, right] = [evaluationWith([0, 0], [-2, -2]), evaluationWith([1, 1], [0, 0])];
    expect(scorePerNat([wrong, right])).toBeCloseTo(0.5, 10);
  });

  test('is not affected by rows that are lost anyway', () => {
    const scores = [1, 1, 0, 0];
    const slopes = [-5, -50, -1e6].map((lost) => scorePerNat([evaluationWith(scores, [0, 0, lost, lost])]));
    expect(slopes).toEqual([slopes[0], slopes[0], slopes[0]]);
  });

  test.each([
    ['a steep line', [0, 0, 1, 1], [-0.51, -0.51, -0.49, -0.49], 1],
    ['a flat line', [0.5, 0.5, 0.51, 0.51], [-4, -4, 0, 0], 0.05],
    ['one score', [1, 1, 1, 1], [-1, -2, -3, -4], 0.3],
    ['one likelihood', [1, 0, 1, 0], [-1, -1, -1, -1], 0.3],
    ['a line that falls', [1, 1, 0, 0], [-3, -3, -1, -1], 0.3],
  ])('is within its bounds for %s', (_, scores, likelihoods, expected) => {
    expect(scorePerNat([evaluationWith(scores, likelihoods)])).toBeCloseTo(expected, 10);
  });
});

test('evaluations of different rows cannot be compared', () => {
  const shorter = { ...measured({ tokens: 100 }), rows: measured().rows.slice(1) };
  expect(() => decideCheaper(measured(), shorter)).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
});
