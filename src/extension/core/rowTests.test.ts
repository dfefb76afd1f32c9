/** @file Rows as tests: their names, and how they came out. */
import { expect, test } from 'vitest';
import type { MeasuredRow, PromptMeasurement } from '../../run/measure.ts';
import { measured as prompt } from './measured.fixture.ts';
import { inputLines, listNote, measuredLines, outcomeOf, rowTestId, rowTestsOf, unlistedFailures } from './rowTests.ts';

const row: MeasuredRow = { row: 'a', line: 7, inputs: { text: 'a cat' }, prediction: 'cat', gold: 'dog', score: 0, logLikelihood: -1.25 };
const measured: PromptMeasurement = {
  ...prompt,
  promptTokens: 3,
  rows: [row, { ...row, line: 9, score: 1, prediction: 'dog' }],
};

test('rows are told apart by their line and split, validation rows first', () => {
  const list = (split: 'val' | 'test'): ReturnType<typeof rowTestsOf> =>
    rowTestsOf({ split, file: '/rows.jsonl', rows: [{ line: 7, text: 'a dog' }, { line: 12, text: '' }], total: 2 }); // prettier-ignore
  expect(list('val').map(({ label }) => label)).toEqual(['a dog', '(empty)']);
  expect(list('test')[0].label).toBe('a dog (held out)');
  const all = [...list('test'), ...list('val')];
  expect(new Set(all.map(({ id }) => id)).size).toBe(4);
  expect(all.sort((a, b) => (a.sortText < b.sortText ? -1 : 1)).map(({ id }) => id)).toEqual(['val:7', 'val:12', 'test:7', 'test:12']);
});

test('a list that was cut says so', () => {
  const list = { split: 'val', file: '/rows.jsonl', rows: [{ line: 1, text: 'a' }], total: 50_000 } as const;
  expect(listNote([list, { ...list, split: 'test', total: 1 }])).toBe('1 of 50000 validation rows are listed');
  expect(listNote([{ ...list, total: 1 }])).toBeUndefined();
});

test('only what the metric calls right has passed; a wrong answer is told beside the right one, and what part of it is worth', () => {
  expect(outcomeOf({ ...row, score: 1 })).toEqual({ right: true });
  expect(outcomeOf(row)).toMatchObject({
    right: false,
    expected: 'dog',
    actual: 'cat',
    message: expect.stringContaining('"cat" instead of "dog"') as string,
  });
  expect(outcomeOf({ ...row, score: 0.75 })).toMatchObject({ right: false, message: expect.stringContaining('(score 0.75)') as string });
});

test('the input of a row stands in the output, column by column', () => {
  expect(inputLines({ line: 7, inputs: { text: 'a cat', place: 'here' } })).toEqual(['Line 7', '  text: a cat', '  place: here']);
});

test('the output of a run says what was measured, and that the test split was opened', () => {
  expect(measuredLines(measured)[0]).toMatch(/^accuracy 72\.0% \[66\.5, 77\.1\]/);
  expect(measuredLines(measured).join()).not.toContain('held-out');
  expect(measuredLines({ ...measured, split: 'test' }).join()).toContain('used the held-out test rows');
});

test('wrong rows that are not listed are named by their lines', () => {
  expect(unlistedFailures(measured, new Set([rowTestId('val', 7)]))).toBeUndefined();
  expect(unlistedFailures(measured, new Set())).toContain('1, in lines 7');
});
