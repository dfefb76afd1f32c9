/** @file Reads a data file into rows that all have the same columns. */
import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { TandemError } from '../errors.ts';
import { isMissing, readFileBytesLater } from '../files.ts';
import { nearestName } from '../prompt/nearest.ts';
import { textOf } from '../prompt/values.ts';
import { parseCsv } from './csv.ts';
import { makeRow, type Dataset } from './dataset.ts';
import { withTurns } from './conversations.ts';
import { dataEndings, type DataEnding } from './dataEndings.ts';
import { parseJsonl, parseJsonList, type Entries, type Entry } from './jsonl.ts';

export interface ReadOptions {
  /** Leave out bad rows and return their errors, instead of throwing the first. */
  readonly skipBad?: boolean;
}

/**
 * @param file its extension, one of `dataEndings`, determines its format
 * @throws TandemError reasons 'missing-data', 'not-a-file', 'too-large', 'unknown-format', 'bad-encoding', 'bad-header', 'bad-row', 'no-rows'
 */
export async function readDataset(file: string, options: ReadOptions = {}): Promise<Dataset> {
  const bytes = await readFileBytesLater(file, { most: 2 ** 30 }).catch((cause: unknown) => {
    if (cause instanceof TandemError) throw cause;
    throw new TandemError('missing-data', isMissing(cause) ? 'The data file does not exist.' : 'The data file cannot be read.', {
      where: { file },
      hint: 'Paths are relative to the prompt file.',
      cause,
    });
  });
  if (endingOf(file) === '.parquet') {
    const { readParquet } = await import('./parquet.ts');
    return datasetOf(file, bytes, { ...(await readParquet(file, bytes)), badLines: new Map() }, options);
  }
  return parseDataset(file, bytes, options);
}

/** The same for bytes in memory, for example the beginning of a file. */
export function parseDataset(file: string, bytes: Uint8Array, options: ReadOptions = {}): Dataset {
  const ending = endingOf(file);
  if (ending === '.parquet') throw unknownFormat(file);
  const { text, badLines } = decode(file, bytes);
  return datasetOf(file, bytes, { ...withoutLines(parsers[ending](file, text), badLines), badLines }, options);
}

function endingOf(file: string): DataEnding {
  const ending = dataEndings.find((each) => each === extname(file).toLowerCase());
  if (!ending) throw unknownFormat(file);
  return ending;
}

const unknownFormat = (file: string): TandemError =>
  new TandemError('unknown-format', `Data in "${extname(file) || file}" files is not supported.`, {
    where: { file },
    hint: `Use one of ${dataEndings.join(', ')}.`,
  });

