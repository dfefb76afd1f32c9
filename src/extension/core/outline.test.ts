import { expect, test } from 'vitest';
import { allSections, outlineOf } from './outline.ts';

const linesOf = (text: string): [string, number, number][] => allSections(outlineOf(text)).map(({ title, from, to }) => [title, from, to]);

test('front matter and headings are sections, each up to the next one of its level', () => {
  const text = '---\ntandem:\n  data: rows.jsonl\n---\nHello\n# One\na\n## Inner\nb\n# Two #\nc\n';
  expect(linesOf(text)).toEqual([
    ['Front matter', 0, 3],
    ['One', 5, 8],
    ['Inner', 7, 8],
    ['Two', 9, 10],
  ]);
  expect(outlineOf(text).map(({ within }) => within.length)).toEqual([0, 1, 0]);
});

test('the same with line ends of Windows', () => {
  const text = '---\ntandem:\n---\n# One\na\n';
  expect(linesOf(text.replaceAll('\n', '\r\n'))).toEqual(linesOf(text));
});

test('what only looks like a heading is none', () => {
  expect(linesOf('```\n# In a fence\n~~~\n```\n#hash\n    # code\n#\n')).toEqual([['#', 6, 6]]);
  expect(linesOf('~~~~ md\n# In a fence\n~~~\n# still\n~~~~\n# Out\n')).toEqual([['Out', 5, 5]]);
  expect(linesOf('---\n# a comment of YAML\ntandem:\n---\n')).toEqual([['Front matter', 0, 3]]);
});

test('a level may be left out, and a text may have no section', () => {
  expect(linesOf('### Deep\na\n# Top\n### Deep again\n')).toEqual([
    ['Deep', 0, 1],
    ['Top', 2, 3],
    ['Deep again', 3, 3],
  ]);
  expect(linesOf('')).toEqual([]);
  expect(linesOf('Hello')).toEqual([]);
});

test('a file of many headings is no problem', () => {
  expect(linesOf('# a\n'.repeat(20_000))).toHaveLength(20_000);
});
