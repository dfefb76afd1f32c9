/** @file Rows of a data file. */
import { createHash } from 'node:crypto';
import type { TandemError } from '../errors.ts';

export interface Row {
  /** Hash of the row's values (not of its place in the file): stable across reordering. */
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  /** 1-based line in the file it came from. */
  readonly line: number;
}

export interface Dataset {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What is wrong with the lines that were skipped; empty unless skipping was asked for. */
  readonly bad: readonly TandemError[];
  /** SHA-256 of the file's bytes, in hex. */
  readonly hash: string;
}

/** A row with the id that belongs to its values: 16 hex digits of SHA-256 over them, sorted by column. */
export function makeRow(values: Readonly<Record<string, string>>, line: number): Row {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return { id: createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16), values, line };
}
