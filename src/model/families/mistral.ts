/** @file Mistral: Llama with a sliding window in every layer. llama.cpp stores its models as Llama's. */
import { layersFrom } from '../modelShape.ts';
import { readConfigShape, writtenConfigShape } from './configShape.ts';
import type { Family } from './family.ts';

export const mistral: Family = {
  name: 'Mistral',
  config: {
    architectures: ['MistralForCausalLM'],
    modelType: 'mistral',
    variants: ['slidingWindow'],
    read: (fields) =>
      readConfigShape(fields, {
        window: (layers) =>
          fields.raw('sliding_window') === null ? undefined : { size: fields.count('sliding_window', 4096), layers: layersFrom(0, layers) },
        keyValueHeads: 8,
        maxPositions: 131_072,
      }),
    write(shape) {
      const { slidingWindow: window, layers } = shape;
      return window?.layers.length === layers ? writtenConfigShape(shape, { sliding_window: window.size }) : undefined;
    },
  },
};
