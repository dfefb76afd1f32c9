/** @file Values as texts, and in YAML and back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { quote } from './editYaml.ts';
import { mapScalars, textIn, textOf, valueLike, type Value } from './values.ts';
import { yamlText, yamlValue } from './yamlValues.ts';

test.each<[Value, string]>([
  ['as it is', 'as it is'],
  [null, ''],
  [9.5, '9.5'],
  [false, 'false'],
  [[1, { a: null }], '[1,{"a":null}]'],
])('the text of %j', (value, text) => {
  expect(textOf(value)).toBe(text);
});

test.each<[string, Value | undefined, Value]>([
  ['7', 'a text', '7'],
  ['7', undefined, '7'],
  ['7', 1, 7],
  ['["a"]', ['b'], ['a']],
  ['no list', ['b'], 'no list'],
])('%j in a column of %j', (text, like, value) => {
  expect(valueLike(text, like)).toEqual(value);
});

test('a missing column has no text, even if objects inherit a property with its name', () => {
  expect(textIn({ a: 1 }, 'constructor')).toBe('');
});

test('another value has the same shape', () => {
  expect(mapScalars({ a: ['x', 2], b: { c: null } }, () => '')).toEqual({ a: ['', ''], b: { c: '' } });
});

test.each<[string, Value]>([
  ['30', 30],
  ['-9.5', -9.5],
  ['false', false],
  ['null', null],
  ['~', null],
  ['5.0', '5.0'],
  ['007', '007'],
  ['0x1f', '0x1f'],
  ['1e3', '1e3'],
  ['12345678901234567890', '12345678901234567890'],
  ['.inf', '.inf'],
  ['True', 'True'],
  ["'30'", '30'],
  ['[a, {b: 1}]', ['a', { b: 1 }]],
])('%s in YAML', (source, value) => {
  const document = parseDocument(source);
  expect(yamlValue(document.contents, document)).toEqual(value);
});

test('a written value is read back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
      const value = JSON.parse(JSON.stringify(json)) as Value;
      const document = parseDocument(`a: ${yamlText(value, quote)}\n`);
      expect(document.errors).toEqual([]);
      expect(yamlValue(document.get('a', true), document)).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

test.each(['&a [*a]', '*nowhere', `{ a: &a [1,1,1,1,1,1,1,1,1,1], b: &b [${'*a,'.repeat(99)}*a], c: [${'*b,'.repeat(99)}*b] }`])(
  'a value that has no end is none',
  (source) => {
    const document = parseDocument(source);
    expect(yamlValue(document.contents, document)).toBeUndefined();
  },
);
