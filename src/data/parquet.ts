/** @file Reads Parquet files with hyparquet: rows of typed values. */
import { parquetMetadataAsync, parquetRead, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { TandemError } from '../errors.ts';
import type { Value, Values } from '../prompt/values.ts';
import type { Entries, Entry } from './jsonl.ts';

/**
 * Reads the rows of a file that is in memory or is read in parts. The place of a row is its number in the file, from 1. Dates become ISO
 * texts, and an integer that JavaScript cannot represent becomes the text of its digits.
 * @param most rows at most
 * @throws TandemError reason 'bad-parquet' for a file that is damaged, encrypted, or of a kind that the library cannot read
 */
export async function readParquet(file: string, source: Uint8Array | AsyncBuffer, most = Infinity): Promise<Entries> {
  const { buffer, close } = inTurns(source);
  const rows = await (async () => {
    const metadata = await parquetMetadataAsync(buffer);
    const options = { file: buffer, metadata, compressors, rowEnd: Math.min(Number(metadata.num_rows), most) };
    // If a value has two damaged columns, the second would fail without a handler. This call waits for each of them.
    await parquetRead(options);
    return parquetReadObjects(options);
  })().catch((cause: unknown) => {
    close();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TandemError('bad-parquet', `This file cannot be read as Parquet: ${why.slice(0, 200)}`, {
      where: { file },
      hint: 'Check that the download is complete, or write the rows as .jsonl.',
      cause,
    });
  });
  const entries: Entry[] = [];
  const bad: TandemError[] = [];
  for (const [place, row] of rows.entries()) {
    const line = place + 1;
    try {
      entries.push({ line, values: valuesOf(row, { file, line }) });
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      bad.push(error);
    }
  }
  return { entries, bad };
}

/**
 * Delivers each part in a later turn of the event loop, and none after it is closed. The library requests many parts at once. If it gives up
 * on one, the others would otherwise fail without a handler.
 */
function inTurns(source: Uint8Array | AsyncBuffer): { buffer: AsyncBuffer; close: () => void } {
  const whole = ArrayBuffer.isView(source) ? source.slice().buffer : source;
  let closed = false;
  return {
    buffer: {
      byteLength: whole.byteLength,
      async slice(start, end) {
        await new Promise((resolve) => setImmediate(resolve));
        return closed ? new Promise<ArrayBuffer>(() => {}) : whole.slice(start, end);
      },
    },
    close: () => {
      closed = true;
    },
  };
}

function valuesOf(row: Readonly<Record<string, unknown>>, where: { readonly file: string; readonly line: number }): Values {
  const value = (from: unknown, column: string, depth: number): Value => {
    const bad = (what: string): TandemError =>
      new TandemError('bad-row', `The column "${column}" holds ${what}, which cannot go into a prompt.`, {
        where,
        hint: 'Store it as text, or remove the column.',
      });
    if (from === null || from === undefined) return null;
    if (typeof from === 'string' || typeof from === 'boolean') return from;
    if (typeof from === 'number') return Number.isFinite(from) ? from : String(from);
    if (typeof from === 'bigint') return Number.isSafeInteger(Number(from)) ? Number(from) : String(from);
    if (from instanceof Date) return Number.isNaN(from.getTime()) ? null : from.toISOString();
    if (depth > deepest) throw bad(`more than ${deepest} levels`);
    if (ArrayBuffer.isView(from)) throw bad('bytes');
    if (Array.isArray(from)) return from.map((each) => value(each, column, depth + 1));
    if (typeof from === 'object') {
      return Object.fromEntries(Object.entries(from).map(([key, each]) => [key, value(each, column, depth + 1)]));
    }
    throw bad(`a ${typeof from}`);
  };
  return Object.fromEntries(Object.entries(row).map(([column, each]) => [column, value(each, column, 0)]));
}

const deepest = 100;
