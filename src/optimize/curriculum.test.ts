/** @file The curriculum of data: difficulty, roles and batches, on made-up measurements. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { RowResult } from '../evaluate/evaluation.ts';
import { competence, leastMeasured, pacedBatches, pacings, recordRows, roleOf, rowsOf, type Difficulties } from './curriculum.ts';

const rows: Row[] = Array.from({ length: 60 }, (_, i) => makeRow({ text: `row ${i}` }, i + 1));
const result = (row: Row, score: number, likelihood: number): RowResult => ({
  row: row.id,
  prediction: '',
  gold: '',
  score,
  logLikelihood: Math.log(likelihood),
});
/** A third is always failed, a third always passed, the rest is in between. */
const likelihoodOf = (place: number): number => [0.01, 0.5, 0.99][place % 3];
const look = (known: Difficulties = {}): Difficulties =>
  recordRows(
    known,
    rows.map((row, place) => result(row, place % 3 === 2 ? 1 : 0, likelihoodOf(place))),
  );
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('roles', () => {
  test('rows that always failed are for the prompt, those that always passed are guards, and the others train', () => {
    const known = look(look());
    expect(rows.map(({ id }) => roleOf(known[id]))).toEqual(rows.map((_, place) => (['prompt', 'weights', 'guard'] as const)[place % 3]));
    expect(rowsOf('prompt', rows, known)).toHaveLength(20);
  });

  test('change as the model learns: a row that failed once and has passed since trains, and never becomes a guard', () => {
    const [row] = rows;
    let known = recordRows({}, [result(row, 0, 0.01)]);
    expect(roleOf(known[row.id])).toBe('prompt');
    for (let i = 0; i < 20; i++) known = recordRows(known, [result(row, 1, 1)]);
    expect(known[row.id].success).toBeGreaterThan(0.99);
    expect(roleOf(known[row.id])).toBe('weights');
  });

  test('a row that was never measured trains', () => expect(roleOf(undefined)).toBe('weights'));
});

test('looks take turns: no row is measured twice before all were measured once', () => {
  let known: Difficulties = {};
  for (let i = 0; i < 3; i++)
    known = recordRows(
      known,
      leastMeasured(rows, known, 20, 1).map((row) => result(row, 1, 1)),
    );
  expect(Object.values(known).map(({ measured }) => measured)).toEqual(rows.map(() => 1));
});

describe('pacing', () => {
  test('grows from the first share to all rows at half of the budget, faster with the root', () => {
    for (const pacing of ['linear', 'root'] as const) {
      expect(competence(pacing, 0, 0.25)).toBeCloseTo(0.25);
      expect(competence(pacing, 0.5, 0.25)).toBeCloseTo(1);
      expect(competence(pacing, 0.9, 0.25)).toBeCloseTo(1);
    }
    expect(competence('root', 0.1, 0.25)).toBeGreaterThan(competence('linear', 0.1, 0.25));
  });

  test.each(['linear', 'root'] as const)('%s: the easiest rows come first, each once before any twice, and all of them later', (pacing) => {
    const known = look();
    let progress = 0;
    const draw = pacedBatches(rows, pacing, 7, () => ({ known, progress }));
    const first = [...draw(8), ...draw(8)];
    expect(new Set(first).size).toBe(first.length);
    // The easiest sixteen are among the rows that always pass.
    for (const row of first) expect(known[row.id].success).toBeGreaterThan(0.9);
    progress = 1;
    const later = Array.from({ length: 8 }, () => draw(8)).flat();
    expect(new Set([...first, ...later]).size).toBe(rows.length);
  });

  test('self-paced: a batch succeeds half of the time, whether most rows are hard or easy', () => {
    for (const easy of [0.3, 0.7]) {
      const known = recordRows(
        {},
        rows.map((row, place) => result(row, place < easy * rows.length ? 1 : 0, place < easy * rows.length ? 0.9 : 0.1)),
      );
      const draw = pacedBatches(rows, 'self-paced', 3, () => ({ known, progress: 0 }));
      const drawn = Array.from({ length: 4 }, () => draw(8)).flat();
      expect(Math.abs(mean(drawn.map(({ id }) => known[id].success)) - 0.5)).toBeLessThan(0.13);
    }
  });

  test('self-paced: new measurements count at once', () => {
    let known = look();
    const draw = pacedBatches(rows, 'self-paced', 3, () => ({ known, progress: 0 }));
    draw(8);
    // Suddenly the third that always failed can be learned.
    const learnt = (row: Row): boolean => rows.indexOf(row) % 3 === 0;
    for (let i = 0; i < 12; i++)
      known = recordRows(
        known,
        rows.map((row, place) => result(row, learnt(row) ? place % 2 : 1, learnt(row) ? 0.5 : 1)),
      );
    const share = mean(
      Array.from({ length: 3 }, () => draw(8))
        .flat()
        .map((row) => (learnt(row) ? 1 : 0)),
    );
    expect(share).toBeGreaterThan(0.6);
  });

  test('any measurements, any size: a batch has as many different rows as asked, and the same seed gives the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), likelihood: fc.double({ min: 0, max: 1, noNaN: true }) }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.constantFrom(...pacings),
        fc.integer({ min: 1, max: 70 }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (measured, pacing, count, progress) => {
          const known = recordRows(
            {},
            measured.map(({ score, likelihood }, i) => result(rows[i], score, likelihood)),
          );
          const [one, other] = [0, 1].map(() => pacedBatches(rows, pacing, 5, () => ({ known, progress })));
          for (let i = 0; i < 3; i++) {
            const batch = one(count);
            expect(new Set(batch).size).toBe(Math.min(count, rows.length));
            expect(other(count)).toEqual(batch);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
