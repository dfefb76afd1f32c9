/** @file Qwen2 and Qwen2.5: queries, keys and values have biases. */
import type { LinearName } from '../linears.ts';
import { hasBiases, readConfigShape, writtenConfigShape } from './configShape.ts';
import type { Family } from './family.ts';
import { ggufNames, readGgufShape, writtenGgufShape } from './ggufShape.ts';
import { readQwenWindow, writtenQwenWindow } from './qwenWindow.ts';

const biases: readonly LinearName[] = ['q_proj', 'k_proj', 'v_proj'];

export const qwen2: Family = {
  name: 'Qwen2',
  config: {
    architectures: ['Qwen2ForCausalLM'],
    modelType: 'qwen2',
    variants: ['biases', 'slidingWindow'],
    read: (fields) =>
      readConfigShape(fields, { biases, window: (layers) => readQwenWindow(fields, layers), keyValueHeads: 32, maxPositions: 32_768 }),
    write: (shape) => (hasBiases(shape, biases) ? writtenConfigShape(shape, writtenQwenWindow(shape)) : undefined),
  },
  gguf: {
    architecture: 'qwen2',
    variants: ['biases', 'slidingWindow'],
    read: (source) => readGgufShape(source, 'qwen2', { biases }),
    holds: (shape) => hasBiases(shape, biases),
    write: writtenGgufShape,
    names: ggufNames,
  },
};
