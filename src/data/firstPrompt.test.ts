/** @file Tandem reads its first prompt files without complaint, whatever the columns are called. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkColumns, requireUsable, type PromptFile } from '../prompt/promptFile.ts';
import { prompty } from '../prompt/kinds/prompty.ts';
import { beginnableEndings, beginnableKindOf } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { render } from '../prompt/template.ts';
import { namedColumns, namedRow } from './columns.ts';
import { makeRow, type Dataset } from './dataset.ts';
import { firstPrompt } from './firstPrompt.ts';

const dataOf = (rows: readonly Record<string, string>[]): Dataset => ({
  file: '/data.csv',
  columns: Object.keys(rows[0]),
  rows: rows.map((values, place) => makeRow(values, place + 2)),
  bad: [],
  hash: '',
});
const many = (n: number, row: (i: number) => Record<string, string>): Dataset => dataOf(Array.from({ length: n }, (_, i) => row(i)));
const parsed = (text: string, ending = '.prompt.md'): PromptFile => requireUsable(parsePromptFile(`/data${ending}`, text));

describe('firstPrompt', () => {
  test('few different answers are labels; ids are not read; the predicted column is the last one or one named like an answer', () => {
    const data = many(30, (i) => ({ id: String(i), customer_message: `message ${i}`, intent: i % 2 ? 'card' : 'fees', channel: `c${i}` }));
    const { text, ...guessed } = firstPrompt(data, 'data/messages.csv');
    expect(guessed).toEqual({ output: 'intent', inputs: ['customer_message', 'channel'], labels: 2 });
    expect(text).toBe(`---
description: Predict the intent from the customer message and channel
tandem:
  data: data/messages.csv
  output: intent
  labels: from-data
---
Read the customer message and channel and give the intent.

{{demos}}
Customer message: \${input:customer_message}
Channel: \${input:channel}
Intent:
`);
    expect(checkColumns(parsed(text), data.columns).filter(({ severity }) => severity !== 'information')).toEqual([]);
  });

  test('a file of another kind is written in its language, with new names for columns that the language cannot read', () => {
    const data = many(30, (i) => ({ 'customer message': `message ${i}`, größe: `g${i}`, intent: i % 2 ? 'card' : 'fees' }));
    const { text } = firstPrompt(data, 'a.csv', { fileKind: prompty });
    expect(text).toBe(`---
description: Predict the intent from the customer message and column
tandem:
  data: a.csv
  columns:
    customer_message: customer message
    column: größe
  output: intent
  labels: from-data
---
system:
Read the customer message and column and give the intent.

user:
{{demos}}
Customer message: {{customer_message}}
Column: {{column}}
Intent:
`);
  });

  test('a hundred different answers are labels in many rows and free text in few', () => {
    const answers = (rows: number): unknown =>
      firstPrompt(
        many(rows, (i) => ({ text: `t ${i}`, intent: `i${i % 100}` })),
        'a.csv',
      ).labels;
    expect([answers(1200), answers(400)]).toEqual([100, undefined]);
  });

  test.each([
    ['numbers', (i: number) => String(i * 3), 'numeric'],
    ['JSON', (i: number) => `{"n": ${i}}`, 'json-match'],
    ['sentences', (i: number) => `there are ${i} of them here`, 'token-f1'],
    ['words', (i: number) => `word${i}x`, undefined],
  ])('free text: %s', (_, answer, metric) => {
    const {
      text,
      labels,
      metric: guessed,
    } = firstPrompt(
      many(20, (i) => ({ question: `q ${i}`, answer: answer(i) })),
      'a.csv',
    );
    expect([labels, guessed]).toEqual([undefined, metric]);
    expect(parsed(text).settings).toMatchObject({ output: 'answer', metric: metric ?? 'exact-match' });
    expect(parsed(text).settings).not.toHaveProperty('labels');
  });

  test('requests are followed, and a missing column is refused', () => {
    const data = many(20, (i) => ({ a: `a${i}`, b: i % 2 ? 'x' : 'y' }));
    expect(firstPrompt(data, 'a.csv', { output: 'a' })).toMatchObject({ output: 'a', inputs: ['b'] });
    expect(firstPrompt(data, 'a.csv', { kind: 'text' })).not.toHaveProperty('labels');
    expect(() => firstPrompt(data, 'a.csv', { output: 'c' })).toThrow(expect.objectContaining({ reason: 'missing-output' }) as Error);
    expect(() =>
      firstPrompt(
        many(3, (i) => ({ a: String(i) })),
        'a.csv',
      ),
    ).toThrow(expect.objectContaining({ reason: 'too-few-columns' }) as Error);
  });

  const kinds = beginnableEndings().map((ending) => beginnableKindOf(ending)!);
  test.for(kinds)(
    'whatever the columns and the file are called, a $endings.0 file is valid and reads every input',
    { tags: 'long' },
    (fileKind) => {
      const name = fc.oneof(
        fc.string({ minLength: 1, maxLength: 12 }),
        fc.constantFrom('a:b', '}', '${x}', '---', 'true', ' x ', 'tandem', '"', '#', 'é'),
      );
      fc.assert(
        fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 5 }), fc.string({ minLength: 1 }), (columns, path) => {
          fc.pre(columns.every((column) => column.trim() !== '' && column !== '__proto__' && !/[\r\n]/.test(column)));
          const data = many(8, (i) => Object.fromEntries(columns.map((column, place) => [column, `value ${place} ${i}`])));
          const { text, output, inputs } = firstPrompt(data, path, { fileKind });
          const file = parsed(text, fileKind.endings[0]);
          expect(file.settings.data).toBe(path);
          const named = namedColumns(data.columns, file.settings.columns);
          expect(checkColumns(file, named).filter(({ severity }) => severity !== 'information')).toEqual([]);
          const row = namedRow(data.rows[0], file.settings.columns);
          const shown = render(file.prompt, row.values);
          for (const column of inputs) expect(shown).toContain(data.rows[0].values[column]);
          expect(shown).not.toContain(data.rows[0].values[output]);
        }),
        { numRuns: 500 },
      );
    },
  );
});
