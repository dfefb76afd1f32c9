/** @file Frozen matrices as float32, fed to graphs as they were loaded. */
import type { WeightTensor } from '../weightTensor.ts';
import { gatherRows, matMul } from '../../tensor/ops.ts';
import type { FrozenForm } from './frozenForm.ts';

export const f32: FrozenForm = {
  name: 'f32',
  bytesPerNumber: 4,
  feeds: (name, matrix) => ({ [name]: matrix }),
  matrix(name, shape, input) {
    const whole = input(name, shape);
    return { product: (x) => matMul(x, whole, { transB: true }), rows: (numbers) => gatherRows(whole, numbers) };
  },
  numbers: (name, feeds) => feeds[name] as WeightTensor,
};
