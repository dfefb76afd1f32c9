/** @file Labels that no row has, and rows whose answer is not a label, reported at their places. */
import { expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { labelProblems } from './labelProblems.ts';

const fileWith = (labels: string, data = 'd.jsonl'): ReturnType<typeof parsePromptFile> =>
  parsePromptFile('labs.prompt.md', `---\ntandem:\n  data: ${data}\n  output: a\n  labels: ${labels}\n---\nAnswer.\nQ: \${input:q}\nA:\n`);
const rowsOf = (...answers: string[]) => answers.map((a, place) => makeRow({ q: `number ${place}`, a }, place + 1));
const halves = Array.from({ length: 40 }, (_, place) => (place % 2 ? 'no' : 'yes'));

function problemsOf(labels: string, answers: readonly string[], areAll = true, data?: string) {
  const file = fileWith(labels, data);
  const found = labelProblems(file, { rows: rowsOf(...answers), called: 'rows', areAll });
  return found.map(({ range, message, hint, fix }) => ({
    at: `${range.line}:${range.column} ${file.text.slice(range.start, range.end)}`,
    message,
    hint,
    instead: fix?.instead,
  }));
}

test('both kinds of disagreement are reported, each at its place', () => {
  expect(problemsOf('[yes, maybe]', halves)).toEqual([
    {
      at: '5:17 maybe',
      message: 'None of the 40 rows has the answer "maybe".',
      hint: 'Remove it from the list, or check how the data spells it.',
      instead: undefined,
    },
    {
      at: '5:11 [yes, maybe]',
      message: '20 of 40 rows have answers that `labels` does not list: "no" (20 rows, lines 2, 4, 6, …).',
      hint: 'The model can never get these rows right. Add the answers to the list, or write `labels: from-data`.',
      instead: ['from-data'],
    },
  ]);
});

test('a typo is reported with the answer that was meant, quoted as YAML needs it', () => {
  expect(problemsOf('[yes, "noo"]', halves)[0]).toMatchObject({ at: '5:17 "noo"', hint: 'Did you mean "no"?', instead: ['"no"'] });
  expect(problemsOf('[Yes, no]', halves)[0]).toMatchObject({ at: '5:12 Yes', hint: 'Did you mean "yes"?' });
  expect(problemsOf('\n    - yes\n    - nno', halves)).toMatchObject([{ at: '7:7 nno' }, { instead: undefined }]);
});

test('matching labels, labels from the data, and a column that the data lacks cause no problems', () => {
  expect(problemsOf('[yes, no]', halves)).toEqual([]);
  expect(problemsOf('[" yes", "no "]', [' yes ', 'no'])).toEqual([]);
  expect(problemsOf('from-data', halves)).toEqual([]);
  expect(labelProblems(fileWith('[x, y]'), { rows: [makeRow({ q: 'a' }, 1)], called: 'rows', areAll: true })).toEqual([]);
});

test('if not all rows are known, only what the known rows prove is reported', () => {
  expect(problemsOf('[yes, no, perhaps]', halves, false)).toEqual([]);
  expect(problemsOf('[yes, maybe]', halves, false).map(({ at }) => at)).toEqual(['5:11 [yes, maybe]']);
  expect(problemsOf('[yes, noo]', halves, false).map(({ at }) => at)).toEqual(['5:17 noo', '5:11 [yes, noo]']);
});

test('many answers are summarized, empty ones too; line numbers are given for a single data file', () => {
  expect(problemsOf('[yes, b]', ['yes', 'b', 'c', 'd', 'd', 'e', 'f', ''], true, '{train: t.jsonl, val: v.jsonl}')).toMatchObject([
    { message: '6 of 8 rows have answers that `labels` does not list: "d" (2 rows), "c" (1 row), "e" (1 row) and 2 more answers.' },
  ]);
  expect(problemsOf('[yes, b]', ['yes', 'b', ''])).toMatchObject([
    { message: '1 of 3 rows has an answer that `labels` does not list: "" (1 row, line 3).' },
  ]);
});
