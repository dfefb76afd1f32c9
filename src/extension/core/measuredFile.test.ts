/** @file What is known of a prompt file is about its text. */
import { describe, expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import { hashPrompt, programText } from '../../run/record/results.ts';
import { hasData, measuredFile, stepIn } from './measuredFile.ts';

const readSource = (path: string): string => {
  throw new TandemError('no-prompt', `There is no prompt file ${path}.`);
};

const text = '---\ntandem:\n  data: rows.jsonl\n  output: kind\n---\nKind:\n';

test('results are stale when they are of another text, and line endings make no other text', () => {
  const results = { version: 2, textHash: hashPrompt(text) } as const;
  expect(measuredFile('/w/a.prompt.md', text, results, readSource).stale).toBe(false);
  expect(measuredFile('/w/a.prompt.md', text.replaceAll('\n', '\r\n'), results, readSource).stale).toBe(false);
  expect(measuredFile('/w/a.prompt.md', text.replace('Kind', 'Sort'), results, readSource).stale).toBe(true);
  expect(measuredFile('/w/a.prompt.md', text, undefined, readSource).stale).toBe(false);
});

test('a prompt file has data when its settings name some', () => {
  const has = (written: string): boolean => hasData(measuredFile('/w/a.prompt.md', written, undefined, readSource));
  expect(has(text)).toBe(true);
  expect(has(text.replace('data: rows.jsonl', 'data:\n    train: a.csv\n    val: b.csv'))).toBe(true);
  expect(has(text.replace('  data: rows.jsonl\n', ''))).toBe(false);
  expect(has('Kind:\n')).toBe(false);
});

describe('a program', () => {
  const path = '/w/tandem.program.yaml';
  const program = 'data: rows.jsonl\nsteps:\n  - prompt: a.prompt.md\n    output: area\n  - prompt: sub/b.prompt.md\n    output: kind\n';
  const files: Readonly<Record<string, string>> = {
    '/w/a.prompt.md': '---\ntandem:\n  labels: [x, y]\n---\n${input:text}\nArea:\n',
    '/w/sub/b.prompt.md': '---\ntandem:\n  labels: from-data\n---\n${input:area} ${input:text}\nKind:\n',
  };
  const of = (more: Readonly<Record<string, string>> = {}) =>
    measuredFile(path, program, undefined, (each) => ({ ...files, ...more })[each] ?? readSource(each));
  const textHash = hashPrompt(programText(of().program!));

  test('is one file to the surfaces, whose steps know their lines', () => {
    expect(of().steps).toEqual([
      { path: '/w/a.prompt.md', output: 'area', line: 2 },
      { path: '/w/sub/b.prompt.md', output: 'kind', line: 4 },
    ]);
    expect(of().file).toMatchObject({ path, hasSettings: true, problems: [], settings: { data: 'rows.jsonl', output: 'kind' } });
    expect([stepIn(of(), '/w/sub/b.prompt.md'), stepIn(of(), '/w/b.prompt.md')]).toEqual([1, -1]);
  });

  test('has results of another text when one of its prompt files is another one', () => {
    const results = { version: 2, textHash } as const;
    const stale = (texts: Readonly<Record<string, string>>): boolean => measuredFile(path, program, results, (each) => texts[each]).stale;
    expect(stale(files)).toBe(false);
    expect(stale({ ...files, '/w/a.prompt.md': files['/w/a.prompt.md'].replace('Area', 'Desk') })).toBe(true);
  });

  test('that lacks a prompt file still has its data and steps, and says what is wrong', () => {
    const broken = measuredFile(path, program, { version: 2, textHash }, readSource);
    expect(broken).toMatchObject({ stale: true, steps: of().steps, file: { settings: { data: 'rows.jsonl' } } });
    expect(broken.file.problems[0].message).toBe('There is no prompt file a.prompt.md.');
    expect(hasData(broken)).toBe(true);
  });
});
