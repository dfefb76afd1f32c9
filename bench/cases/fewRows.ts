/** @file A handful of labelled rows, as a person would label them: each answer in turn, half for training and half for validation. */
import type { Row } from '../../src/data/dataset.ts';
import { textIn } from '../../src/prompt/values.ts';
import { randomStream } from '../../src/random.ts';

export interface FewRows {
  readonly train: readonly Row[];
  readonly val: readonly Row[];
}

/**
 * @param pool to draw from, the same for all seeds
 * @param count all rows; the first half is for training, plus one if the count is odd. So every answer is in training if there are enough rows
 * @throws Error if the pool has fewer
 */
export function drawFewRows(pool: readonly Row[], output: string, count: number, seed: number): FewRows {
  if (pool.length < count) throw new Error(`There are ${pool.length} rows to draw ${count} from.`);
  const seen = new Map<string, number>();
  const drawn = randomStream('few rows', seed)
    .shuffle(pool)
    .map((row, place) => {
      const answer = textIn(row.values, output);
      const turn = (seen.get(answer) ?? 0) + 1;
      seen.set(answer, turn);
      return { row, turn, place };
    })
    .sort((a, b) => a.turn - b.turn || a.place - b.place)
    .slice(0, count)
    .map(({ row }) => row);
  const half = Math.ceil(count / 2);
  return { train: drawn.slice(0, half), val: drawn.slice(half) };
}