/** @param read the rows of the file, and the lines that are not UTF-8 */
export function datasetOf(
  file: string,
  bytes: Uint8Array,
  { badLines, ...read }: Entries & { readonly badLines: ReadonlyMap<number, TandemError> },
  options: ReadOptions,
): Dataset {
  const readable = withTurns(file, read);
  const { columns, entries, bad: uneven } = sameColumns(file, readable.entries);
  const bad = [...badLines.values(), ...readable.bad, ...uneven].sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0));
  if (bad.length > 0 && !options.skipBad) throw withOthers(bad);
  if (entries.length === 0) {
    throw new TandemError('no-rows', bad.length > 0 ? 'The data file has no usable rows.' : 'The data file has no rows.', {
      where: { file, line: bad[0]?.where?.line },
      hint: bad[0]?.message ?? 'Write one JSON object per line, or a header and rows.',
    });
  }
  return {
    file,
    columns,
    rows: entries.map(({ values, line, identity }) => makeRow(values, line, identity)),
    bad,
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** The error of the first bad row, with the places of the others. */
export function withOthers([first, ...more]: readonly TandemError[]): TandemError {
  if (more.length === 0) return first;
  const { reason, message, where, hint, cause } = first;
  const placeOf = (error: TandemError): string =>
    error.where?.file === where?.file ? String(error.where?.line) : `${error.where?.line} of ${basename(error.where!.file)}`;
  const lines = more.slice(0, 5).map(placeOf);
  const others = `${more.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${more.length > lines.length ? ' and others' : ''}`;
  const count = `Also bad: ${others}. To skip bad rows, use --skip-bad-rows (in VS Code: tandem.data.skipBadRows).`;
  return new TandemError(reason, message, { where, hint: hint === undefined ? count : `${hint} ${count}`, cause });
}

const parsers: Readonly<Record<Exclude<DataEnding, '.parquet'>, (file: string, text: string) => Entries>> = {
  '.jsonl': parseJsonl,
  '.ndjson': parseJsonl,
  '.json': parseJsonList,
  '.csv': (file, text) => parseCsv(file, text),
  '.tsv': (file, text) => parseCsv(file, text, '\t'),
};

/** The text without its BOM, and an error for every line that is not UTF-8. */
function decode(file: string, bytes: Uint8Array): { text: string; badLines: Map<number, TandemError> } {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new TandemError('bad-encoding', 'The data file is UTF-16.', { where: { file, line: 1 }, hint: 'Save it as UTF-8.' });
  }
  const badLines = new Map<number, TandemError>();
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), badLines };
  } catch {
    const strict = new TextDecoder('utf-8', { fatal: true });
    for (let [start, line] = [0, 1]; start < bytes.length; line++) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      try {
        strict.decode(bytes.subarray(start, end));
      } catch {
        const shown = new TextDecoder().decode(bytes.subarray(start, end));
        const column = shown.indexOf('\uFFFD') + 1;
        const near = shown.slice(Math.max(0, column - 15), column + 10).trim();
        badLines.set(
          line,
          new TandemError('bad-encoding', `This line has bytes that are not UTF-8, at: ${near}`, {
            where: { file, line, column },
            hint: 'Save the file as UTF-8.',
          }),
        );
      }
      start = end;
    }
    return { text: new TextDecoder().decode(bytes), badLines };
  }
}

/** Leaves out rows that start on an undecodable line, or contain its replacement characters (as CSV fields may span lines). */
function withoutLines({ entries, bad }: Entries, badLines: ReadonlyMap<number, TandemError>): Entries {
  if (badLines.size === 0) return { entries, bad };
  const replaced = ({ line, values }: Entry): boolean =>
    badLines.has(line) || Object.values(values).some((value) => textOf(value).includes('\uFFFD'));
  return { entries: entries.filter((entry) => !replaced(entry)), bad: bad.filter((error) => !badLines.has(error.where?.line ?? 0)) };
}

/** All rows should have the same columns. Those that differ from the majority are bad. */
function sameColumns(file: string, entries: readonly Entry[]): { columns: string[]; entries: Entry[]; bad: TandemError[] } {
  const counts = new Map<string, number>();
  for (const { values } of entries) for (const column of Object.keys(values)) counts.set(column, (counts.get(column) ?? 0) + 1);
  const columns = [...counts.keys()].filter((column) => counts.get(column)! * 2 >= entries.length);
  const bad: TandemError[] = [];
  const kept = entries.filter(({ line, values }) => {
    const names = Object.keys(values);
    const lacking = columns.find((column) => !Object.hasOwn(values, column));
    const extra = names.find((column) => !columns.includes(column));
    if (lacking === undefined && extra === undefined) return true;
    const typo =
      lacking === undefined
        ? undefined
        : nearestName(
            lacking,
            names.filter((column) => !columns.includes(column)),
          );
    const message =
      lacking === undefined ? `This row has a column "${extra}" that most other rows lack.` : `This row lacks the column "${lacking}".`;
    const hint =
      typo === undefined ? `Every row should have the same columns: ${columns.join(', ')}.` : `It has "${typo}". Is that a typo?`;
    bad.push(new TandemError('bad-row', message, { where: { file, line }, hint }));
    return false;
  });
  return { columns, entries: kept, bad };
}
