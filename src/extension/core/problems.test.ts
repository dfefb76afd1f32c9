/** @file Defects of a prompt file as the editor underlines them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import { parsePromptFile } from '../../prompt/promptFile.ts';
import { readSample, type DataFinding } from './dataSample.ts';
import { problemsOf } from './problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-problems-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'kind.prompt.md');
const sample: DataFinding = { columns: ['text', 'kind'], rows: [] };
const underlined = (settings: string, body: string, found: Record<string, DataFinding> = { 'rows.jsonl': sample }): [string, string][] => {
  const text = `---\ntandem: {${settings}}\n---\n${body}\n`;
  const findings = new Map(Object.entries(found).map(([name, finding]) => [join(folder, name), finding]));
  return problemsOf(parsePromptFile(path, text), findings).map(({ message, range }) => [text.slice(range.start, range.end), message]);
};

test("a prompt file of other tools has no problems of Tandem's", () => {
  expect(problemsOf(parsePromptFile(path, '---\nmode: agent\n---\nHello ${selection}\n'), new Map())).toEqual([]);
});

test('a column that the data lacks is underlined where it is read', () => {
  expect(underlined('data: rows.jsonl, output: kind', 'Text: ${input:texts} ${input:text}')).toEqual([
    ['${input:texts}', expect.stringContaining('no column "texts"')],
  ]);
});

test('a metric that there is none of, or that needs labels, is underlined', () => {
  expect(underlined('data: rows.jsonl, output: kind, metric: acuracy', '${input:text}')).toEqual([
    ['acuracy', expect.stringContaining('no metric')],
  ]);
  expect(underlined('data: rows.jsonl, output: kind, metric: accuracy', '${input:text}')).toEqual([
    ['accuracy', expect.stringContaining('needs labels')],
  ]);
});

test('a data file that cannot be read is underlined where it is named; the others still tell the columns', () => {
  const missing = new TandemError('missing-data', 'The data file cannot be read.');
  const found = { 'a.jsonl': sample, 'b.jsonl': missing };
  expect(underlined('data: {train: a.jsonl, val: b.jsonl}, output: kind', '${input:texts} ${input:text}', found)).toEqual([
    ['b.jsonl', 'The data file cannot be read.'],
    ['${input:texts}', expect.stringContaining('no column')],
  ]);
});

describe('the head of a data file', () => {
  test('is enough to know the columns of a long one', async () => {
    const file = join(folder, 'long.jsonl');
    writeFileSync(file, '{"text": "ä", "kind": "x"}\n'.repeat(20_000));
    const { columns, rows } = await readSample(file);
    expect(columns).toEqual(['text', 'kind']);
    expect(rows.length).toBeGreaterThan(1000);
    expect(rows.length).toBeLessThan(4000);
  });

  test('is forgiven bad rows, not a missing file, a folder or a format that is none', async () => {
    writeFileSync(join(folder, 'bad.csv'), 'text,kind\none,two\nthree\n');
    expect((await readSample(join(folder, 'bad.csv'))).rows).toHaveLength(1);
    writeFileSync(join(folder, 'rows.xml'), '<rows/>');
    for (const [name, reason] of [
      ['none.jsonl', 'missing-data'],
      ['', 'missing-data'],
      ['rows.xml', 'unknown-format'],
    ])
      await expect(readSample(join(folder, name))).rejects.toMatchObject({ reason });
  });
});
