/** @file The tools as agents see them. */
import { expect, test } from 'vitest';
import type { JsonSchema } from '../fields.ts';
import { tools } from './table.ts';

const inner = ({ properties = {}, items }: JsonSchema): JsonSchema[] => [...Object.values(properties), ...(items ? [items] : [])];

test.each(tools)('$name is described to the last field', ({ name, title, description, input, output }) => {
  expect(name).toMatch(/^[a-z_]+$/);
  expect(title).toMatch(/^[A-Z][^.]+$/);
  expect(description.length).toBeGreaterThan(100);
  const check = (schema: JsonSchema): void => {
    if (schema.type !== 'object') expect(schema.description, JSON.stringify(schema)).toMatch(/\.$/);
    inner(schema).forEach(check);
  };
  for (const schema of [input, output]) inner(schema).forEach(check);
  expect(input.additionalProperties).toBe(false);
});

test('no tool takes a writer, or leave to run code, or accepts what a run found', () => {
  expect(tools.map(({ name }) => name)).toEqual(['render', 'evaluate', 'measure_lines', 'optimize', 'results']);
  const names = tools.flatMap(({ input }) => Object.keys(input.properties ?? {}));
  expect([...new Set(names)].sort()).toEqual(['budget', 'model', 'prompt', 'row', 'rows', 'run', 'seed', 'split', 'tune']);
});

test('only what keeps nothing says so', () => {
  expect(tools.filter(({ readsOnly }) => readsOnly).map(({ name }) => name)).toEqual(['render', 'results']);
});
