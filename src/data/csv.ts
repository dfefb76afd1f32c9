/** @file CSV and TSV with a header line (RFC 4180; tabs for TSV), as spreadsheets and data frames write them. */
import { TandemError } from '../errors.ts';
import { snippet, type Entries, type Entry } from './jsonl.ts';

export type Separator = ',' | ';' | '\t';

const separatorNames: Readonly<Record<Separator, string>> = { ',': 'a comma', ';': 'a semicolon', '\t': 'a tab' };

/**
 * Reads the records after the header. Fields in double quotes may contain the separator, line breaks and doubled quotes. Blank lines are
 * skipped. A column without a name is left out if it is empty, because trailing separators create such columns. If the first column has
 * values but no name, it is the index of a data frame and gets the name `Unnamed: 0`, as in pandas. Bad rows are returned as errors with
 * reason 'bad-row'; a bad header is thrown.
 * @param given the separator. Without it: what a first line `sep=;` says, else a semicolon if the header has more semicolons than commas,
 *   else a comma
 * @throws TandemError reason 'bad-header'
 */
export function parseCsv(file: string, text: string, given?: Separator): Entries {
  const bad: TandemError[] = [];
  const found: { readonly line: number; readonly fields: readonly string[] }[] = [];
  const { separator, from } = given ? { separator: given, from: 0 } : separatorOf(text);
  let names: readonly string[] | undefined;
  let headerLine = 1;
  for (const { line, fields, fault } of records(text, separator, from)) {
    const fail = (message: string, hint: string): TandemError =>
      new TandemError('bad-row', message, { where: { file, line: fault?.line ?? line, column: fault?.column }, hint });
    const problem =
      fault && fail(`${fault.message}, at: ${fault.snippet}`, 'Put the field in double quotes, and double each quote inside it.');
    if (!names) {
      if (problem) throw problem;
      names = checkHeader(file, line, fields);
      headerLine = line;
      continue;
    }
    const own = fields.slice(0, Math.max(names.length, fields.findLastIndex((field) => field !== '') + 1));
    if (problem) bad.push(problem);
    else if (own.length !== names.length) {
      const count = `${own.length} field${own.length === 1 ? '' : 's'}`;
      const message = `This row has ${count}, but the header has ${names.length} (${names.join(', ')}).`;
      bad.push(fail(message, `Put a field that contains ${separatorNames[separator]} in double quotes.`));
    } else found.push({ line, fields: own });
  }
  const columns = (names ?? []).flatMap((name, place) => {
    if (name !== '') return [{ name, place }];
    if (found.every(({ fields }) => fields[place] === '')) return [];
    if (place > 0) throw badHeader(file, headerLine, `Column ${place + 1} of the header has no name.`);
    return [{ name: 'Unnamed: 0', place }];
  });
  const entries = found.map(({ line, fields }): Entry => {
    return { line, values: Object.fromEntries(columns.map(({ name, place }) => [name, fields[place]])) };
  });
  return { entries, bad };
}

/** What separates the fields of a `.csv` file. @param beginning the file's text, as far as its header at least */
export const fieldSeparator = (beginning: string): Separator => separatorOf(beginning).separator;

/** Spreadsheets in countries with decimal commas separate fields by semicolons, and may say so in a line `sep=;`. */
function separatorOf(text: string): { separator: Separator; from: number } {
  const said = /^sep=([,;\t])(?:\r\n|\r|\n)/.exec(text);
  if (said) return { separator: said[1] as Separator, from: said[0].length };
  const [header] = records(text, ',', 0);
  const line = text.slice(0, header?.end ?? 0).replaceAll(/"[^"]*"/g, '');
  const count = (separator: Separator): number => line.split(separator).length - 1;
  return { separator: count(';') > count(',') ? ';' : ',', from: 0 };
}

/** Names may be empty but must not repeat. */
function checkHeader(file: string, line: number, fields: readonly string[]): readonly string[] {
  const columns = fields.map((field) => field.trim());
  const seen = new Set<string>();
  const twice = columns.find((column) => column !== '' && (seen.has(column) || !seen.add(column)));
  const message =
    seen.size === 0 ? 'The header has no column names.' : twice !== undefined ? `The header names the column "${twice}" twice.` : '';
  if (message === '') return columns;
  throw badHeader(file, line, message);
}

const badHeader = (file: string, line: number, message: string): TandemError =>
  new TandemError('bad-header', message, { where: { file, line }, hint: 'The first line should name each column once.' });

interface CsvRecord {
  /** 1-based line where the record starts. */
  readonly line: number;
  readonly fields: readonly string[];
  /** Offset after its line ending. */
  readonly end: number;
  readonly fault?: { readonly line: number; readonly column: number; readonly message: string; readonly snippet: string };
}

/** Counts lines as editors do: a lone carriage return also ends a line. */
const newlines = /\r\n|\r|\n/g;

/** The start of the line that contains `at`. */
function lineStartAt(text: string, at: number): number {
  let start = at;
  while (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') start--;
  return start;
}

/**
 * The place after the quote that closes the field which begins at `start`; undefined if there is none before `upTo`. The limit avoids
 * reading a file with many unclosed quotes to its end for each of them. Uses a search because patterns run out of stack on megabytes.
 */
function endOfQuoted(text: string, start: number, upTo: number): number | undefined {
  for (let quote = text.indexOf('"', start + 1); quote >= 0 && quote < upTo; quote = text.indexOf('"', quote + 2)) {
    if (text[quote + 1] !== '"') return quote + 1;
  }
  return undefined;
}

function* records(text: string, separator: Separator, from: number): Generator<CsvRecord> {
  const bare = { ',': /[^,\r\n]*/y, ';': /[^;\r\n]*/y, '\t': /[^\t\r\n]*/y }[separator];
  const newline = /\r?\n|\r|$/y;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [match] = pattern.exec(text)!;
    at = pattern.lastIndex;
    return match;
  };
  let [at, line] = [from, from === 0 ? 1 : 2];
  let unclosed = 0;
  while (at < text.length) {
    const [start, firstLine] = [at, line];
    const fields: string[] = [];
    let fault: CsvRecord['fault'];
    for (;;) {
      const fieldStart = at;
      const faultAt = (message: string, offset: number): CsvRecord['fault'] => {
        const lineStart = lineStartAt(text, offset);
        const column = offset - lineStart + 1;
        const near = text.slice(lineStart, offset + 20).split(newlines, 1)[0];
        return { line, column, message, snippet: snippet(near, column) };
      };
      const end = text[at] === '"' ? endOfQuoted(text, at, unclosed < 100 ? text.length : at + 10_000) : undefined;
      if (end !== undefined) {
        const field = text.slice(at + 1, end - 1);
        fields.push(field.replaceAll('""', '"'));
        line += field.match(newlines)?.length ?? 0;
        at = end;
        if (text[at] !== separator && !/^(?:\r|\n|$)/.test(text.slice(at, at + 1))) {
          fault ??= faultAt('Text after a closing quote', at);
          take(bare);
        }
      } else {
        if (text[at] === '"') {
          fault ??= faultAt('A quote that is never closed', fieldStart);
          unclosed++;
        }
        fields.push(take(bare));
      }
      if (text[at] !== separator) break;
      at++;
    }
    take(newline);
    line++;
    if (fault || text.slice(start, at).trim() !== '' || fields.length > 1) yield { line: firstLine, fields, end: at, fault };
  }
}
