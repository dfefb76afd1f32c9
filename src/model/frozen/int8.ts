/** @file Frozen matrices as integers of 8 bits, in blocks of 32 numbers of a row with a float32 scale each: 9/32 of the memory of float32. */
import { dequantize, matMulBlocks } from '../../tensor/blockOps.ts';
import { gatherRows } from '../../tensor/ops.ts';
import type { FrozenForm } from './frozenForm.ts';

const block = 32;
const blocksName = (name: string): string => `${name}.blocks`;
const scalesName = (name: string): string => `${name}.scales`;

/**
 * A block's largest number becomes 127 or -127, so no number is off by more than 1/254 of it. GGUF's Q8_0 has the same blocks, and its own integers and
 * scales come back unchanged: its scales are halves, so the numbers that they make are exact in float32.
 */
export const int8: FrozenForm = {
  name: 'int8',
  bytesPerNumber: 1 + 4 / block,
  mark: '-int8',
  feeds(name, { shape, data }) {
    const [rows, width] = shape;
    const count = Math.ceil(width / block);
    const integers = new Int8Array(rows * width);
    const scales = new Float32Array(rows * count);
    for (let row = 0, at = 0, place = 0; row < rows; row++) {
      for (const end = at + width; at < end; place++) {
        const next = Math.min(at + block, end);
        const scale = scaleOf(data, at, next);
        scales[place] = scale;
        const inverse = scale && 1 / scale;
        for (; at < next; at++) integers[at] = Math.round(data[at] * inverse);
      }
    }
    return { [blocksName(name)]: { shape, data: integers }, [scalesName(name)]: { shape: [rows, count], data: scales } };
  },
  matrix(name, [rows, width], input) {
    const blocks = input(blocksName(name), [rows, width], 'int8');
    const scales = input(scalesName(name), [rows, Math.ceil(width / block)]);
    return {
      product: (x) => matMulBlocks(x, blocks, scales, block, true),
      rows: (numbers) => dequantize(gatherRows(blocks, numbers), gatherRows(scales, numbers), block),
    };
  },
  numbers(name, feeds) {
    const [{ shape, data: integers }, { data: scales }] = [feeds[blocksName(name)], feeds[scalesName(name)]];
    const [rows, width] = shape;
    const count = Math.ceil(width / block);
    const data = new Float32Array(rows * width);
    for (let row = 0, at = 0; row < rows; row++)
      for (let column = 0; column < width; column++, at++) data[at] = integers[at] * scales[row * count + Math.floor(column / block)];
    return { shape, data };
  },
};

/** Zero for a block whose scale would be too small for float32 to have it in full precision. */
function scaleOf(data: Float32Array, start: number, end: number): number {
  let most = 0;
  for (let i = start; i < end; i++) {
    const size = Math.abs(data[i]);
    if (size > most) most = size;
  }
  const scale = Math.fround(most / 127);
  return scale < 2 ** -126 ? 0 : scale;
}
