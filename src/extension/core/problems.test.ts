/** @file Defects of a prompt file as the editor underlines them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import { makeRow } from '../../data/dataset.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { quickFixes } from './fixes.ts';
import { readSample, type DataFinding } from './dataSample.ts';
import { hasData, measuredFile } from './measuredFile.ts';
import { problemsIn, problemsOf } from './problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-problems-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'kind.prompt.md');
const sample: DataFinding = { columns: ['text', 'kind'], rows: [] };
const underlined = (settings: string, body: string, found: Record<string, DataFinding> = { 'rows.jsonl': sample }): [string, string][] => {
  const text = `---\ntandem: {${settings}}\n---\n${body}\n`;
  const findings = new Map(Object.entries(found).map(([name, finding]) => [join(folder, name), finding]));
  const problems = problemsOf(parsePromptFile(path, text), findings).filter(({ message }) => !counted.test(message));
  return problems.map(({ message, range }) => [text.slice(range.start, range.end), message]);
};
/** What is said of few rows has a test of its own. */
const counted = /^The data has (one row|\d+ (different )?rows)[.,] /;

test("a prompt file of other tools has no problems of Tandem's", () => {
  expect(problemsOf(parsePromptFile(path, '---\nmode: agent\n---\nHello ${selection}\n'), new Map())).toEqual([]);
});

test("a skill of other tools has no problems of Tandem's, and no data, whatever is wrong with it", () => {
  for (const text of [
    '# No front matter\n',
    '---\nname: a\n---\n',
    `---\ndescription: a: b ${'c'.repeat(2000)}\nmetadata: {author: me}\n---\n`,
  ]) {
    const skill = measuredFile(join(folder, 'SKILL.md'), text, undefined, () => '');
    expect(problemsOf(skill.file, new Map())).toEqual([]);
    expect(hasData(skill)).toBe(false);
  }
});

