/** @file How scores of labels with different lengths are made comparable. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lengthSlope, logShare, normalized } from './labelScores.ts';

const scores = (...pairs: readonly (readonly [logLikelihood: number, tokens: number])[]) =>
  pairs.map(([logLikelihood, tokens]) => ({ logLikelihood, tokens }));

test('scores are summed, averaged per token, or corrected by a slope', () => {
  const raw = scores([-2, 1], [-6, 3]);
  expect(normalized(raw, 'sum')).toEqual([-2, -6]);
  expect(normalized(raw, 'tokens')).toEqual([-2, -2]);
  expect(normalized(raw, { slope: -1.5 })).toEqual([-0.5, -1.5]);
});

describe('the slope on length', () => {
  test('is measured within rows: a row that is harder as a whole does not change it', () => {
    expect(lengthSlope([scores([-2, 1], [-4, 2]), scores([-12, 1], [-14, 2])])).toBe(-2);
  });

  test('is absent if all labels have the same length', () => {
    expect(lengthSlope([scores([-2, 2], [-4, 2])])).toBeUndefined();
  });

  test('correcting for the cost of a token chooses the label with the highest length-free score', () => {
    const label = fc.record({ tokens: fc.integer({ min: 1, max: 9 }), own: fc.double({ min: 0, max: 3, noNaN: true }) });
    fc.assert(
      fc.property(
        fc.double({ min: -4, max: 0.5, noNaN: true }),
        fc.array(label, { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 0, max: 11 }),
        fc.array(fc.double({ min: -50, max: 0, noNaN: true }), { minLength: 1, maxLength: 5 }),
        (cost, labels, at, rows) => {
          // Every label is right once over the rows, so the differences between labels are independent of their length.
          const gain = 4;
          const right = at % labels.length;
          const asked = (offset: number, best: number) =>
            labels.map(({ tokens }, place) => ({ tokens, logLikelihood: offset + cost * tokens + (place === best ? gain : 0) }));
          const measured = rows.flatMap((offset) => labels.map((_, best) => asked(offset, best)));
          const slope = lengthSlope(measured) ?? 0;
          const chosen = normalized(asked(rows[0], right), { slope });
          expect(chosen.indexOf(Math.max(...chosen))).toBe(right);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('a share does not depend on how likely the labels are in total', () => {
  expect(logShare(scores([-2, 1], [-2, 3]), 0)).toBeCloseTo(Math.log(0.5), 12);
  expect(logShare(scores([-1002, 1], [-1001, 3]), 1)).toBeCloseTo(-Math.log(1 + Math.exp(-1)), 12);
});
