/** @file Data in common formats: lists of objects, conversations, Parquet, CSV from spreadsheets and data frames; texts of megabytes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { requireUsable } from '../prompt/promptFile.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { firstPrompt } from './firstPrompt.ts';
import { parseDataset, readDataset } from './readDataset.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (name: string, text: string, skipBad = false) => parseDataset(name, bytes(text), { skipBad });
const failing = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};
const folder = mkdtempSync(join(tmpdir(), 'tandem-formats-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a .json file', () => {
  test('contains a list of objects, each at the line where it begins', () => {
    const { rows, columns } = read(
      'alpaca.json',
      '[\n {"instruction": "a", "output": "1"},\n {\n  "instruction": "b, [c]", "output": "2"\n }\n]\n',
    );
    expect(columns).toEqual(['instruction', 'output']);
    expect(rows.map(({ values, line }) => [values.instruction, line])).toEqual([
      ['a', 2],
      ['b, [c]', 3],
    ]);
  });

  test('gives the same ids as the same rows of a .jsonl file', () => {
    const list = read('a.json', '[{"x": "1", "y": [1, {"z": null}]}, {"x": "2", "y": []}]');
    const lines = read('a.jsonl', '{"x": "1", "y": [1, {"z": null}]}\n{"x": "2", "y": []}\n');
    expect(list.rows.map(({ id }) => id)).toEqual(lines.rows.map(({ id }) => id));
  });

  test('may contain JSON Lines; any other text is an error where it stops being JSON', () => {
    expect(read('a.json', '{"x": "1"}\n{"x": "2"}\n').rows).toHaveLength(2);
    expect(read('a.json', '{\n"x": "1"\n}').rows).toHaveLength(1);
    expect(failing(() => read('a.json', '[{"x": 1},\n {"x": }]'))).toMatchObject({ reason: 'bad-row', where: { line: 2, column: 8 } });
    expect(failing(() => read('a.json', '[1, 2]'))).toMatchObject({ reason: 'bad-row', where: { line: 1, column: 2 } });
    expect(failing(() => read('a.json', '[{"x": 1}, {"x": 1, "x": 2}]'))).toMatchObject({ where: { line: 1, column: 21 } });
    expect(failing(() => read('a.json', '[]'))).toMatchObject({ reason: 'no-rows' });
    expect(failing(() => read('a.json', ''))).toMatchObject({ reason: 'no-rows' });
  });
});

describe('conversations', () => {
  const messages = (...turns: [string, unknown][]) => JSON.stringify({ messages: turns.map(([role, content]) => ({ role, content })) });

  test('become columns for the instruction, the history, the question and the answer', () => {
    const text = [
      messages(['system', 'Be brief.'], ['user', 'Hi'], ['assistant', 'Hello'], ['user', 'Sum 1 2'], ['assistant', '3']),
      messages(
        [
          'user',
          [
            { type: 'text', text: 'Sum' },
            { type: 'text', text: '2 2' },
          ],
        ],
        ['assistant', '4'],
      ),
    ].join('\n');
    expect(read('a.jsonl', text).rows.map(({ values }) => values)).toEqual([
      { system: 'Be brief.', history: 'User: Hi\nAssistant: Hello', user: 'Sum 1 2', assistant: '3' },
      { system: '', history: '', user: 'Sum\n2 2', assistant: '4' },
    ]);
  });

  test('in ShareGPT’s format use its names, and the other columns of a row stay', () => {
    const row = {
      id: 'r1',
      conversations: [
        { from: 'human', value: 'a' },
        { from: 'gpt', value: 'b' },
      ],
    };
    const { rows, columns } = read('a.json', JSON.stringify([row, { ...row, id: 'r2' }]));
    expect(columns).toEqual(['id', 'user', 'assistant']);
    expect(rows[1].values).toEqual({ id: 'r2', user: 'a', assistant: 'b' });
  });

  test.each([
    [messages(['user', 'a']), 'does not end with an assistant turn'],
    [messages(['assistant', 'a']), 'has no user turn'],
    [messages(['user', 'a'], ['assistant', null]), 'ends with an empty answer'],
    [messages(['user', [{ type: 'image_url' }]], ['assistant', 'b']), 'has a turn that is not text'],
    ['{"messages": "a"}', 'is not a list of turns'],
  ])('%s is a bad row', (line, message) => {
    const good = messages(['user', 'a'], ['assistant', 'b']);
    const error = failing(() => read('a.jsonl', `${good}\n${line}\n${good}\n`));
    expect(error).toMatchObject({ reason: 'bad-row', where: { line: 2 }, message: expect.stringContaining(message) as string });
    expect(read('a.jsonl', `${good}\n${line}\n${good}\n`, true).rows).toHaveLength(2);
  });

  test('get a first prompt that contains their own instruction and predicts the answer', () => {
    const text = Array.from({ length: 20 }, (_, i) =>
      messages(['system', 'You extract orders.'], ['user', `order ${i}`], ['assistant', `{"n": ${i}}`]),
    ).join('\n');
    const first = firstPrompt(read('a.jsonl', text), 'a.jsonl');
    expect(first).toMatchObject({ output: 'assistant', inputs: ['user'], metric: 'json-match' });
    expect(first.text).toContain('---\nYou extract orders.\n\n{{demos}}\nMessage: ${input:user}\nAnswer:\n');
    expect(requireUsable(parsePromptFile('a.prompt.md', first.text)).settings.output).toBe('assistant');
  });
});

describe('Parquet', () => {
  const fixtures = 'test/fixtures/parquet';

  test.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'])('%s: rows keep their types', async (compression) => {
    const { rows, columns } = await readDataset(`${fixtures}/${compression}.parquet`);
    expect(rows).toHaveLength(12);
    expect(columns).toEqual(['message', 'intent', 'vip', 'price', 'order', 'tags', 'customer', 'day', 'note']);
    expect(rows[1].values).toEqual({
      message: 'Where is order 1? é中',
      intent: 'where',
      vip: false,
      price: 0.25,
      order: '9007199254740994',
      tags: ['t1', 'x'],
      customer: { name: 'Ann 1', age: 31 },
      day: '2026-01-02T00:00:00.000Z',
      note: 'n',
    });
    expect(rows[3].values.note).toBeNull();
    expect(rows[7]).toMatchObject({ line: 8, values: { order: 7 } });
  });

  test('the index of a data frame is a column that no prompt reads', async () => {
    const data = await readDataset(`${fixtures}/index.parquet`);
    expect(data.columns).toEqual(['message', 'intent', '__index_level_0__']);
    expect(firstPrompt(data, 'a.parquet')).toMatchObject({ inputs: ['message'], output: 'intent' });
  });

  test('a damaged file is refused by name, wherever it is cut or changed', async () => {
    const whole = readFileSync(`${fixtures}/snappy.parquet`);
    const file = join(folder, 'bad.parquet');
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const mutant = i % 2 ? Buffer.from(whole.subarray(0, (i * whole.length) / 150)) : Buffer.from(whole);
      if (i % 2 === 0) for (let j = 0; j < 5; j++) mutant[(i * 7919 + j * 104729) % mutant.length] ^= 0xff;
      writeFileSync(file, mutant);
      const error = await readDataset(file).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      expect(error).toMatchObject({ name: 'TandemError', where: { file } });
      refused++;
    }
    expect(refused).toBeGreaterThan(75);
  });
});

describe('CSV', () => {
  test('a spreadsheet’s file may have a BOM, semicolons, quotes and a line that names the separator', () => {
    for (const start of ['\uFEFF', '\uFEFFsep=;\r\n', 'sep=;\n']) {
      const { rows, columns } = read('a.csv', `${start}message;label\r\n"Where, or; when?";1,5\r\nhi;2\r\n`);
      expect(columns).toEqual(['message', 'label']);
      expect(rows.map(({ values }) => values.message)).toEqual(['Where, or; when?', 'hi']);
      expect(rows[0].values.label).toBe('1,5');
      expect(rows[0].line).toBe(start.includes('sep') ? 3 : 2);
    }
  });

  test('commas stay the separator if a field contains semicolons', () => {
    expect(read('a.csv', '"a;b;c",d\n1;2,3\n').rows[0].values).toEqual({ 'a;b;c': '1;2', d: '3' });
  });

  test('a data frame’s index gets the name that data frames give it, and no prompt reads it', () => {
    const text = [',message,label', ...Array.from({ length: 20 }, (_, i) => `${i + 5},m ${i},${i % 2 ? 'x' : 'y'}`)].join('\n');
    const data = read('a.csv', text);
    expect(data.columns).toEqual(['Unnamed: 0', 'message', 'label']);
    expect(firstPrompt(data, 'a.csv').inputs).toEqual(['message']);
  });

  test('trailing commas create no columns without a name', () => {
    expect(read('a.csv', 'message,label,,\na,b,,\nc,d,,\n').rows.map(({ values }) => values)).toEqual([
      { message: 'a', label: 'b' },
      { message: 'c', label: 'd' },
    ]);
    expect(read('a.csv', 'message,label\na,b,\nc,d\n').rows).toHaveLength(2);
    expect(failing(() => read('a.csv', 'a,,b\n1,2,3\n'))).toMatchObject({ reason: 'bad-header' });
  });
});

describe('texts of megabytes', { tags: 'long' }, () => {
  const megabytes = 16e6;

  test('a quote that is never closed is reported where it opens, and the other rows are read', { tags: 'long' }, () => {
    const rows = Array.from({ length: megabytes / 30 }, (_, i) => `${i === 3 ? '"open quote' : 'a plain message row'} ${i},${'xy'[i % 2]}`);
    const text = `message,label\n${rows.join('\n')}\n`;
    expect(failing(() => read('a.csv', text))).toMatchObject({
      reason: 'bad-row',
      message: expect.stringContaining('never closed') as string,
      where: { line: 5, column: 1 },
    });
    expect(read('a.csv', text, true).rows.length).toBe(rows.length - 1);
  });

  test.each([
    ['letters', 'x'],
    ['escapes', '\n'],
    ['quotes', '"'],
  ])('a field of %s is read', (_, letter) => {
    const text = JSON.stringify({ message: letter.repeat(megabytes), label: 'x', n: 1e15 }).replace(
      '1000000000000000',
      '12345678901234567890',
    );
    const [row] = read('a.jsonl', text).rows;
    expect((row.values.message as string).length).toBe(megabytes);
    expect(row.values.n).toBe('12345678901234567890');
    const [field] = read('a.csv', `message,label\n"${letter.repeat(megabytes).replaceAll('"', '""')}",x\n`).rows;
    expect((field.values.message as string).length).toBe(megabytes);
  });

  test('a field that is cut off and lists nested in lists are errors with their line', () => {
    expect(failing(() => read('a.jsonl', `{"a": "1"}\n{"a": "${'x\\n'.repeat(megabytes / 3)}\n`))).toMatchObject({
      reason: 'bad-row',
      where: { line: 2 },
    });
    for (const depth of [200, 5000, 1e6]) {
      const nested = `{"a": ${'['.repeat(depth)}${']'.repeat(depth)}}`;
      expect(failing(() => read('a.jsonl', nested))).toMatchObject({ reason: 'bad-row', where: { line: 1 } });
      expect(failing(() => read('a.json', `[${nested}]`))).toMatchObject({ reason: 'bad-row', where: { line: 1 } });
      expect(failing(() => read('a.jsonl', '{"a":'.repeat(depth)))).toMatchObject({ reason: 'bad-row', where: { line: 1 } });
    }
  });

  test('the time for many quotes that are never closed does not grow with their square', { tags: 'long' }, () => {
    const before = process.cpuUsage();
    failing(() => read('a.csv', `a,b\n${'"x,"""\n'.repeat(300_000)}`));
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
  });
});

describe('answers', () => {
  const prompt = (rows: number, row: (i: number) => Record<string, string>) =>
    firstPrompt(read('a.jsonl', Array.from({ length: rows }, (_, i) => JSON.stringify(row(i))).join('\n')), 'a.jsonl');

  test('that occur in their rows are free text if new ones keep coming, even if there are few', () => {
    const names = (i: number) => `Name${i % 40}`;
    const reading = prompt(100, (i) => ({ passage: `On day ${i} ${names(i * 7)} met Bo.`, question: 'Who met Bo?', answer: names(i * 7) }));
    expect(reading.labels).toBe(40);
    const rare = prompt(100, (i) => ({
      passage: `On day ${i} ${i < 30 ? `N${i}` : 'Ann'} met Bo.`,
      question: `q${i}`,
      answer: i < 30 ? `N${i}` : 'Ann',
    }));
    expect(rare).not.toHaveProperty('labels');
  });

  test('are labels if there are few, or if they do not occur in their rows', () => {
    expect(prompt(40, (i) => ({ message: `thing ${i} is ${i % 2 ? 'red' : 'blue'}`, label: i % 2 ? 'red' : 'blue' })).labels).toBe(2);
    expect(prompt(60, (i) => ({ message: `m ${i}`, label: `l${i % 25}` })).labels).toBe(25);
  });
});
