/** @file Lays a batch out as packed tokens: the common prefix once, every row's own tokens after it. */
import type { TensorValue } from '../tensor/executor.ts';

/** One row: its tokens after the shared prefix, as a list or as a tree. */
export interface PackedRow {
  readonly tokens: readonly number[];
  /**
   * For a tree (label tries): the index in `tokens` of each token's parent, -1 for the first. If omitted, every token follows the one
   * before it.
   */
  readonly parents?: readonly number[];
}

/** How many tokens all rows have in common at their start. At least one token of every row stays its own. */
export function commonPrefix(rows: readonly (readonly number[])[]): number {
  if (!rows.length) return 0;
  const [first] = rows;
  let length = Math.min(...rows.map((row) => row.length)) - 1;
  for (const row of rows) {
    let same = 0;
    while (same < length && row[same] === first[same]) same++;
    length = same;
  }
  return Math.max(length, 0);
}

export interface Packing {
  readonly feeds: Readonly<Record<string, TensorValue>>;
  /** Index among the packed own tokens of token t of row r: offsets[r] + t. */
  readonly offsets: readonly number[];
}

/**
 * The index tensors that `transformerGraph` reads.
 * @param start position of a row's first own token, i.e. the prefix's length
 * @param past with a cache of earlier own tokens: for each row, which of the cache's slots contain one of its tokens (1) or padding (0)
 */
export function packRows(rows: readonly PackedRow[], start: number, past: readonly Uint8Array[] = []): Packing {
  const count = rows.length;
  const length = Math.max(...rows.map((row) => row.tokens.length));
  const total = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  const pastLength = past[0]?.length ?? 0;
  const keys = pastLength + length;
  const ids = new Int32Array(total);
  const positions = new Int32Array(total);
  const rowIndex = new Int32Array(count * length).fill(-1);
  const packIndex = new Int32Array(total);
  const mask = new Float32Array(count * length * keys).fill(hidden);
  const queryPositions = new Int32Array(count * length);
  const keyPositions = new Int32Array(count * keys);
  const offsets: number[] = [];
  let at = 0;
  rows.forEach(({ tokens, parents }, row) => {
    offsets.push(at);
    const slots = past[row] ?? new Uint8Array();
    const seen = slots.reduce((sum, slot) => sum + slot, 0);
    const depth = new Int32Array(tokens.length);
    let next = start;
    slots.forEach((slot, i) => slot && (keyPositions[row * keys + i] = next++));
    for (let t = 0; t < tokens.length; t++, at++) {
      const parent = parents ? parents[t] : t - 1;
      const line = (row * length + t) * keys;
      if (parent >= 0) {
        const above = (row * length + parent) * keys;
        mask.copyWithin(line + pastLength, above + pastLength, above + pastLength + t);
        depth[t] = depth[parent] + 1;
      }
      slots.forEach((slot, i) => slot && (mask[line + i] = 0));
      mask[line + pastLength + t] = 0;
      ids[at] = tokens[t];
      positions[at] = start + seen + depth[t];
      queryPositions[row * length + t] = positions[at];
      keyPositions[row * keys + pastLength + t] = positions[at];
      rowIndex[row * length + t] = at;
      packIndex[at] = row * length + t;
    }
    for (let t = tokens.length; t < length; t++) mask[(row * length + t) * keys + pastLength] = 0;
  });
  return {
    offsets,
    feeds: {
      ids: { shape: [total], data: ids },
      positions: { shape: [total], data: positions },
      rowIndex: { shape: [count, length], data: rowIndex },
      packIndex: { shape: [total], data: packIndex },
      mask: { shape: [count, length, keys], data: mask },
      queryPositions: { shape: [count, length], data: queryPositions },
      keyPositions: { shape: [count, keys], data: keyPositions },
      prefixPositions: positionsTo(start),
    },
  };
}

/** Added to the score of a key that a token must not see. */
const hidden = -1e9;

export function int32(values: readonly number[]): TensorValue {
  return { shape: [values.length], data: Int32Array.from(values) };
}

/** A prefix that is computed in the graph itself. */
export const prefixFeeds = (tokens: readonly number[]): Record<string, TensorValue> => ({ prefixIds: int32(tokens) });

const positionsTo = (length: number): TensorValue => ({ shape: [length], data: Int32Array.from({ length }, (_, i) => i) });
