/** @file The form that a model's matrices get, and the memory that they take in it. */
import { weightShapes } from '../files/weights.ts';
import type { ModelShape } from '../modelShape.ts';
import { f32 } from './f32.ts';
import type { FrozenForm } from './frozenForm.ts';
import { frozenForms, type FormChoice } from './table.ts';

/** A small model stays in float32: there is little memory to save. */
export const formFor = (choice: FormChoice, shape: ModelShape): FrozenForm =>
  frozenForms[choice === 'auto' ? (weightBytes(shape, f32) < enoughToSave ? 'f32' : 'int8') : choice];

const enoughToSave = 300e6;

/** Bytes of memory for all weights of a model. */
export function weightBytes(shape: ModelShape, form: FrozenForm): number {
  const numbersIn = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
  return [...weightShapes(shape).values()].reduce(
    (sum, sizes) => sum + numbersIn(sizes) * (sizes.length === 2 ? form.bytesPerNumber : f32.bytesPerNumber),
    0,
  );
}
