/** @file A shape returns data that fits, including unnamed fields. For other data it reports the place and what was expected. */
import { describe, expect, test } from 'vitest';
import { TandemError } from './errors.ts';
import { parseJson } from './json.ts';
import {
  either,
  exactly,
  fileName,
  finite,
  list,
  measured,
  moment,
  object,
  optional,
  pair,
  shaped,
  such,
  table,
  text,
  whole,
  type Shape,
} from './shape.ts';

interface Row {
  readonly name: string;
  readonly score: number;
  readonly tags?: readonly string[];
}
const row = object<Row>({ name: text, score: measured, tags: optional(list(text)) });
const read = <T>(shape: Shape<T>, value: unknown): T => shaped(shape, value, { file: 'a.json' }, 'bad-file');
const complaint = (shape: Shape<unknown>, value: unknown): string => {
  try {
    read(shape, value);
  } catch (error) {
    if (error instanceof TandemError && error.reason === 'bad-file') return error.message;
    throw error;
  }
  return 'none';
};

test('fields that no shape names stay as they are', () => {
  const value = JSON.parse('{"name":"a","score":1,"more":{"deep":[1]},"__proto__":{"x":1}}') as unknown;
  expect(read(row, value)).toEqual(value);
  expect(read(row, value)).not.toHaveProperty('x');
});

test('a number that JSON cannot represent becomes NaN, not 0', () => expect(read(row, { name: 'a', score: null }).score).toBeNaN());

describe('data that does not fit is an error with its place', () => {
  test.each<[string, Shape<unknown>, unknown]>([
    ['The content should be an object, not a list.', row, []],
    ['"name" is missing. It should be a string.', row, { score: 1 }],
    ['"score" should be a number, not "1".', row, { name: 'a', score: '1' }],
    ['"tags.1" should be a string, not null.', row, { name: 'a', score: 1, tags: ['a', null] }],
    ['"tags" should be a list, not an object.', row, { name: 'a', score: 1, tags: {} }],
    ['"b" should be a whole number of at least 0, not -1.', table(whole), { a: 1, b: -1 }],
    ['The content should be "x" or "y", not "z".', exactly('x', 'y'), 'z'],
    ['The content should be even, not 3.', such(whole, (number) => number % 2 === 0, 'even'), 3],
    ['The content should be x, not 3.', either<unknown>('x', text, list(text)), 3],
    ['The content should be a list of two values, not a list.', pair(finite), [1]],
    ['The content is missing. It should be a number.', finite, undefined],
  ])('%s', (message, shape, value) => expect(complaint(shape, value)).toBe(message));

  test('that does not repeat long values', () => expect(complaint(finite, 'x'.repeat(1e6)).length).toBeLessThan(120));
});

test.each(['../x', '..', '', '/x', 'a/b', 'a\\b', 'a\nb', '.x', 'a'.repeat(101)])('%j is not a file name', (name) =>
  expect(complaint(fileName, name)).not.toBe('none'),
);
test.each(['0123456789abcdef', '3.1', 'adapter-1'])('%s is a file name', (name) => expect(read(fileName, name)).toBe(name));
test('a moment is a time that can be parsed', () => {
  expect(complaint(moment, 'x')).toContain('should be a time');
  expect(read(moment, '2026-01-01T00:00:00.000Z')).toBe('2026-01-01T00:00:00.000Z');
});

describe('JSON', () => {
  const reason = (source: string): string => {
    try {
      parseJson(source, { file: 'a.json' }, 'bad-file');
      return 'none';
    } catch (error) {
      return error instanceof TandemError ? error.message : String(error);
    }
  };
  test('that is nested too deeply is refused, even if its strings contain brackets', () => {
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    for (const source of [deep, deep.replaceAll('[', '{"a":').replaceAll(']', '}'), `{"a":${deep}}`])
      expect(reason(source)).toMatch(/nested more than/);
    expect(parseJson(JSON.stringify({ a: deep, b: `\\"${deep}` }), { file: '' }, 'x')).toEqual({ a: deep, b: `\\"${deep}` });
  });
  test('that is invalid is refused', () => {
    for (const source of ['', '{', '"', '"\\', '[1,]', '\u0000']) expect(reason(source)).toBe('This is not valid JSON.');
  });
});
