/** @file The head of a data file: enough to know its columns, without reading all of it on the editor's event loop. */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { namedColumns, namedRow } from '../../data/columns.ts';
import type { Row } from '../../data/dataset.ts';
import { TandemError } from '../../errors.ts';
import type { TandemSettings } from '../../prompt/settings.ts';
import { readHead } from './headOf.ts';

export interface DataSample {
  readonly columns: readonly string[];
  /** The first rows; those that cannot be read are left out. */
  readonly rows: readonly Row[];
  /** The file has no others. */
  readonly areAll?: true;
}

/** What is known of a data file: its head, or why it cannot be read. */
export type DataFinding = DataSample | TandemError;

export interface Samples {
  /** Reads the head of a data file, and again only when the file is another one. */
  readonly find: (path: string) => Promise<DataFinding>;
}

/** @throws TandemError those of readDataset, as far as the head of the file shows them */
export async function readSample(file: string): Promise<DataSample> {
  const { columns, rows, areAll } = await readHead(file);
  return { columns, rows, ...(areAll && { areAll }) };
}

export function makeSamples(): Samples {
  const known = new Map<string, { readonly version: string; readonly finding: Promise<DataFinding> }>();
  return {
    async find(path) {
      const { mtimeMs, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: -1 }));
      const version = `${mtimeMs} ${size}`;
      const last = known.get(path);
      if (last?.version === version) return last.finding;
      const finding = readSample(path).catch((error: unknown) => {
        if (error instanceof TandemError) return error;
        throw error;
      });
      known.set(path, { version, finding });
      return finding;
    },
  };
}

/** The first data file of a prompt file that can be read, under the names that the prompt file uses. */
export async function sampleOf(
  settings: Pick<TandemSettings, 'data' | 'columns'>,
  promptPath: string,
  { find }: Samples,
): Promise<DataSample | undefined> {
  for (const { file } of dataFilesOf(settings, promptPath)) {
    const finding = await find(file);
    if (finding instanceof TandemError) continue;
    const { columns } = settings;
    return { columns: namedColumns(finding.columns, columns), rows: finding.rows.map((row) => namedRow(row, columns)) };
  }
  return undefined;
}

/** What a step of a program can read: the columns of the data, and what the steps before it answer, but not what the last one is to find. */
export function stepSample({ columns, rows }: DataSample, outputs: readonly string[], place: number): DataSample {
  const answers = outputs.slice(0, place);
  const read = columns.filter((column) => column !== outputs.at(-1) && !answers.includes(column));
  return { columns: [...read, ...answers], rows };
}

/** The data files that a prompt file names, by their setting: 'data', or 'data.train', 'data.val' and 'data.test'. */
export function dataFilesOf({ data }: Pick<TandemSettings, 'data'>, promptPath: string): { setting: string; file: string }[] {
  const named =
    typeof data === 'string' ? { data } : Object.fromEntries(Object.entries(data).map(([name, path]) => [`data.${name}`, path]));
  return Object.entries(named).flatMap(([setting, path]) => (path ? [{ setting, file: resolve(dirname(promptPath), path) }] : []));
}
