/** @file Hunks are exact: all of them give the new text, none gives the old one, and they follow a text that moved. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyHunks, diffHunks, rebaseHunks, unifiedDiff } from './hunks.ts';

const line = fc.constantFrom('a', 'b', 'c', '', 'Straße 🙂', '  x', '{{demos}}', 'a\r');
const ending = fc.constantFrom('\n', '\r\n');
const text = fc
  .tuple(fc.constantFrom('', '\uFEFF'), fc.array(fc.tuple(line, ending), { maxLength: 12 }), fc.constantFrom('', 'a', 'end'))
  .map(([bom, lines, last]) => bom + lines.flat().join('') + last);
const ids = (hunks: readonly { id: string }[]) => hunks.map(({ id }) => id);

describe('diffHunks and applyHunks', () => {
  test('all accepted hunks give the new text, none gives the old one, and any subset keeps lines whole', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0 }), (before, after, mask) => {
        const hunks = diffHunks(before, after);
        expect(applyHunks(before, hunks, ids(hunks))).toBe(after);
        expect(applyHunks(before, hunks, [])).toBe(before);
        const some = applyHunks(
          before,
          hunks,
          ids(hunks).filter((_, i) => (mask >> i) & 1),
        );
        const known = new Set([before, after].flatMap((each) => each.match(/[^\n]*\n|[^\n]+$/g) ?? []));
        for (const each of some.match(/[^\n]*\n|[^\n]+$/g) ?? []) expect(known).toContain(each);
      }),
      { numRuns: 500 },
    );
  });

  test('each changed place is one hunk', () => {
    expect(diffHunks('a\nb\nc\nd\n', 'a\nB\nc\nd\ne')).toEqual([
      { id: '1', line: 1, before: 'b\n', after: 'B\n' },
      { id: '2', line: 4, before: '', after: 'e' },
    ]);
    expect(diffHunks('a\r\n', 'a\n')).toHaveLength(1);
    expect(diffHunks('a', 'a\n')).toEqual([{ id: '1', line: 0, before: 'a', after: 'a\n' }]);
  });
});

test('at a place that only loses text, each paragraph can be deleted separately', () => {
  const before = 'Be brief.\n\nRules:\n- one\n- two\n\n\nThe end.\nText:\n';
  const hunks = diffHunks(before, 'Text:\n');
  expect(hunks.map((hunk) => [hunk.line, hunk.before])).toEqual([
    [0, 'Be brief.\n\n'],
    [2, 'Rules:\n- one\n- two\n\n\n'],
    [7, 'The end.\n'],
  ]);
  expect(applyHunks(before, hunks, ['1', '3'])).toBe('Rules:\n- one\n- two\n\n\nText:\n');
  expect(diffHunks(before, 'Be kind.\nText:\n')).toHaveLength(1);
});

describe('rebaseHunks', () => {
  const before = 'a\nb\nc\nd\ne\n';
  const hunks = diffHunks(before, 'a\nB\nc\nd\nE\n');

  test('an unchanged text changes nothing', () => {
    fc.assert(
      fc.property(text, text, (old, next) => {
        const all = diffHunks(old, next);
        expect(rebaseHunks(old, all, old)).toEqual({ applied: all, conflicts: [], present: [] });
      }),
    );
  });

  test('hunks move with lines that were added or removed above them', () => {
    const changed = 'new\nnew\na\nb\nd\ne\n';
    const { applied, conflicts } = rebaseHunks(before, hunks, changed);
    expect(conflicts).toEqual([]);
    expect(applyHunks(changed, applied, ids(applied))).toBe('new\nnew\na\nB\nd\nE\n');
  });

  test('a hunk whose lines were changed is a conflict, and one that is already there is present', () => {
    const { applied, conflicts, present } = rebaseHunks(before, hunks, 'a\nmine\nc\nd\nE\n');
    expect([applied, ids(conflicts), ids(present)]).toEqual([[], ['1'], ['2']]);
  });

  test('two insertions at the same place, or after a last line without newline, conflict', () => {
    expect(ids(rebaseHunks('a\n', diffHunks('a\n', 'a\nb\n'), 'a\nc\n').conflicts)).toEqual(['1']);
    expect(ids(rebaseHunks('a', diffHunks('a', 'a\nb'), 'a\nc').conflicts)).toEqual(['1']);
  });

  test('in a text that has some of the hunks, those are present and the rest still applies, even if lines are alike', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0 }), (old, next, mask) => {
        const all = diffHunks(old, next);
        const some = applyHunks(
          old,
          all,
          ids(all).filter((_, i) => (mask >> i) & 1),
        );
        const { applied, conflicts, present } = rebaseHunks(old, all, some);
        expect(conflicts).toEqual([]);
        expect(applyHunks(old, all, ids(present))).toBe(some);
        expect(applyHunks(some, applied, ids(applied))).toBe(next);
        const back = present.map((hunk) => ({ ...hunk, before: hunk.after, after: hunk.before }));
        expect(applyHunks(some, back, ids(back))).toBe(old);
      }),
      { numRuns: 500 },
    );
  });

  test('changes of disjoint parts are both kept, whichever is applied first', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), text, fc.array(line, { minLength: 1 }), (head, next, tail) => {
        const [h, t] = [head, tail].map((lines) => lines.map((each) => each + '\n').join(''));
        const old = `${h}=== divider\n${t}`;
        const mine = diffHunks(old, `${next}\n=== divider\n${t}`);
        const { applied, conflicts, present } = rebaseHunks(old, mine, `${h}=== divider\n${t}tail\n`);
        expect([conflicts, present]).toEqual([[], []]);
        expect(applyHunks(`${h}=== divider\n${t}tail\n`, applied, ids(applied))).toBe(`${next}\n=== divider\n${t}tail\n`);
      }),
    );
  });
});

test('unifiedDiff prints what diff -u prints', () => {
  expect(unifiedDiff('x.md', 'a\nb', 'a\nc\n')).toBe('--- a/x.md\n+++ b/x.md\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n');
  expect(unifiedDiff('x.md', 'a', 'a')).toBe('');
});
