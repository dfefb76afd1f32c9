/** @file The answers of the latest evaluation on disk: complete, within bounds, and refused if damaged. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { answerBounds, readAnswers, writeAnswers, type AnsweredRow, type MeasuredAnswers } from './answers.ts';
import { hashPrompt, readResults, writeResults } from './results.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-answers-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let prompt: string;
let file: string;
beforeEach(() => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(workspace, '.tandem'));
  prompt = join(workspace, 'prompts', 'kind.prompt.md');
  file = join(workspace, '.tandem', 'results', 'prompts', 'kind.answers.jsonl');
});

const score = { mean: 0.5, low: 0.4, high: 0.6, rows: 2 };
const evaluation = { at: '2026-11-24T10:15:00.000Z', model: 'nano', metric: 'accuracy', split: 'val', score } as const;
const row = (line: number, right: boolean): AnsweredRow => ({
  line,
  inputs: { text: `thing ${line}` },
  gold: 'odd',
  prediction: right ? 'odd' : 'even',
  right,
  score: Number(right),
});
const measured: MeasuredAnswers = { evaluation, labels: ['odd', 'even'], rows: [row(2, true), row(7, false)] };

test('what is written is read back, with the text that it belongs to', async () => {
  expect(await readAnswers(prompt)).toBeUndefined();
  writeAnswers(prompt, 'Is it odd?', measured);
  expect(await readAnswers(prompt)).toEqual({ version: 1, textHash: hashPrompt('Is it odd?'), ...measured, total: 2 });
});

test('a damaged file is replaced, and one of a newer Tandem stays', () => {
  writeAnswers(prompt, '', measured);
  writeFileSync(file, '{');
  writeAnswers(prompt, '', measured);
  expect(readFileSync(file, 'utf8')).toContain('"version":1');
  writeFileSync(file, '{"version":2}\n');
  expect(() => writeAnswers(prompt, '', measured)).toThrow(expect.objectContaining({ reason: 'newer-version' }));
  expect(readFileSync(file, 'utf8')).toBe('{"version":2}\n');
});

test('free text without right answers has neither labels nor expected answers', async () => {
  const free = {
    line: 1,
    inputs: {},
    prediction: 'a poem',
    right: false,
    score: 0.5,
    feedback: 'It does not rhyme.',
    cut: 'length',
  } as const;
  writeAnswers(prompt, '', { evaluation, rows: [free] });
  const read = await readAnswers(prompt);
  expect([read?.labels, read?.rows]).toEqual([undefined, [free]]);
});

test('if not all rows are kept, the wrong ones are kept first, in the order of the file', async () => {
  const rows = Array.from({ length: 10 }, (_, i) => row(i + 1, i % 3 > 0));
  writeAnswers(prompt, '', { ...measured, rows }, { ...answerBounds, rows: 6 });
  const read = (await readAnswers(prompt))!;
  expect(read.total).toBe(10);
  expect(read.rows.map(({ line }) => line)).toEqual([1, 2, 3, 4, 7, 10]);
  writeAnswers(prompt, '', { ...measured, rows }, { ...answerBounds, bytes: 250 });
  expect((await readAnswers(prompt))!.rows.map(({ line }) => line)).toEqual([1, 4]);
});

test('long texts are cut', async () => {
  const long = { ...row(1, false), inputs: { text: 'x'.repeat(5000) }, prediction: 'y'.repeat(5000) };
  writeAnswers(prompt, '', { ...measured, rows: [long] });
  const [{ inputs, prediction }] = (await readAnswers(prompt))!.rows;
  for (const text of [inputs.text, prediction]) {
    expect(text).toHaveLength(answerBounds.characters);
    expect(text.endsWith('…')).toBe(true);
  }
});

test("no prompt's numbers are in the same file", () => {
  const other = prompt.replace('kind', 'kind.answers');
  writeAnswers(prompt, '', measured);
  writeResults(other, 'text', { evaluation });
  expect(readResults(other)?.evaluation).toEqual(evaluation);
  expect(existsSync(file)).toBe(true);
});

test('a damaged file is refused with the place of the damage, and a newer one with its version', async () => {
  writeAnswers(prompt, '', measured);
  const [head, ...rows] = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [head, rows[0], rows[1].replace('7', '"seven"')].join('\n'));
  await expect(readAnswers(prompt)).rejects.toMatchObject({ reason: 'bad-file', where: { file, line: 3 } });
  writeFileSync(file, head.replace('"version":1', '"version":2'));
  await expect(readAnswers(prompt)).rejects.toMatchObject({ reason: 'newer-version' });
  rmSync(file);
  writeFileSync(join(temporary, 'elsewhere'), head);
  symlinkSync(join(temporary, 'elsewhere'), file);
  await expect(readAnswers(prompt)).rejects.toMatchObject({ reason: 'not-a-file' });
});
