/** @file The data of a prompt file as train, val and test rows; the test rows are sealed. */
import { dirname, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { mapWithinTime } from '../timeLimit.ts';
import { lacksAnswers } from '../prompt/answersNeeded.ts';
import type { TandemSettings } from '../prompt/settings.ts';
import type { Values } from '../prompt/values.ts';
import { nameColumns } from './columns.ts';
import type { Dataset, Row } from './dataset.ts';
import { findLeaks, type Leak } from './leaks.ts';
import { readDataset, withOthers, type ReadOptions } from './readDataset.ts';
import { limitRows, splitRows, type Shares, type SplitName } from './split.ts';

/** Held-out rows that are used once, at the end. Every opening is recorded. */
export interface SealedRows {
  readonly size: number;
  /** Returns the rows and records why and when. */
  open(reason: string): readonly Row[];
  /** The openings so far, in order. */
  readonly openings: readonly Opening[];
}

export interface Opening {
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface Splits {
  readonly train: readonly Row[];
  readonly val: readonly Row[];
  readonly test: SealedRows;
  readonly columns: readonly string[];
  /** Absolute paths of the data files. */
  readonly files: readonly string[];
  /** SHA-256 of each file as it was read, in hex. */
  readonly hashes: readonly string[];
  /** The errors of rows that were skipped; empty unless skipping was asked for. */
  readonly bad: readonly TandemError[];
  /**
   * Near-duplicates across splits, including the sealed one, among at most `mostCompared` rows of each. The first call finds them. The seal
   * stays closed.
   */
  leaks(): readonly Leak[];
  /** The same with these values in every row that has none of its own for them; sealed rows too, and they stay sealed. */
  filled(values: Values): Splits;
  /**
   * The same splits without the rows that have a defect. Sealed rows are checked too and stay sealed.
   * @param defectOf checks a row of the named file
   * @throws the first defect, with the lines of the others, unless bad rows are to be skipped
   */
  without(defectOf: (row: Row, file: string) => TandemError | undefined): Splits;
}

export interface OpenOptions extends ReadOptions {
  /** The seed of the hash split. It is the same for every run on the data, or test rows would leak between runs. Default 0. */
  readonly seed?: number;
  /** The shares when one file is split. Default 60/20/20. */
  readonly fractions?: Shares;
}

/**
 * Opens the `data:` of a prompt file. One file is split by row hash. Files that are given for each split are taken as they are. Without a val
 * file, a quarter of train becomes val; a train file alone is split like one file.
 * @throws TandemError those of readDataset, nameColumns and splitRows; 'missing-output' if the data lacks the output column and the metric
 *   needs it; 'columns-differ'
 */
export async function openDataset(
  settings: Pick<TandemSettings, 'data' | 'output'> & Partial<Pick<TandemSettings, 'columns' | 'metric' | 'reported' | 'labels'>>,
  promptPath: string,
  options: OpenOptions = {},
): Promise<Splits> {
  const source = typeof settings.data === 'string' ? { train: settings.data } : settings.data;
  const read = async (path: string | undefined): Promise<Dataset | undefined> =>
    path === undefined
      ? undefined
      : nameColumns(await readDataset(resolve(dirname(promptPath), path), options), settings.columns ?? {}, promptPath);
  const [train, val, test] = await Promise.all([read(source.train), read(source.val), read(source.test)]);
  const sets = [train, val, test].filter((set) => set !== undefined);
  for (const set of sets) checkColumns(set, sets[0], settings);

  const rows = splitSets({ train: train!, ...(val && { val }), ...(test && { test }) }, options);
  const { columns } = sets[0];
  const about: About = {
    columns,
    files: sets.map((set) => set.file),
    hashes: sets.map((set) => set.hash),
    bad: sets.flatMap((set) => set.bad),
    inputs: columns.filter((column) => column !== settings.output),
    fileOf: { train: train!.file, val: (val ?? train)!.file, test: (test ?? train)!.file },
    skipBad: options.skipBad === true,
  };
  return splitsOf(rows, about);
}

type DataFile = Pick<Dataset, 'file' | 'rows'>;

/**
 * The rows of each split: those of its own file, or else a share of the train file's.
 * @throws TandemError reason 'too-few-rows'
 */
export function splitSets(
  { train, val, test }: { readonly train: DataFile; readonly val?: DataFile; readonly test?: DataFile },
  { seed = 0, fractions = defaultShares }: Pick<OpenOptions, 'seed' | 'fractions'> = {},
): Readonly<Record<SplitName, readonly Row[]>> {
  const shares: Shares = { train: fractions.train, val: val ? 0 : fractions.val, test: val || test ? 0 : fractions.test };
  const parts = splitRows(train.rows, { seed, fractions: shares, file: train.file });
  return { train: parts.train, val: val?.rows ?? parts.val, test: test?.rows ?? parts.test };
}

const defaultShares: Shares = { train: 60, val: 20, test: 20 };

/** What does not depend on the rows, and the bad rows so far. */
interface About extends Pick<Splits, 'columns' | 'files' | 'hashes' | 'bad'> {
  readonly inputs: readonly string[];
  readonly fileOf: Readonly<Record<SplitName, string>>;
  readonly skipBad: boolean;
}

function splitsOf(rows: Readonly<Record<SplitName, readonly Row[]>>, about: About): Splits {
  const { columns, files, hashes, bad, inputs, fileOf, skipBad } = about;
  let leaks: readonly Leak[] | undefined;
  return {
    ...{ columns, files, hashes, bad },
    train: rows.train,
    val: rows.val,
    test: sealRows(rows.test),
    leaks: () => (leaks ??= findLeaks(compared(rows), inputs)),
    filled(values) {
      if (Object.keys(values).length === 0) return this;
      const fill = (of: readonly Row[]): Row[] => of.map((row) => ({ ...row, values: { ...values, ...row.values } }));
      return splitsOf({ train: fill(rows.train), val: fill(rows.val), test: fill(rows.test) }, about);
    },
    without(defectOf) {
      const defects: TandemError[] = [];
      const sound = (split: SplitName): Row[] => {
        const found = mapWithinTime(rows[split], (row) => defectOf(row, fileOf[split]));
        for (const defect of found) if (defect) defects.push(defect);
        return rows[split].filter((_, place) => !found[place]);
      };
      const left = { train: sound('train'), val: sound('val'), test: sound('test') };
      if (defects.length === 0) return this;
      const ordered = files.flatMap((file) =>
        defects.filter(({ where }) => where?.file === file).sort((a, b) => a.where!.line! - b.where!.line!),
      );
      if (!skipBad) throw withOthers(ordered);
      return splitsOf(left, { ...about, bad: [...bad, ...ordered] });
    },
  };
}

/** How many rows of a split are searched for near-duplicates. Searching 200,000 rows would take half a minute and 1.8 GB. */
export const mostCompared = 10_000;

const compared = ({ train, val, test }: Readonly<Record<SplitName, readonly Row[]>>): Record<SplitName, Row[]> => ({
  train: limitRows(train, mostCompared, 0),
  val: limitRows(val, mostCompared, 0),
  test: limitRows(test, mostCompared, 0),
});

/** @param now milliseconds since 1970, for tests */
export function sealRows(rows: readonly Row[], now: () => number = Date.now): SealedRows {
  const openings: Opening[] = [];
  return {
    size: rows.length,
    openings,
    open(reason) {
      openings.push({ reason, at: new Date(now()).toISOString() });
      return rows;
    },
  };
}

function checkColumns(
  set: Dataset,
  first: Dataset,
  { output, metric = '', reported = [], labels }: Parameters<typeof openDataset>[0],
): void {
  const where = { file: set.file, line: set.rows[0].line };
  const hint = lacksAnswers({ output, metric, reported, ...(labels && { labels }) }, set.columns);
  if (hint !== undefined) {
    const message = `The data has no column "${output}", which the prompt file names as output (columns: ${set.columns.join(', ')}).`;
    throw new TandemError('missing-output', message, { where, hint });
  }
  const lacking = first.columns.find((column) => !set.columns.includes(column));
  if (lacking === undefined) return;
  const both = `Both files should have the columns ${first.columns.join(', ')}.`;
  throw new TandemError('columns-differ', `This file lacks the column "${lacking}", which ${first.file} has.`, { where, hint: both });
}
