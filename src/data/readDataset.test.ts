/** @file Which data files are read, and how each kind of bad line is reported. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import { parseDataset, readDataset } from './readDataset.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const jsonl = (text: string, skipBad = false) => parseDataset('a.jsonl', bytes(text), { skipBad });
const csv = (text: string, skipBad = false) => parseDataset('a.csv', bytes(text), { skipBad });
const errorOf = (read: () => unknown): TandemError => {
  try {
    read();
  } catch (error) {
    if (error instanceof TandemError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('JSONL', () => {
  test('a BOM, CRLF, blank lines and a missing last newline are allowed; values keep their types', () => {
    const { rows, columns } = jsonl('\uFEFF{"a": 1, "b": true}\r\n\r\n  \n{"b": null, "a": [1, {"x": "y"}]}');
    expect(columns).toEqual(['a', 'b']);
    expect(rows.map(({ values, line }) => [line, values])).toEqual([
      [1, { a: 1, b: true }],
      [4, { a: [1, { x: 'y' }], b: null }],
    ]);
  });

  test('numbers that JavaScript cannot represent become the text of their digits at any depth; numbers in strings stay strings', () => {
    const line =
      '{"a": 9007199254740993, "b": [-12345678901234567890, 9007199254740991, 1.0], "c": {"d": 1e400}, "e": "12345678901234567890"}';
    expect(jsonl(line).rows[0].values).toEqual({
      a: '9007199254740993',
      b: ['-12345678901234567890', 9007199254740991, 1],
      c: { d: '1e400' },
      e: '12345678901234567890',
    });
  });

  test('no row moves to another split: ids are those of the versions that read every value as text', () => {
    const ids = (text: string) => jsonl(text).rows.map(({ id }) => id);
    const [texts, typed] = ids(
      '{"a": "1", "b": "true", "c": "", "d": "[1,{\\"x\\":null}]"}\n{"a": 1, "b": true, "c": null, "d": [1, {"x": null}]}',
    );
    expect(typed).toBe(texts);
    expect(typed).toBe('7cef3a93530fcdd7');
    expect(ids('{"a": 12345678901234567890}')).toEqual(ids('{"a": "12345678901234567000"}'));
  });

  test('a row that is nested too deeply is refused with its place', () => {
    const text = `{"a": ${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(errorOf(() => jsonl(text))).toMatchObject({ reason: 'bad-row', where: { line: 1, column: 106 } });
  });

  test('the id depends on the values, not on the line or the order of the columns', () => {
    const [first] = jsonl('{"a": "1", "b": "2"}').rows;
    expect(jsonl('\n{"b": 2, "a": 1}').rows[0].id).toBe(first.id);
    expect(first.id).toMatch(/^[0-9a-f]{16}$/);
    expect(jsonl('{"a": "12", "b": ""}').rows[0].id).not.toBe(first.id);
  });

  test.each([
    ['{"a": 1}\n{"a": }', 2, 7, 'Not valid JSON: expected a value, at: {"a": }'],
    ['{"a": 1, "a": 2}', 1, 10, 'The column "a" appears twice, at: {"a": 1, "a": 2}'],
    ['{"a": 1', 1, 8, 'Not valid JSON: expected a comma or }, at: {"a": 1'],
    ["{'a': 1}", 1, 2, "Not valid JSON: expected a key in double quotes, at: {'a': 1}"],
    ['{"a": "x}', 1, 7, 'Not valid JSON: expected a string that ends on this line, at: {"a": "x}'],
    ['{"a": 1} x', 1, 10, 'Not valid JSON: expected the end of the line, at: {"a": 1} x'],
    ['{"a": 01}', 1, 8, 'Not valid JSON: expected a comma, at: {"a": 01}'],
    ['{"a": tru}', 1, 7, 'Not valid JSON: expected a value, at: {"a": tru}'],
    ['{"a": 1,}', 1, 9, 'Not valid JSON: expected a key in double quotes, at: {"a": 1,}'],
    ['{"a": "\\q"}', 1, 7, 'Not valid JSON: expected an escape such as \\n or \\", at: {"a": "\\q"}'],
    ['// {"a": 1}', 1, 1, 'Not valid JSON: expected a value, at: // {"a": 1}'],
    ['[1]', 1, 1, 'A row should be a JSON object, at: [1]'],
    ['{"a": {"b": 1, "b": 2}}\n  3', 2, 3, 'A row should be a JSON object, at:   3'],
  ])('%j', (text, line, column, message) => {
    expect(errorOf(() => jsonl(text))).toMatchObject({ reason: 'bad-row', where: { file: 'a.jsonl', line, column }, message });
  });

  test('every text that JSON.parse refuses is refused with a place', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('"', '}', ',', '\\', '{', 'x', '\u0001', ''), (json, at, put) => {
        const text = `{"a":${json}}`;
        const place = at % text.length;
        const broken = text.slice(0, place) + put + text.slice(place + 1);
        let valid = true;
        try {
          JSON.parse(broken);
        } catch {
          valid = false;
        }
        fc.pre(!valid && broken.trim() !== '' && !/[\r\n]/.test(broken));
        const { where, message } = errorOf(() => jsonl(broken));
        expect(message).toMatch(/expected (?!JSON)/);
        expect(where!.column).toBeLessThanOrEqual(broken.length + 1);
      }),
      { numRuns: 500 },
    );
  });

  test('a row whose columns differ from those of most rows is bad', () => {
    expect(errorOf(() => jsonl('{"a": 1, "b": 2}\n{"a": 1, "b": 2}\n{"a": 1}'))).toMatchObject({
      where: { line: 3 },
      message: 'This row lacks the column "b".',
    });
    expect(errorOf(() => jsonl('{"a": 1, "intent": 2}\n{"a": 1, "intnet": 2}\n{"a": 1, "intent": 2}'))).toMatchObject({
      where: { line: 2 },
      hint: 'It has "intnet". Is that a typo?',
    });
    expect(errorOf(() => jsonl('{"a": 1, "x": 2}\n{"a": 1}\n{"a": 1}'))).toMatchObject({
      where: { line: 1 },
      message: 'This row has a column "x" that most other rows lack.',
    });
  });

  test('skipBad leaves out bad rows and says why', () => {
    const { rows, bad } = jsonl('{"a": 1}\n{"a": \n{"a": 2}\n{"b": 2}\n', true);
    expect(rows.map(({ line }) => line)).toEqual([1, 3]);
    expect(bad.map(({ where }) => where?.line)).toEqual([2, 4]);
    expect(errorOf(() => jsonl('{"a"', true))).toMatchObject({ reason: 'no-rows' });
  });

  test('properties of every object are valid column names', () => {
    expect(jsonl('{"__proto__": 1, "constructor": 2}').columns).toEqual(['__proto__', 'constructor']);
    expect(errorOf(() => jsonl('{"a": 1, "constructor": 2}\n{"a": 1, "constructor": 2}\n{"a": 1}')).message).toContain('"constructor"');
  });
});

test('bytes that are not UTF-8 are reported with their line', () => {
  const text = Uint8Array.from([...bytes('{"a": "ok"}\n{"a": "caf'), 0xe9, ...bytes('"}\n{"a": "fine"}\n')]);
  expect(errorOf(() => parseDataset('a.jsonl', text))).toMatchObject({ reason: 'bad-encoding', where: { line: 2, column: 11 } });
  expect(parseDataset('a.jsonl', text, { skipBad: true }).rows.map(({ line }) => line)).toEqual([1, 3]);
  expect(errorOf(() => parseDataset('a.jsonl', Uint8Array.from([0xff, 0xfe, 0x41, 0])))).toMatchObject({ reason: 'bad-encoding' });
});

describe('CSV and TSV', () => {
  test('quotes, doubled quotes, line breaks in a field, CRLF and blank lines are read', () => {
    const { rows } = csv('\uFEFFa,b\r\n"x, ""y""\nz",2\r\n\r\n3,"" \r\n'.replace('"" ', '""'));
    expect(rows.map(({ values, line }) => [line, values])).toEqual([
      [2, { a: 'x, "y"\nz', b: '2' }],
      [5, { a: '3', b: '' }],
    ]);
    expect(parseDataset('a.tsv', bytes('a\tb\nx, y\t"it\'s"\n')).rows[0].values).toEqual({ a: 'x, y', b: "it's" });
  });

  test.each([
    ['a,b\n1,2,3\n', 2, 'This row has 3 fields, but the header has 2 (a, b).'],
    ['a,b\n1,"2\n3,4\n', 2, 'A quote that is never closed, at: 1,"2'],
    ['a,b\n"1"x,2\n', 2, 'Text after a closing quote, at: "1"x,2'],
    ['a,a\n1,2\n', 1, 'The header names the column "a" twice.'],
    ['a,\n1,2\n', 1, 'Column 2 of the header has no name.'],
    ['a,b\n', undefined, 'The data file has no rows.'],
  ])('%j', (text, line, message) => {
    expect(errorOf(() => csv(text))).toMatchObject({ message, where: { file: 'a.csv', line } });
  });

  const field = fc.oneof(
    fc.string(),
    fc.constantFrom('a,b', '"', '""', '\n', '\r\n', '\r', ' x ', '\t', 'a\tb', '\uFEFF', 'é\u0301', '\u2028'),
  );

  test.each([
    ['a.csv', ','],
    ['a.tsv', '\t'],
  ])('%s: rows and their lines are read back with any quotes and line ends, with or without a BOM', (name, separator) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, field, fc.boolean()), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.nat(8), { maxLength: 3 }),
        (rows, newline, bom, ends, blanks) => {
          const write = (text: string, always: boolean): string =>
            always || text === '' || text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          let text = (bom ? '\uFEFF' : '') + ['a', 'b'].join(separator) + newline;
          const starts: number[] = [];
          const lineNow = (): number => text.split(/\r\n|\r|\n/).length;
          rows.forEach(([a, b, always], place) => {
            if (blanks.includes(place)) text += newline;
            starts.push(lineNow());
            text += [write(a, always), write(b, always)].join(separator) + (place < rows.length - 1 || ends ? newline : '');
          });
          const read = parseDataset(name, bytes(text));
          expect(read.rows.map(({ values }) => [values.a, values.b])).toEqual(rows.map(([a, b]) => [a, b]));
          expect(read.rows.map(({ line }) => line)).toEqual(starts);
          expect(read.bad).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('any text gives rows with all columns or errors with a line of the file, in linear time', { tags: 'long' }, () => {
    const piece = fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', 'a', ' ', '\uFEFF', '\u0000', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.constantFrom(',', '\t'), (pieces, separator) => {
        const text = pieces.join('').replaceAll(',', separator);
        const lines = text.split(/\r\n|\r|\n/).length;
        try {
          const { rows, columns, bad } = parseDataset(separator === ',' ? 'a.csv' : 'a.tsv', bytes(text), { skipBad: true });
          for (const { values } of rows) expect(Object.keys(values)).toEqual(columns);
          for (const { where } of bad) expect(where!.line! >= 1 && where!.line! <= lines).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(TandemError);
          const { line } = (error as TandemError).where!;
          expect(line === undefined || (line >= 1 && line <= lines)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
    const started = performance.now();
    errorOf(() => csv(`a,b\n${'"'.repeat(200_000)}`));
    csv(`a,b\n${'x,"y ""z""\n"\n'.repeat(50_000)}`);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('text that is written by RFC 4180 is read back', () => {
    const field = fc.oneof(fc.string(), fc.constantFrom('a,b', '"', '\n', '\r\n', ' x ', '\t'));
    const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), fc.constantFrom('\n', '\r\n'), (rows, newline) => {
        const text = [['a', 'b'], ...rows].map((row) => row.map(quoted).join(',')).join(newline);
        expect(csv(text).rows.map(({ values }) => [values.a, values.b])).toEqual(rows);
      }),
    );
  });
});

test('a missing file and one of another kind are reported', async () => {
  await expect(readDataset('/nowhere/a.jsonl')).rejects.toMatchObject({
    reason: 'missing-data',
    message: 'The data file does not exist.',
    where: { file: '/nowhere/a.jsonl' },
  });
  expect(errorOf(() => parseDataset('a.xlsx', bytes('x')))).toMatchObject({
    reason: 'unknown-format',
    hint: 'Use one of .jsonl, .ndjson, .json, .csv, .tsv, .parquet.',
  });
});
