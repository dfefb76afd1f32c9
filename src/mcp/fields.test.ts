/** @file A field's JSON Schema and its check say the same. */
import { expect, test } from 'vitest';
import { bound, choice, closed, flag, list, number, object, optional, readInput, text, whole } from './fields.ts';

interface Example {
  readonly name: string;
  readonly rows?: number;
  readonly kind?: 'one' | 'other';
  readonly parts?: readonly { readonly open: boolean; readonly end: number; readonly share: number }[];
}

const example = closed<Example>({
  name: text('A name.'),
  rows: optional(whole('How many.', 2)),
  kind: optional(choice('Which.', ['one', 'other'])),
  parts: optional(list('Its parts.', object({ open: flag('Is it?'), end: bound('Its end.'), share: number('Its share.') }))),
});

test('an object becomes the schema that clients read', () => {
  expect(example.schema).toEqual({
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: { type: 'string', description: 'A name.' },
      rows: { type: 'integer', minimum: 2, description: 'How many.' },
      kind: { type: 'string', enum: ['one', 'other'], description: 'Which.' },
      parts: {
        type: 'array',
        description: 'Its parts.',
        items: {
          type: 'object',
          required: ['open', 'end', 'share'],
          properties: {
            open: { type: 'boolean', description: 'Is it?' },
            end: { type: ['number', 'null'], description: 'Its end.' },
            share: { type: 'number', description: 'Its share.' },
          },
        },
      },
    },
  });
});

test('what fits is taken as it is', () => {
  const input = { name: 'a', rows: 2, kind: 'other', parts: [{ open: true, end: 1, share: 0.5 }] };
  expect(readInput('try', example, input)).toEqual(input);
  expect(readInput('try', example, { name: '' })).toEqual({ name: '' });
});

test.each([
  [{}, '"name" is missing. It should be a string.'],
  [{ name: 1 }, '"name" should be a string, not 1.'],
  [{ name: 'a', rows: 1 }, '"rows" should be a whole number of at least 2, not 1.'],
  [{ name: 'a', rows: 2.5 }, '"rows" should be a whole number of at least 0, not 2.5.'],
  [{ name: 'a', kind: 'third' }, '"kind" should be "one" or "other", not "third".'],
  [{ name: 'a', parts: [{ open: 'yes' }] }, '"parts.0.open" should be true or false, not "yes".'],
  [{ name: 'a', extra: 1 }, 'There is no input "extra".'],
  ['a', 'The content should be an object, not "a".'],
])('%o does not fit', (input, message) => {
  expect(() => readInput('try', example, input)).toThrow(
    expect.objectContaining({ reason: 'bad-input', message, hint: 'The inputs of try are: name, rows, kind, parts.' }),
  );
});
