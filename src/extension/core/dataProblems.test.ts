/** @file What the editor says about the rows of the data: too few, and empty inputs. */
import { expect, test } from 'vitest';
import { firstPrompt } from '../../data/firstPrompt.ts';
import { parseDataset } from '../../data/readDataset.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import type { DataFinding } from './dataSample.ts';
import { problemsOf } from './problems.ts';

const text = (settings: string): string => `---\ntandem: {output: kind, ${settings}}\n---\nText: \${input:text} \${input:text}\nKind:\n`;

const rowsOf = (file: string, csv: string, areAll = true): [string, DataFinding] => {
  const { columns, rows } = parseDataset(file, Buffer.from(csv));
  return [`/w/${file}`, { columns, rows, ...(areAll && { areAll }) }];
};
const many = (count: number): string =>
  `text,kind\n${Array.from({ length: count }, (_, place) => `thing ${place},kind ${place % 2}\n`).join('')}`;

/** What is underlined, how badly, and what is said. */
const said = (settings: string, ...found: [string, DataFinding][]): [string, string, string][] => {
  const source = text(settings);
  const problems = problemsOf(parsePromptFile('/w/kind.prompt.md', source), new Map(found));
  return problems.map(({ range, severity, message, hint }) => [
    source.slice(range.start, range.end),
    severity,
    hint === undefined ? message : `${message} ${hint}`,
  ]);
};

test('with too few rows to decide anything, a warning says how many there are, how many are needed and what to do', () => {
  expect(said('data: rows.csv', rowsOf('rows.csv', many(10)))).toEqual([
    [
      'rows.csv',
      'warning',
      'The data has 10 rows. A run cannot keep anything with 5 validation rows: telling a gain from chance needs at least 6. Add rows, ideally 100 or more.',
    ],
  ]);
  expect(said('data: rows.csv', rowsOf('rows.csv', many(40)))).toEqual([]);
});

test('rows that cannot even be split are an error', () => {
  expect(said('data: rows.csv', rowsOf('rows.csv', many(2)))).toEqual([
    ['rows.csv', 'error', 'The data has 2 different rows, but train, val, test need one each. Add rows, or ask for fewer.'],
  ]);
});

test('the rows of a validation file count as they are; of a long file there are enough', () => {
  const [train, val] = [rowsOf('train.csv', many(400)), rowsOf('val.csv', many(3))];
  expect(said('data: {train: train.csv, val: val.csv}', train, val)).toEqual([
    ['{train: train.csv, val: val.csv}', 'warning', expect.stringMatching(/^The data has 403 rows\. .* with 3 validation rows/)],
  ]);
  expect(said('data: rows.csv', rowsOf('rows.csv', many(10), false))).toEqual([]);
});

test('an empty input is a warning with its lines, where the column is first read', () => {
  const gaps = many(400).replace('thing 1,', ' ,').replace('thing 7,', ',');
  expect(said('data: rows.csv', rowsOf('rows.csv', gaps))).toEqual([
    ['${input:text}', 'warning', '"text" is empty in 2 rows of rows.csv: lines 3, 9. Fill in the value or remove the row.'],
  ]);
});

test('a column that is empty in most rows is meant to be', () => {
  const optional = `text,kind\n${Array.from({ length: 400 }, (_, place) => `${place % 4 ? '' : `thing ${place}`},kind ${place}\n`).join('')}`;
  expect(said('data: rows.csv', rowsOf('rows.csv', optional))).toEqual([]);
});

test('a first prompt file has no problem of its own, whatever columns it leaves out', () => {
  const csv = `id,source,message,intent\n${Array.from({ length: 300 }, (_, place) => `${place},mail,message ${place},kind ${place % 3}\n`).join('')}`;
  const dataset = parseDataset('rows.csv', Buffer.from(csv));
  const file = parsePromptFile('/w/rows.prompt.md', firstPrompt(dataset, 'rows.csv').text);
  expect(problemsOf(file, new Map([rowsOf('rows.csv', csv)]))).toEqual([]);
});
