/** @file Reads a weight from its file in pieces of whole rows, so that only one of them is in memory as float32. */
import type { FileHandle } from 'node:fs/promises';
import { pulse } from '../../pulse.ts';
import type { WeightPiece } from '../frozen/frozenWeights.ts';
import { bufferFor, readInto, type NumberFormat } from './numberFormats.ts';
import { numbersCheck } from './weights.ts';

/** A weight in an open file. */
export interface PlacedWeight {
  /** Its name in the file. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: NumberFormat;
  readonly position: number;
}

/** Receives the pieces of each weight, from its first row to its last. The memory of a piece is used again for the next one. */
export type TakePiece = (name: string, shape: readonly number[], piece: WeightPiece) => void;

/**
 * Reads and checks all numbers of a weight.
 * @param headRows the rows of a head, which stay together
 * @throws RangeError if the file ends before; TandemError 'bad-weights'
 */
export async function readPieces(
  file: FileHandle,
  path: string,
  { name, shape, format, position }: PlacedWeight,
  headRows: number,
  take: (piece: WeightPiece) => void,
): Promise<void> {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const step = shape.length === 1 ? shape[0] : rowsOfPiece(width, headRows, format);
  const numbers = new Float32Array(Math.min(shape[0], step) * width);
  const buffer = bufferFor(format, numbers.length);
  const check = numbersCheck(name, path);
  for (let firstRow = 0; firstRow < shape[0]; firstRow += step) {
    const rows = Math.min(step, shape[0] - firstRow);
    const data = numbers.subarray(0, rows * width);
    await readInto(file, position + ((firstRow * width) / format.blockNumbers) * format.blockBytes, format, data, buffer);
    check.add(data);
    take({ shape: [rows, ...shape.slice(1)], data, firstRow });
    pulse();
  }
  check.end();
}

/** About 2 MB as float32, but whole heads, whole blocks and multiples of four numbers, which fingerprints need. */
function rowsOfPiece(width: number, headRows: number, format: NumberFormat): number {
  let rows = headRows;
  while (rows * width < 2 ** 19 || (rows * width) % Math.max(format.blockNumbers, 4) !== 0) rows *= 2;
  return rows;
}
