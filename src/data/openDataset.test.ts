/** @file The data of a prompt file: split by hash or as given, with sealed test rows; mistakes are reported with their place. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import { checkColumns, requireUsable } from '../prompt/promptFile.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { textOf } from '../prompt/values.ts';
import { makeRow, type Row } from './dataset.ts';
import { openDataset, sealRows } from './openDataset.ts';
import { splitRows } from './split.ts';

const rowsOf = (texts: readonly string[]): Row[] =>
  texts.map((text, place) => makeRow({ text, label: text.length % 2 ? 'odd' : 'even' }, place + 1));
const numbered = (n: number): Row[] => rowsOf(Array.from({ length: n }, (_, i) => `row ${i} ${'x'.repeat(i % 7)}`));
const texts = (rows: readonly Row[]) => rows.map(({ values }) => values.text).sort();

test('sealed rows record why and when they were opened', () => {
  const rows = numbered(3);
  const sealed = sealRows(rows, () => 0);
  expect([sealed.size, sealed.openings]).toEqual([3, []]);
  expect(sealed.open('final score')).toEqual(rows);
  expect(sealed.openings).toEqual([{ reason: 'final score', at: '1970-01-01T00:00:00.000Z' }]);
  expect(JSON.stringify(sealed)).not.toContain('row 0');
});

describe('openDataset', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-data-'));
  const lines = (rows: readonly Row[]) => rows.map(({ values }) => JSON.stringify(values)).join('\n');
  await writeFile(join(folder, 'all.jsonl'), lines(numbered(100)));
  await writeFile(join(folder, 'train.jsonl'), lines(numbered(80)));
  await writeFile(join(folder, 'test.csv'), 'label,text\nodd,row 3 xxx\neven,new row\n');
  await writeFile(join(folder, 'other.jsonl'), '{"label": "odd", "txt": "a"}');
  const prompt = join(folder, 'a.prompt.md');

  test('one file is split by hash', async () => {
    const { train, val, test: sealed, columns, files } = await openDataset({ data: 'all.jsonl', output: 'label' }, prompt);
    expect(train.length + val.length + sealed.size).toBe(100);
    expect([columns, files]).toEqual([['text', 'label'], [join(folder, 'all.jsonl')]]);
    expect(texts(train)).toEqual(texts(splitRows(numbered(100), { seed: 0 }).train));
  });

  test('defective rows are reported by file and line, or left out of every split without breaking the seal', async () => {
    const data = { train: 'train.jsonl', test: 'test.csv' };
    const defectOf = ({ values, line }: Row, file: string) =>
      /^row 3( xxx)?$/.test(textOf(values.text)) ? new TandemError('bad-row', 'No threes.', { where: { file, line } }) : undefined;
    const strict = await openDataset({ data, output: 'label' }, prompt);
    expect(() => strict.without(defectOf)).toThrow(
      expect.objectContaining({
        where: { file: join(folder, 'train.jsonl'), line: expect.any(Number) as number },
        hint: expect.stringMatching(/^Also bad: line 2 of test\.csv\. /) as string,
      }),
    );
    const splits = await openDataset({ data, output: 'label' }, prompt, { skipBad: true });
    const left = splits.without(defectOf);
    expect([left.train.length + left.val.length, left.test.size, left.test.openings]).toEqual([79, 1, []]);
    expect(texts(left.test.open('a test'))).toEqual(['new row']);
    expect(left.bad.map(({ where }) => where!.file)).toEqual([join(folder, 'train.jsonl'), join(folder, 'test.csv')]);
  });

  test('if there are many rows, a part of each split is searched for leaks', { tags: 'long' }, async () => {
    const many = (mark: string): string =>
      Array.from({ length: 12_000 }, (_, i) => `{"text": "row ${i}${mark}", "label": "odd"}\n`).join('');
    await writeFile(join(folder, 'many.jsonl'), many(''));
    await writeFile(join(folder, 'again.jsonl'), many('!'));
    const splits = await openDataset({ data: { train: 'many.jsonl', val: 'all.jsonl', test: 'again.jsonl' }, output: 'label' }, prompt);
    const found = splits.leaks().filter(({ a, b }) => a.split === 'train' && b.split === 'test');
    // 10,000 of 12,000 rows of each split are searched. A pair is found if both of its rows are among them.
    expect(found.length).toBeGreaterThan(8000);
    expect(found.length).toBeLessThan(8700);
  });

  test('given files stay as they are, val is taken from train, and leaks are found without opening the seal', async () => {
    const splits = await openDataset({ data: { train: 'train.jsonl', test: 'test.csv' }, output: 'label' }, prompt);
    expect(splits.train.length + splits.val.length).toBe(80);
    expect(Math.abs(splits.val.length - 20)).toBeLessThan(10);
    expect(splits.test.size).toBe(2);
    expect(splits.leaks().map(({ b, similarity }) => [b.row.values.text, similarity])).toEqual([['row 3 xxx', 1]]);
    expect(splits.test.openings).toEqual([]);
    const withVal = await openDataset({ data: { train: 'train.jsonl', val: 'all.jsonl' }, output: 'label' }, prompt);
    expect([withVal.train.length, withVal.val.length, withVal.test.size]).toEqual([80, 100, 0]);
  });

  test('columns get the names of the prompt file, which move no row to another split', async () => {
    const plain = await openDataset({ data: 'all.jsonl', output: 'label' }, prompt);
    const settings = { data: 'all.jsonl', output: 'kind', columns: { kind: 'label', message: 'text' } };
    const named = await openDataset(settings, prompt);
    expect(named.columns).toEqual(['message', 'kind']);
    expect(named.train.map(({ id, values }) => [id, values.message, values.kind])).toEqual(
      plain.train.map(({ id, values }) => [id, values.text, values.label]),
    );
    expect(named.hashes).toEqual(plain.hashes);
    // Two columns may swap names.
    const turned = await openDataset({ data: 'all.jsonl', output: 'text', columns: { text: 'label', label: 'text' } }, prompt);
    expect(turned.train[0].values).toEqual({ label: plain.train[0].values.text, text: plain.train[0].values.label });
  });

  test('a name for a missing column and a name that another column has are refused', async () => {
    await expect(openDataset({ data: 'all.jsonl', output: 'label', columns: { message: 'txt' } }, prompt)).rejects.toMatchObject({
      reason: 'bad-columns',
      where: { file: prompt },
      hint: 'Did you mean "text"?',
    });
    await expect(openDataset({ data: 'all.jsonl', output: 'label', columns: { label: 'text' } }, prompt)).rejects.toMatchObject({
      reason: 'bad-columns',
    });
  });

  test('bad rows give the first one’s error with the lines of the others, or are left out', async () => {
    await writeFile(join(folder, 'bad.csv'), 'text,label\na,odd\nb\nc,even\nd,"odd\n');
    await expect(openDataset({ data: 'bad.csv', output: 'label' }, prompt)).rejects.toMatchObject({
      reason: 'bad-row',
      where: { file: join(folder, 'bad.csv'), line: 3 },
      hint: expect.stringMatching(
        / Also bad: line 5\. To skip bad rows, use --skip-bad-rows \(in VS Code: tandem\.data\.skipBadRows\)\.$/,
      ) as string,
    });
    await writeFile(join(folder, 'bad.csv'), 'text,label\n' + 'a,odd\nb,even\nc,odd\nd,even\n1,2,3\n');
    const splits = await openDataset({ data: 'bad.csv', output: 'label' }, prompt, { skipBad: true });
    expect(splits.train.length + splits.val.length + splits.test.size).toBe(4);
    expect(splits.bad.map(({ where }) => where?.line)).toEqual([6]);
  });

  test('a metric module needs no output column; typos and other metrics without one are still reported', async () => {
    const settings = { data: 'all.jsonl', output: 'headline', metric: './m.mjs', reported: [] };
    const { train, columns } = await openDataset(settings, prompt);
    expect(columns).toEqual(['text', 'label']);
    expect(train.every(({ values }) => !('headline' in values))).toBe(true);
    const refused = async (changed: Partial<Parameters<typeof openDataset>[0]>): Promise<unknown> =>
      openDataset({ ...settings, ...changed }, prompt).catch((error: unknown) => error);
    expect(await refused({ output: 'lable' })).toMatchObject({
      reason: 'missing-output',
      hint: expect.stringMatching(/^Did you mean "label"\? If the rows have no right answers, choose /) as string,
    });
    for (const changed of [{ metric: 'exact-match' }, { reported: ['contains'] }, { labels: 'from-data' as const }]) {
      expect(await refused(changed)).toMatchObject({ reason: 'missing-output', hint: 'Known: text, label.' });
    }
  });

  test('a missing output column, different columns and a missing file are reported', async () => {
    await expect(openDataset({ data: 'all.jsonl', output: 'lable' }, prompt)).rejects.toMatchObject({
      reason: 'missing-output',
      hint: 'Did you mean "label"?',
    });
    await expect(openDataset({ data: { train: 'train.jsonl', val: 'other.jsonl' }, output: 'label' }, prompt)).rejects.toMatchObject({
      reason: 'columns-differ',
    });
    await expect(openDataset({ data: 'no.jsonl', output: 'label' }, prompt)).rejects.toMatchObject({ reason: 'missing-data' });
  });
});

test.each([
  ['support/intent', 10, 239, 75, 86],
  ['car/request', 6, 12, 12, 120],
])('examples/%s is a complete task: no problems, %i intents in every split, no near-duplicates', async (name, intents, ...sizes) => {
  const path = join(import.meta.dirname, `../../examples/${name}.prompt.md`);
  const file = requireUsable(parsePromptFile(path, await readFile(path, 'utf8')));
  const splits = await openDataset(file.settings, path);
  const { train, val, test: sealed, columns } = splits;
  expect([file.problems, checkColumns(file, columns)]).toEqual([[], []]);
  for (const rows of [train, val, sealed.open('test')]) expect(new Set(rows.map(({ values }) => values.intent)).size).toBe(intents);
  expect([train.length, val.length, sealed.size]).toEqual(sizes);
  expect(splits.leaks()).toEqual([]);
});

test('the prompt of examples/support names every intent in the data and no other', async () => {
  const path = join(import.meta.dirname, '../../examples/support/intent.prompt.md');
  const file = parsePromptFile(path, await readFile(path, 'utf8'));
  const { train } = await openDataset(file.settings, path);
  const { body } = file.prompt;
  const intents = [...new Set(train.map(({ values }) => values.intent))].sort();
  expect([...body.matchAll(/^- ([a-z ]+): /gm)].map(([, intent]) => intent).sort()).toEqual(intents);
  // The worked examples are the team's own. None of them is a row of the data.
  const messages = [...body.matchAll(/^Message: (?!\$)(.+)\nIntent: (.+)$/gm)];
  expect(messages.length).toBe(3);
  for (const [, message, intent] of messages) {
    expect(intents).toContain(intent);
    expect(train.map(({ values }) => values.message)).not.toContain(message);
  }
});
