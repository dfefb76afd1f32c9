/** @file The first rows of a data file, without reading all of it. */
import { readdir, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { wholeElements } from '../../data/jsonl.ts';
import { dataEndings } from '../../data/dataEndings.ts';
import { datasetOf, parseDataset } from '../../data/readDataset.ts';
import { TandemError } from '../../errors.ts';
import { openFile } from '../../files.ts';
import { nearestName } from '../../prompt/nearest.ts';

/** The first rows. */
export interface Head extends Dataset {
  /** The file has no others. */
  readonly areAll?: true;
}

const headBytes = 65_536;
const headRows = 200;

/**
 * Rows that cannot be read are left out.
 * @throws TandemError those of readDataset, as far as the head of the file shows them
 */
export async function readHead(file: string): Promise<Head> {
  const handle = await openFile(file).catch(async (cause: unknown) => {
    const meant = await nearestBeside(file);
    throw new TandemError('missing-data', 'The data file cannot be read.', {
      where: { file },
      hint: meant === undefined ? 'Paths are relative to the prompt file.' : `Did you mean "${meant}"?`,
      cause,
    });
  });
  try {
    if (extname(file).toLowerCase() === '.parquet') {
      const { readParquet } = await import('../../data/parquet.ts');
      const rows = await readParquet(file, await partsOf(handle), headRows);
      const head = datasetOf(file, new Uint8Array(), { ...rows, badLines: new Map() }, { skipBad: true });
      return { ...head, ...(head.rows.length < headRows && { areAll: true }) };
    }
    const { size } = await handle.stat();
    return { ...parseDataset(file, await headOf(handle, file), { skipBad: true }), ...(size < headBytes && { areAll: true }) };
  } catch (cause) {
    if (cause instanceof TandemError) throw cause;
    throw new TandemError('missing-data', 'The data file cannot be read.', { where: { file }, cause });
  } finally {
    await handle.close();
  }
}

/** The data file in the same folder whose name is close to this one's. */
async function nearestBeside(file: string): Promise<string | undefined> {
  const names = await readdir(dirname(file)).catch(() => []);
  const isData = (name: string): boolean => dataEndings.some((ending) => name.toLowerCase().endsWith(ending));
  return nearestName(
    basename(file),
    names.filter((name) => isData(name) && name !== basename(file)),
  );
}

/** Whole lines only; of a list of objects whole objects. */
async function headOf(handle: FileHandle, file: string): Promise<Uint8Array> {
  const buffer = Buffer.alloc(headBytes);
  const { bytesRead } = await handle.read(buffer, 0, headBytes, 0);
  const head = buffer.subarray(0, bytesRead);
  if (bytesRead < headBytes) return head;
  const lines = head.subarray(0, head.lastIndexOf('\n') + 1);
  if (extname(file).toLowerCase() !== '.json' || head.toString('utf8').trimStart()[0] !== '[') return lines;
  return Buffer.from(wholeElements(head.toString('utf8')));
}

async function partsOf(handle: FileHandle): Promise<{ byteLength: number; slice: (start: number, end?: number) => Promise<ArrayBuffer> }> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const part = new ArrayBuffer(end - start);
      await handle.read(new Uint8Array(part), 0, part.byteLength, start);
      return part;
    },
  };
}
