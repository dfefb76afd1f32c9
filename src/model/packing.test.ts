/** @file Which tokens a batch shares, the position of each, and what it may attend to. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commonPrefix, packRows, type PackedRow } from './packing.ts';

describe('commonPrefix', () => {
  test('is the common beginning of all rows', () => {
    expect(
      commonPrefix([
        [1, 2, 3, 4],
        [1, 2, 9],
        [1, 2, 3, 5],
      ]),
    ).toBe(2);
    expect(
      commonPrefix([
        [1, 2],
        [2, 1],
      ]),
    ).toBe(0);
    expect(commonPrefix([])).toBe(0);
  });

  test('leaves every row at least one token of its own, whose prediction can be requested', () => {
    expect(commonPrefix([[1, 2, 3]])).toBe(2);
    expect(
      commonPrefix([
        [1, 2, 3],
        [1, 2, 3],
      ]),
    ).toBe(2);
    expect(
      commonPrefix([
        [1, 2, 3],
        [1, 2],
      ]),
    ).toBe(1);
    expect(commonPrefix([[7], [7, 8]])).toBe(0);
  });
});

/** A row as a list or a tree. A token's parent comes before it. */
const row: fc.Arbitrary<PackedRow> = fc.array(fc.tuple(fc.nat(99), fc.nat()), { minLength: 1, maxLength: 7 }).chain((drawn) => {
  const tokens = drawn.map(([token]) => token);
  return fc.constantFrom<PackedRow>({ tokens }, { tokens, parents: drawn.map(([, parent], t) => (t === 0 ? -1 : parent % t)) });
});

/** The tokens on the path from a token up to the root, including itself. */
function wayUp({ parents }: PackedRow, token: number): number[] {
  const way = [];
  for (let t = token; t >= 0; t = parents ? parents[t] : t - 1) way.push(t);
  return way;
}

describe('packRows', () => {
  test("a token sees its ancestors, itself and its row's cache, and its position follows theirs", () => {
    const batch = fc.array(row, { minLength: 1, maxLength: 4 }).chain((rows) =>
      fc.tuple(
        fc.constant(rows),
        fc.nat(50),
        fc.nat(4).chain((slots) => fc.tuple(...rows.map(() => fc.array(fc.nat(1), { minLength: slots, maxLength: slots })))),
      ),
    );
    fc.assert(
      fc.property(batch, ([rows, start, past]) => {
        const { feeds, offsets } = packRows(
          rows,
          start,
          past.map((slots) => Uint8Array.from(slots)),
        );
        const [, length, keys] = feeds.mask.shape;
        rows.forEach((each, r) => {
          const cached = past[r].flatMap((held, slot) => (held ? [slot] : []));
          each.tokens.forEach((token, t) => {
            const seen = [...cached, ...wayUp(each, t).map((other) => past[r].length + other)].sort((a, b) => a - b);
            const line = feeds.mask.data.subarray((r * length + t) * keys, (r * length + t + 1) * keys);
            expect([...line].flatMap((value, key) => (value === 0 ? [key] : []))).toEqual(seen);
            expect(feeds.ids.data[offsets[r] + t]).toBe(token);
            expect(feeds.positions.data[offsets[r] + t]).toBe(start + seen.length - 1);
          });
        });
      }),
    );
  });

  test('packed tokens and padded places refer to each other, and padding refers to nothing', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
        const { feeds, offsets } = packRows(rows, 0);
        const [, length] = feeds.rowIndex.shape;
        rows.forEach(({ tokens }, r) => {
          for (let t = 0; t < length; t++) expect(feeds.rowIndex.data[r * length + t]).toBe(t < tokens.length ? offsets[r] + t : -1);
          tokens.forEach((_, t) => expect(feeds.packIndex.data[offsets[r] + t]).toBe(r * length + t));
        });
      }),
    );
  });

  test('padding attends to something, so that its softmax is a number', () => {
    const { feeds } = packRows([{ tokens: [1, 2, 3] }, { tokens: [4] }], 0, [Uint8Array.of(0), Uint8Array.of(0)]);
    const lines = Array.from({ length: 6 }, (_, i) => feeds.mask.data.subarray(4 * i, 4 * i + 4));
    for (const line of lines) expect([...line]).toContain(0);
  });
});
