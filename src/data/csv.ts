/** @file CSV and TSV with a header line (RFC 4180; tabs for TSV). */
import { TandemError } from '../errors.ts';
import { snippet, type Entries, type Entry } from './jsonl.ts';

/**
 * Reads the records after the header. Fields in double quotes may hold the separator, line breaks and doubled quotes. Blank lines are
 * skipped. Errors are returned, not thrown: reason 'bad-row'; a header that cannot be used is thrown.
 * @throws TandemError reason 'bad-header'
 */
export function parseCsv(file: string, text: string, separator: ',' | '\t'): Entries {
  const bad: TandemError[] = [];
  const entries: Entry[] = [];
  let header: readonly string[] | undefined;
  for (const record of records(text, separator)) {
    const { line, fields, fault } = record;
    const fail = (message: string, hint: string): TandemError =>
      new TandemError('bad-row', message, { where: { file, line: fault?.line ?? line, column: fault?.column }, hint });
    const problem =
      fault && fail(`${fault.message}, at: ${fault.snippet}`, 'Put the field in double quotes and write a quote within it twice.');
    if (!header) {
      if (problem) throw problem;
      header = checkHeader(file, line, fields);
    } else if (problem) bad.push(problem);
    else if (fields.length !== header.length) {
      const count = `${fields.length} field${fields.length === 1 ? '' : 's'}`;
      bad.push(
        fail(
          `This row has ${count}, the header ${header.length} (${header.join(', ')})`,
          `Put a field that holds ${separator === ',' ? 'a comma' : 'a tab'} in double quotes.`,
        ),
      );
    } else entries.push({ line, values: Object.fromEntries(header.map((column, place) => [column, fields[place]])) });
  }
  return { entries, bad };
}

function checkHeader(file: string, line: number, fields: readonly string[]): readonly string[] {
  const columns = fields.map((field) => field.trim());
  const wrong = columns.findIndex((column, place) => column === '' || columns.indexOf(column) !== place);
  if (wrong < 0) return columns;
  const message =
    columns[wrong] === '' ? `Column ${wrong + 1} of the header has no name.` : `The header names the column "${columns[wrong]}" twice.`;
  throw new TandemError('bad-header', message, { where: { file, line }, hint: 'The first line names each column, every name once.' });
}

interface CsvRecord {
  /** 1-based line where the record starts. */
  readonly line: number;
  readonly fields: readonly string[];
  readonly fault?: { readonly line: number; readonly column: number; readonly message: string; readonly snippet: string };
}

/** As editors count lines: a carriage return alone ends one too. */
const newlines = /\r\n|\r|\n/;

/** Of the line that the place belongs to. */
function lineStartAt(text: string, at: number): number {
  let start = at;
  while (start > 0 && text[start - 1] !== '\n' && text[start - 1] !== '\r') start--;
  return start;
}

function* records(text: string, separator: string): Generator<CsvRecord> {
  const quoted = /"((?:[^"]|"")*)"/y;
  const bare = separator === ',' ? /[^,\r\n]*/y : /[^\t\r\n]*/y;
  const newline = /\r?\n|\r|$/y;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  let [at, line] = [0, 1];
  while (at < text.length) {
    const [start, firstLine] = [at, line];
    const fields: string[] = [];
    let fault: CsvRecord['fault'];
    for (;;) {
      const fieldStart = at;
      const wrong = (message: string, offset: number): CsvRecord['fault'] => {
        const lineStart = lineStartAt(text, offset);
        const column = offset - lineStart + 1;
        return { line, column, message, snippet: snippet(text.slice(lineStart).split(newlines, 1)[0], column) };
      };
      const match = take(quoted);
      if (match) {
        fields.push(match[1].replaceAll('""', '"'));
        line += match[0].split(newlines).length - 1;
        if (text[at] !== separator && !/^(?:\r|\n|$)/.test(text.slice(at, at + 1))) {
          fault ??= {
            line,
            column: at - lineStartAt(text, at) + 1,
            message: 'Text after a closing quote',
            snippet: snippet(match[0] + text.slice(at, at + 20), match[0].length),
          };
          take(bare);
        }
      } else {
        if (text[at] === '"') fault ??= wrong('A quote that is never closed', fieldStart);
        fields.push(take(bare)![0]);
      }
      if (text[at] !== separator) break;
      at++;
    }
    take(newline);
    line++;
    if (fault || text.slice(start, at).trim() !== '' || fields.length > 1) yield { line: firstLine, fields, fault };
  }
}
