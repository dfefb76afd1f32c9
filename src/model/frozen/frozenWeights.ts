/** @file A model's weights in a form, made piece by piece, so that no matrix has to be in memory as float32. */
import type { TensorValue } from '../../tensor/executor.ts';
import type { WeightTensor } from '../weightTensor.ts';
import type { FrozenForm } from './frozenForm.ts';

export interface FrozenWeights {
  readonly form: FrozenForm;
  /** The graph inputs for all weights: vectors by their own names, matrices in the inputs of the form. */
  readonly feeds: Readonly<Record<string, TensorValue>>;
}

/** Whole rows of a matrix, or a whole vector. */
export interface WeightPiece extends WeightTensor {
  /** The first of the rows. 0 for a vector. */
  readonly firstRow: number;
}

export interface FrozenIntake {
  /**
   * Copies a piece of a weight.
   * @param shape of the whole weight
   */
  readonly take: (name: string, shape: readonly number[], piece: WeightPiece) => void;
  /** All that was taken. */
  readonly weights: FrozenWeights;
}

export function frozenIntake(form: FrozenForm): FrozenIntake {
  const feeds: Record<string, TensorValue> = {};
  return {
    take(name, shape, piece) {
      const parts = shape.length === 2 ? form.feeds(name, piece) : { [name]: piece };
      for (const [input, part] of Object.entries(parts)) {
        const whole = (feeds[input] ??= emptyLike(part, shape[0]));
        whole.data.set(part.data, piece.firstRow * (part.data.length / part.shape[0]));
      }
    },
    weights: { form, feeds },
  };
}

/** Zeros with this many rows. */
function emptyLike({ shape, data }: TensorValue, rows: number): TensorValue {
  const numbers = rows * (data.length / shape[0]);
  const full = [rows, ...shape.slice(1)];
  if (data instanceof Float32Array) return { shape: full, data: new Float32Array(numbers) };
  return { shape: full, data: data instanceof Int8Array ? new Int8Array(numbers) : new Int32Array(numbers) };
}

/** Weights that are in memory as float32. Those that stay in float32 are shared, not copied. */
export function frozenWeights(weights: ReadonlyMap<string, WeightTensor>, form: FrozenForm): FrozenWeights {
  const feeds: Record<string, TensorValue> = {};
  for (const [name, weight] of weights) Object.assign(feeds, weight.shape.length === 2 ? form.feeds(name, weight) : { [name]: weight });
  return { form, feeds };
}

/** The float32 numbers that graphs compute with. */
export const numbersOf = ({ form, feeds }: FrozenWeights, name: string, shape: readonly number[]): WeightTensor =>
  shape.length === 2 ? form.numbers(name, feeds) : (feeds[name] as WeightTensor);
