/** @file When there is something to review. */
import { expect, test } from 'vitest';
import { hasOpenChanges } from './proposals.ts';

const before = 'one\ntwo\nthree\n';
const proposal = { file: '/a.prompt.md', before, after: 'one\n2\nthree\nfour\n' };

test.each([
  ['before', before, true],
  ['after', proposal.after, false],
  ['after, with other line endings and a BOM', `\uFEFF${proposal.after.replaceAll('\n', '\r\n')}`, false],
  ['with one change accepted', 'one\n2\nthree\n', true],
  ['with other edits beside the changes', 'zero\none\n2\nthree\nfour\n', false],
  ['with an edit at the same line', 'one\nTWO\nthree\nfour\n', true],
])('a text %s', (_, text, open) => {
  expect(hasOpenChanges(proposal, text)).toBe(open);
});

test('a run that found nothing better offers nothing', () => {
  expect(hasOpenChanges({ ...proposal, after: before }, before)).toBe(false);
});
