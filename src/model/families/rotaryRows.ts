/** @file The order in which llama.cpp stores the rows of Llama's queries and keys. */
import type { WeightTensor } from '../weightTensor.ts';
import type { StoredWeights } from './family.ts';

/** llama.cpp rotates neighbours (2i, 2i + 1) of a head, Hugging Face rotates halves (i, i + size / 2), so its converter reorders the rows of each head. */
export const rotaryRows: StoredWeights = {
  toFile(name, weight, { headSize }) {
    if (isRotated(name)) reorder(weight, headSize, (row) => (row % 2 === 0 ? row / 2 : (row - 1) / 2 + headSize / 2));
  },
  fromFile(name, weight, { headSize }) {
    const half = headSize / 2;
    if (isRotated(name)) reorder(weight, headSize, (row) => (row < half ? 2 * row : 2 * (row - half) + 1));
  },
};

const isRotated = (name: string): boolean => /\.[qk]_proj\.(weight|bias)$/.test(name);

/** Row r of each head becomes its row from(r). */
function reorder({ shape, data }: WeightTensor, headSize: number, from: (row: number) => number): void {
  const [rows, width = 1] = shape;
  for (let head = 0; head < rows; head += headSize) {
    const block = data.slice(head * width, (head + headSize) * width);
    for (let row = 0; row < headSize; row++) data.set(block.subarray(from(row) * width, (from(row) + 1) * width), (head + row) * width);
  }
}
