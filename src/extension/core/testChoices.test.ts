/** @file Which rows of which prompts a test run is for. */
import { expect, test } from 'vitest';
import { choicesOf, chosenRows, isWhole } from './testChoices.ts';

const rows = ['val:1', 'val:2', 'val:3'].map((id) => ({ id }));
const chosen = (...args: Parameters<typeof choicesOf>): [string, string[], boolean][] =>
  choicesOf(...args).map((choice) => [choice.prompt, chosenRows(choice, rows).map(({ id }) => id), isWhole(choice)]);

test('a prompt stands for all of its rows, in whatever order they are named', () => {
  const all: [string, string[], boolean] = ['a', ['val:1', 'val:2', 'val:3'], true];
  expect(chosen([['a']], [])).toEqual([all]);
  expect(chosen([['a'], ['a', 'val:2']], [])).toEqual([all]);
  expect(chosen([['a', 'val:2'], ['a']], [])).toEqual([all]);
});

test('some rows of some prompts', () => {
  const include = [['a', 'val:3'], ['b', 'val:1'], ['a', 'val:1']] as const; // prettier-ignore
  expect(chosen(include, [])).toEqual([
    ['a', ['val:1', 'val:3'], false],
    ['b', ['val:1'], false],
  ]);
});

test('what is hidden is left out: a prompt, or rows of it', () => {
  expect(chosen([['a'], ['b']], [['b'], ['a', 'val:2']])).toEqual([['a', ['val:1', 'val:3'], false]]);
  expect(chosen([['a'], ['b']], [['b', 'val:2']])[0]).toEqual(['a', ['val:1', 'val:2', 'val:3'], true]);
});
