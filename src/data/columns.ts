/** @file Names that a prompt file gives to the columns of its data: `columns: {ours: theirs}`. */
import { TandemError } from '../errors.ts';
import { suggestName } from '../prompt/nearest.ts';
import type { Dataset, Row } from './dataset.ts';

type Columns = Readonly<Record<string, string>>;

/** Translates column names of the data to those of the prompt file. */
export const namedColumns = (columns: readonly string[], names: Columns): string[] => {
  const ours = oursByTheirs(names);
  return columns.map((column) => ours.get(column) ?? column);
};

/** The row with the prompt file's column names. It keeps its id, so that renaming a column moves no row to another split. */
export function namedRow(row: Row, names: Columns): Row {
  const ours = oursByTheirs(names);
  if (ours.size === 0) return row;
  return { ...row, values: Object.fromEntries(Object.entries(row.values).map(([column, value]) => [ours.get(column) ?? column, value])) };
}

/**
 * The data with the prompt file's column names.
 * @throws TandemError reason 'bad-columns' for a column that the data lacks, or a name that another column of the data has
 */
export function nameColumns(data: Dataset, names: Columns, promptPath: string): Dataset {
  const where = { file: promptPath };
  for (const [ours, theirs] of Object.entries(names)) {
    if (!data.columns.includes(theirs)) {
      const message = `\`columns\` names "${theirs}", which ${data.file} lacks (columns: ${data.columns.join(', ')}).`;
      throw new TandemError('bad-columns', message, { where, hint: suggestName(theirs, data.columns) });
    }
    if (ours !== theirs && data.columns.includes(ours) && !Object.values(names).includes(ours)) {
      const message = `\`columns\` renames "${theirs}" to "${ours}", but ${data.file} already has a column "${ours}".`;
      throw new TandemError('bad-columns', message, { where, hint: 'Choose another name, or rename both columns.' });
    }
  }
  return { ...data, columns: namedColumns(data.columns, names), rows: data.rows.map((row) => namedRow(row, names)) };
}

const oursByTheirs = (names: Columns): ReadonlyMap<string, string> =>
  new Map(Object.entries(names).map(([ours, theirs]) => [theirs, ours]));
