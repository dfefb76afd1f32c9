/** @file An adapter of lower rank is the nearest one: exact if the change has that rank, otherwise with the least loss. */
import { expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { makeAdapter, type Adapter } from './adapter.ts';
import { truncated } from './lowRank.ts';

const [inputs, outputs] = [7, 5];
const random = randomStream('low rank');
const matrix = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
const adapter = (rank: number): Adapter =>
  makeAdapter({ rank, alpha: 2 * rank, dropout: 0, targets: ['q_proj'] }, [
    { layer: 0, linear: 'q_proj', a: matrix(rank * inputs), b: matrix(outputs * rank) },
  ]);

/** (alpha / rank) B A. */
function change({ config: { rank, alpha }, pairs: [{ a, b }] }: Adapter): number[] {
  return Array.from({ length: outputs * inputs }, (_, at) => {
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += b[Math.floor(at / inputs) * rank + r] * a[r * inputs + (at % inputs)];
    return (sum * alpha) / rank;
  });
}
const distance = (x: readonly number[], y: readonly number[]): number => Math.hypot(...x.map((value, i) => value - y[i]));

test('the same rank changes nothing, whatever the components contain', () => {
  for (const rank of [1, 2, 4]) {
    const whole = adapter(rank);
    const { adapter: same, kept } = truncated(whole, rank);
    expect(distance(change(whole), change(same))).toBeLessThan(1e-5);
    expect(kept).toBeCloseTo(1);
  }
});

test('the loss is 1 - `kept`, and no cut to the same rank by dropping components loses less', () => {
  for (let i = 0; i < 10; i++) {
    const whole = adapter(4);
    const { adapter: cut, kept } = truncated(whole, 2);
    const lost = distance(change(whole), change(cut));
    expect(
      lost ** 2 /
        distance(
          change(whole),
          change(whole).map(() => 0),
        ) **
          2,
    ).toBeCloseTo(1 - kept, 4);
    const [{ a, b }] = whole.pairs;
    const dropped = makeAdapter(whole.config, [{ ...whole.pairs[0], a: a.slice().fill(0, 2 * inputs), b }]);
    expect(lost).toBeLessThanOrEqual(distance(change(whole), change(dropped)) + 1e-5);
  }
});

test('an adapter that changes nothing yet is cut to another that changes nothing', () => {
  const { adapter: cut, kept } = truncated(
    makeAdapter(adapter(4).config, [{ layer: 0, linear: 'q_proj', a: matrix(28), b: new Float32Array(20) }]),
    2,
  );
  expect(change(cut).every((value) => value === 0)).toBe(true);
  expect(kept).toBe(1);
});
