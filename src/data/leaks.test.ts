/** @file All near-duplicates across splits are found, quickly. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { textOf } from '../prompt/values.ts';
import { makeRow, type Row } from './dataset.ts';
import { findLeaks } from './leaks.ts';

const rowsOf = (texts: readonly string[]): Row[] => texts.map((text, place) => makeRow({ text }, place + 1));

describe('findLeaks', () => {
  test('near-duplicates across splits are found whatever their case and punctuation; pairs within a split are not reported', () => {
    const long = 'how do i find out where my new card is right now please';
    const found = findLeaks(
      {
        train: rowsOf([long, `${long}!`, 'short one']),
        val: rowsOf([`${long.toUpperCase()}?`, 'Short  ONE.', 'other words here']),
        test: rowsOf([`${long} and thanks`]),
      },
      ['text'],
    );
    expect(found.map(({ a, b, similarity }) => [a.split, b.split, Number(similarity.toFixed(2))])).toEqual([
      ['train', 'val', 1],
      ['train', 'val', 1],
      ['train', 'val', 1],
      ['train', 'test', 0.85],
      ['train', 'test', 0.85],
      ['val', 'test', 0.85],
    ]);
    expect(findLeaks({ train: rowsOf(['?!']), val: rowsOf(['...', '?!']), test: [] }, ['text'])).toHaveLength(1);
  });

  test('finds exactly the pairs that a comparison of all pairs finds', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const text = fc.array(word, { minLength: 3, maxLength: 9 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), fc.array(text, { maxLength: 8 }), (train, val) => {
        const grams = (each: string) =>
          new Set(
            each
              .split(' ')
              .slice(2)
              .map((_, i) =>
                each
                  .split(' ')
                  .slice(i, i + 3)
                  .join(' '),
              ),
          );
        const similar = (a: string, b: string) => {
          const [x, y] = [grams(a), grams(b)];
          const shared = [...x].filter((gram) => y.has(gram)).length;
          return shared / (x.size + y.size - shared) >= 0.8;
        };
        const expected = train.flatMap((a) => val.filter((b) => similar(a, b)).map((b) => `${a}|${b}`));
        const found = findLeaks({ train: rowsOf(train), val: rowsOf(val), test: [] }, ['text']).map(
          ({ a, b }) => `${textOf(a.row.values.text)}|${textOf(b.row.values.text)}`,
        );
        expect(found.sort()).toEqual(expected.sort());
      }),
      { numRuns: 300 },
    );
  });

  test('10,000 rows take under two seconds', { tags: 'long' }, () => {
    const random = randomStream(5);
    const common = Array.from({ length: 300 }, (_, i) => `w${i}`);
    const sentence = () =>
      `how do i ${Array.from({ length: 12 }, () => common[Math.floor(random.uniform() ** 2 * common.length)]).join(' ')} my card`;
    const rows = rowsOf(Array.from({ length: 10_000 }, sentence));
    // Processor time, because machines are shared.
    const begun = process.cpuUsage();
    findLeaks({ train: rows.slice(0, 6000), val: rows.slice(6000, 8000), test: rows.slice(8000) }, ['text']);
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
