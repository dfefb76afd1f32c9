/** @file Qwen3: every head's query and key is normalized. */
import { attentionLinears } from '../linears.ts';
import { hasBiases, readConfigShape, writtenConfigShape } from './configShape.ts';
import type { Family } from './family.ts';
import { ggufNames, readGgufShape, writtenGgufShape } from './ggufShape.ts';
import { readQwenWindow, writtenQwenWindow } from './qwenWindow.ts';

export const qwen3: Family = {
  name: 'Qwen3',
  config: {
    architectures: ['Qwen3ForCausalLM'],
    modelType: 'qwen3',
    variants: ['biases', 'queryKeyNorm', 'slidingWindow'],
    read: (fields) =>
      readConfigShape(fields, {
        biases: fields.flag('attention_bias', false) ? attentionLinears : [],
        queryKeyNorm: true,
        window: (layers) => readQwenWindow(fields, layers),
        keyValueHeads: 32,
        headSize: 128,
        maxPositions: 32_768,
      }),
    write(shape) {
      const biased = hasBiases(shape, attentionLinears);
      if (!shape.queryKeyNorm || !(biased || hasBiases(shape, []))) return undefined;
      return writtenConfigShape(shape, { ...(biased && { attention_bias: true }), ...writtenQwenWindow(shape) });
    },
  },
  gguf: {
    architecture: 'qwen3',
    variants: ['biases', 'queryKeyNorm', 'slidingWindow'],
    read: (source) => readGgufShape(source, 'qwen3', { queryKeyNorm: true }),
    holds: (shape) => shape.queryKeyNorm === true,
    write: writtenGgufShape,
    names: ggufNames,
  },
};
