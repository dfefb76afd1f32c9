/** @file Lists of the rows that a prompt is measured on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import { listRows } from './measuredRows.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-rows-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const prompt = join(folder, 'kind.prompt.md');
const writeRows = (name: string, count: number): void => {
  const rows = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ text: `thing\n${i} ${'x'.repeat(i)}`, place: 'here', kind: 'odd' }),
  );
  writeFileSync(join(folder, name), rows.join('\n'));
};
const writePrompt = (data: string, body: string): void =>
  writeFileSync(prompt, `---\ntandem: {data: ${data}, output: kind, labels: [odd, even]}\n---\n${body}\n`);

test("validation and test rows are named by the prompt's inputs, in one short line, in the order of the file", async () => {
  writeRows('rows.jsonl', 100);
  writePrompt('rows.jsonl', '${input:text}');
  const [val, held] = await listRows({ prompt, rows: {} }, { most: 1000 });
  expect([val.split, held.split, val.file]).toEqual(['val', 'test', join(folder, 'rows.jsonl')]);
  expect(val.rows.map(({ line }) => line)).toEqual(val.rows.map(({ line }) => line).sort((a, b) => a - b));
  expect(val.rows.filter(({ line }) => held.rows.some((row) => row.line === line))).toEqual([]);
  for (const { line, text } of val.rows) {
    expect(text.startsWith(`thing ${line - 1}`)).toBe(true);
    expect(text.length).toBeLessThanOrEqual(80);
    expect(text).not.toContain('odd');
  }
  writePrompt('rows.jsonl', '${input:place}: ${input:text}');
  expect((await listRows({ prompt, rows: {} }, { most: 1 }))[0].rows[0].text).toMatch(/^place: here · text: thing \d+/);
});

test('no answer of a test row is shown, even if the prompt reads the answer or nothing at all', async () => {
  writeRows('rows.jsonl', 100);
  for (const body of ['${input:kind} ${input:text}', 'Guess.', '${input:kind}']) {
    writePrompt('rows.jsonl', body);
    const lists = await listRows({ prompt, rows: {} }, { most: 1000 }).catch((error: unknown) => error as TandemError);
    if (lists instanceof TandemError) expect(lists.reason).toBe('bad-prompt-file');
    else for (const { text } of lists.flatMap(({ rows }) => rows)) expect(text).not.toContain('odd');
  }
});

test('on request, whole values are returned, for selected lines only, with the right answer for validation rows only', async () => {
  writePrompt('rows.jsonl', '${input:text}');
  const [all] = await listRows({ prompt, rows: {} }, { most: 1000 });
  expect(all.rows[0]).not.toHaveProperty('values');
  const { line } = all.rows[1];
  const [val, held] = await listRows({ prompt, rows: {} }, { most: 1000, lines: [line], values: true });
  const text = `thing\n${line - 1} ${'x'.repeat(line - 1)}`;
  expect(val.rows).toEqual([{ line, text: expect.any(String) as string, values: { text }, gold: 'odd' }]);
  expect(held.rows).toEqual([]);
  const whole = await listRows({ prompt, rows: {} }, { most: 1, values: true });
  expect(whole[1].rows[0].values).toHaveProperty('text');
  expect(whole[1].rows[0]).not.toHaveProperty('gold');
});

test('a long list is cut and reports its length. The measured rows may be fewer than the available ones', async () => {
  writePrompt('rows.jsonl', '${input:text}');
  const [{ rows, total }] = await listRows({ prompt, rows: {} }, { most: 5 });
  expect(rows).toHaveLength(5);
  expect(total).toBeGreaterThan(10);
  expect((await listRows({ prompt, rows: { val: 3 } }, { most: 5 }))[0]).toMatchObject({ rows: { length: 3 }, total: 3 });
});

test('each split is listed with the file that contains it', async () => {
  writeRows('val.jsonl', 10);
  writePrompt('{train: rows.jsonl, val: val.jsonl}', '${input:text}');
  const lists = await listRows({ prompt, rows: {} }, { most: 5 });
  expect(lists.map(({ file }) => file)).toEqual([join(folder, 'val.jsonl'), join(folder, 'rows.jsonl')]);
});

test('a problem in the prompt file is reported with its place', async () => {
  writePrompt('rows.jsonl', '');
  await expect(listRows({ prompt, rows: {} }, { most: 5 })).rejects.toMatchObject({ reason: 'bad-prompt-file', where: { file: prompt } });
});
