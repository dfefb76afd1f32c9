/** @file Rows of a data file. */
import { createHash } from 'node:crypto';
import type { TandemError } from '../errors.ts';
import { textsOf, type Values } from '../prompt/values.ts';

export interface Row {
  /** Hash of the row's values, not of its place in the file, so that reordering keeps it. */
  readonly id: string;
  readonly values: Values;
  /** 1-based line in the file it came from. */
  readonly line: number;
}

export interface Dataset {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** The errors of the lines that were skipped; empty unless skipping was asked for. */
  readonly bad: readonly TandemError[];
  /** SHA-256 of the file's bytes, in hex. */
  readonly hash: string;
}

/**
 * A row with the id that follows from its values: 16 hex digits of SHA-256 over their texts, sorted by column.
 * @param identity the values that determine the id, if they are not those of the row
 */
export function makeRow(values: Values, line: number, identity: Values = values): Row {
  const sorted = Object.entries(textsOf(identity)).sort(([a], [b]) => (a < b ? -1 : 1));
  return { id: createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16), values, line };
}