test('what is wrong with a skill is underlined at its description', () => {
  const text = '---\ndescription: Reads PDF files.\nmetadata: {tandem-data: rows.jsonl}\n---\n';
  const problems = problemsOf(parsePromptFile(join(folder, 'SKILL.md'), text), new Map([[join(folder, 'rows.jsonl'), sample]]));
  const { range } = problems.find(({ message }) => message.includes('no column "query"'))!;
  expect(text.slice(range.start, range.end)).toBe('Reads PDF files.');
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

const answered = (column: string, ...answers: string[]): DataFinding => ({
  columns: ['text', column],
  rows: answers.map((answer, place) => makeRow({ text: `thing ${place}`, [column]: answer }, place + 1)),
  areAll: true,
});

test('a label that no row has is underlined where it is listed, with what is meant; so is the list that rows do not fit', () => {
  const found = { 'rows.jsonl': answered('kind', 'yes', 'no', 'yes', 'no') };
  expect(underlined('data: rows.jsonl, output: kind, labels: [yes, noo]', '${input:text}', found)).toEqual([
    ['[yes, noo]', expect.stringContaining('2 of 4 rows have answers that `labels` does not list: "no"')],
    ['noo', 'None of the 4 rows has the answer "noo".'],
  ]);
  const text = '---\ntandem: {data: rows.jsonl, output: kind, labels: [yes, noo]}\n---\n${input:text}\n';
  const findings = new Map([[join(folder, 'rows.jsonl'), found['rows.jsonl']]]);
  const fixed = problemsOf(parsePromptFile(path, text), findings).flatMap(({ fix, range }) =>
    fix
      ? quickFixes(fix, text.slice(range.start, range.end), []).map(
          (quick) => text.slice(0, quick.range.start) + quick.text + text.slice(quick.range.end),
        )
      : [],
  );
  expect(fixed.map((each) => parsePromptFile(path, each).settings.labels)).toEqual(['from-data', ['yes', 'no']]);
  const renamed = { 'rows.jsonl': answered('Kind', 'yes', 'no') };
  expect(underlined('data: rows.jsonl, output: kind, columns: {kind: Kind}, labels: [yes, no]', '${input:text}', renamed)).toEqual([]);
});

test('a text to stop at that right answers hold is underlined', () => {
  const found = { 'rows.jsonl': answered('kind', 'one', 'two\n\nthree') };
  const settings = 'data: rows.jsonl, output: kind, decoding: {stop: ["\\n\\n", "###"]}';
  expect(underlined(settings, '${input:text}', found)).toEqual([
    ['["\\n\\n", "###"]', expect.stringContaining('1 of 2 training answers contains "\\n\\n"')],
  ]);
  expect(underlined('data: rows.jsonl, output: kind', '${input:text}', found)).toEqual([]);
});

test('of a long data file only its head is known', () => {
  const { columns, rows } = answered('kind', 'yes', 'no') as Exclude<DataFinding, TandemError>;
  const found = (labels: string): string[] =>
    underlined(`data: rows.jsonl, output: kind, labels: ${labels}`, '${input:text}', { 'rows.jsonl': { columns, rows } }).map(([at]) => at);
  expect([found('[yes, no, perhaps]'), found('[yes, perhaps]'), found('[yes, noo]')]).toEqual([
    [],
    ['[yes, perhaps]'],
    ['[yes, noo]', 'noo'],
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
  test('says whether it is all of it', async () => {
    for (const [rows, areAll] of [
      [10, true],
      [20_000, undefined],
    ] as const) {
      const file = join(folder, `all-${rows}.jsonl`);
      writeFileSync(file, '{"text": "ä", "kind": "x"}\n'.repeat(rows));
      expect((await readSample(file)).areAll).toBe(areAll);
    }
  });

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

describe('of a program', () => {
  const at = (name: string): string => join(folder, name);
  const yaml = 'data: rows.jsonl\nsteps:\n  - prompt: hint.prompt.md\n    output: hint\n  - prompt: kind.prompt.md\n    output: kind\n';
  const files: Readonly<Record<string, string>> = {
    'hint.prompt.md': '---\ntandem: {labels: [x, y]}\n---\n${input:text}\nHint:\n',
    'kind.prompt.md': '---\ntandem: {labels: from-data}\n---\n${input:hint}: ${input:text}\nKind:\n',
  };
  /** What is said in each of its files. */
  const said = (more: Readonly<Record<string, string>> = {}, text = yaml, finding: DataFinding = sample): Record<string, string[]> => {
    const texts = { ...files, ...more };
    const program = measuredFile(at('x.program.yaml'), text, undefined, (each) => texts[basename(each)]);
    const own = [program.file, ...Object.entries(texts).map(([name, written]) => parsePromptFile(at(name), written))];
    const found = own.map((file) => [basename(file.path), problemsIn(file, program, new Map([[at('rows.jsonl'), finding]]))] as const);
    return Object.fromEntries(
      found
        .map(([name, problems]) => [name, problems.filter(({ message }) => !counted.test(message))] as const)
        .map(([name, problems]) => [name, problems.map(({ range, message }) => `${range.line}: ${message}`)])
        .filter(([, list]) => list.length > 0),
    ) as Record<string, string[]>;
  };

  test('steps lack nothing that it says', () => {
    expect(said()).toEqual({});
  });

  test('a column that neither the data nor an earlier step has is told in the step that reads it', () => {
    const kind = files['kind.prompt.md'].replace('input:hint', 'input:hind');
    expect(said({ 'kind.prompt.md': kind })).toEqual({
      'x.program.yaml': ['4: No later step reads "hint".'],
      'kind.prompt.md': ['4: The data has no column "hind" (columns: text, hint, kind).'],
    });
  });

  test('labels that disagree with the data are told in the step that lists them', () => {
    const rows = ['x', 'y', 'z'].map((hint, place) => makeRow({ text: `thing ${place}`, kind: 'a', hint }, place + 1));
    expect(said({}, yaml, { columns: ['text', 'kind', 'hint'], rows, areAll: true })).toEqual({
      'hint.prompt.md': ['2: 1 of 3 rows has an answer that `labels` does not list: "z" (1 row, line 3).'],
    });
  });

  test('what is wrong with its data or its answer is told in the program', () => {
    const missing = new TandemError('missing-data', 'The data file cannot be read.');
    expect(said({}, yaml, missing)).toEqual({ 'x.program.yaml': ['1: The data file cannot be read.'] });
    expect(said({}, yaml.replace('output: kind', 'output: sort'))['x.program.yaml']).toContain(
      '6: The data has no column "sort" (columns: text, kind).',
    );
  });

  test('a defect of a prompt file is told there, and at the top of the program', () => {
    const kind = files['kind.prompt.md'].replace('from-data', '7');
    const found = said({ 'kind.prompt.md': kind });
    expect(found['kind.prompt.md']).toHaveLength(1);
    expect(found['x.program.yaml']).toEqual([expect.stringMatching(/^1: kind\.prompt\.md: /)]);
  });
});
