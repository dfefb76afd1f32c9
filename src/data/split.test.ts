/** @file Splits and samples depend on the rows alone, not on their order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { textOf } from '../prompt/values.ts';
import { makeRow, type Row } from './dataset.ts';
import { limitRows, splitNames, splitRows } from './split.ts';

const rowsOf = (texts: readonly string[]): Row[] =>
  texts.map((text, place) => makeRow({ text, label: text.length % 2 ? 'odd' : 'even' }, place + 1));
const numbered = (n: number): Row[] => rowsOf(Array.from({ length: n }, (_, i) => `row ${i} ${'x'.repeat(i % 7)}`));
const texts = (rows: readonly Row[]) => rows.map(({ values }) => textOf(values.text)).sort();

describe('splitRows', () => {
  test('splits do not depend on the order of the rows, keep copies of a row together and contain every row once', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { minLength: 10 }), fc.nat(), (all, seed) => {
        fc.pre(new Set(all).size >= 3);
        const rows = rowsOf(all);
        const splits = splitRows(rows, { seed });
        const shuffled = splitRows(randomStream(seed).shuffle(rows), { seed });
        for (const name of splitNames) {
          expect(texts(shuffled[name])).toEqual(texts(splits[name]));
          expect(splits[name]).not.toHaveLength(0);
          const others = new Set(splitNames.filter((each) => each !== name).flatMap((each) => texts(splits[each])));
          for (const text of texts(splits[name])) expect(others).not.toContain(text);
        }
        expect(splitNames.flatMap((name) => splits[name])).toHaveLength(rows.length);
      }),
    );
  });

  test('splits are about 60/20/20, and added rows leave the others where they are', () => {
    const few = splitRows(numbered(1000), { seed: 1 });
    const more = splitRows(numbered(2000), { seed: 1 });
    expect(Math.abs(few.train.length - 600)).toBeLessThan(50);
    expect(Math.abs(few.test.length - 200)).toBeLessThan(40);
    for (const name of splitNames) expect(texts(more[name])).toEqual(expect.arrayContaining(texts(few[name])));
    expect(texts(splitRows(numbered(1000), { seed: 2 }).test)).not.toEqual(texts(few.test));
  });

  test('a small file gets enough validation rows that a result can be kept, and its test rows stay where they are', () => {
    for (let count = 8; count <= 60; count += 4) {
      const { train, val, test } = splitRows(numbered(count), { seed: 3 });
      expect(val.length).toBeGreaterThanOrEqual(Math.min(9, Math.round(0.4 * count)));
      expect(train.length).toBeGreaterThan(count / 4);
      const more = splitRows(numbered(count + 40), { seed: 3 });
      expect(texts(more.test)).toEqual(expect.arrayContaining(texts(test)));
      // With enough rows none has to move: no training row of the small file is a validation row of the large one.
      expect(texts(more.val).filter((text) => texts(train).includes(text))).toEqual([]);
    }
    expect(splitRows(numbered(24), { seed: 3 }).val).toHaveLength(9);
  });

  test('explicit counts are met, and too many are refused', () => {
    const { train, val, test } = splitRows(numbered(100), { seed: 0, counts: { train: 32, val: 50, test: 0 } });
    expect([train.length, val.length, test.length]).toEqual([32, 50, 0]);
    expect(() => splitRows(numbered(10), { seed: 0, counts: { train: 8, val: 2, test: 1 } })).toThrow(
      expect.objectContaining({ reason: 'too-few-rows' }),
    );
    expect(() => splitRows(numbered(2), { seed: 0, file: 'a.jsonl' })).toThrow(
      expect.objectContaining({
        reason: 'too-few-rows',
        message: 'The data has 2 different rows, but train, val, test need one each.',
        where: { file: 'a.jsonl' },
      }),
    );
  });
});

test('limitRows picks the same rows in any order, keeps the rows of a smaller limit, and balances labels if asked', () => {
  const rows = [
    ...rowsOf(Array.from({ length: 90 }, (_, i) => 'x'.repeat(2 * i))),
    ...rowsOf(Array.from({ length: 10 }, (_, i) => 'x'.repeat(2 * i + 1))),
  ];
  const ten = limitRows(rows, 10, 3);
  expect(texts(limitRows(randomStream(1).shuffle(rows), 10, 3))).toEqual(texts(ten));
  expect(limitRows(rows, 20, 3)).toEqual(expect.arrayContaining(ten));
  const balanced = limitRows(rows, 16, 3, { balance: 'label' });
  expect(balanced.filter(({ values }) => values.label === 'odd')).toHaveLength(8);
  expect(limitRows(rows, 500, 3)).toEqual(rows);
});
