/** @file Llama, and models of other names with the same architecture, e.g. SmolLM2. */
import type { ConfigFields } from '../configFields.ts';
import { attentionLinears, linearNames, mlpLinears, type LinearName } from '../linears.ts';
import { hasBiases, readConfigShape, writtenConfigShape } from './configShape.ts';
import type { Family } from './family.ts';
import { ggufNames, readGgufShape, writtenGgufShape } from './ggufShape.ts';
import { rotaryRows } from './rotaryRows.ts';

/** The biases that a config can express. */
const sayable: readonly (readonly LinearName[])[] = [[], attentionLinears, mlpLinears, linearNames];

const biasesOf = (fields: ConfigFields): readonly LinearName[] => [
  ...(fields.flag('attention_bias', false) ? attentionLinears : []),
  ...(fields.flag('mlp_bias', false) ? mlpLinears : []),
];

export const llama: Family = {
  name: 'Llama',
  config: {
    architectures: ['LlamaForCausalLM'],
    modelType: 'llama',
    variants: ['biases'],
    read: (fields) => readConfigShape(fields, { biases: biasesOf(fields), maxPositions: 2048 }),
    write(shape) {
      if (!sayable.some((biases) => hasBiases(shape, biases))) return undefined;
      return writtenConfigShape(shape, {
        ...(shape.biases?.includes('q_proj') && { attention_bias: true }),
        ...(shape.biases?.includes('up_proj') && { mlp_bias: true }),
      });
    },
  },
  // Mistral's own models are also stored as `llama`.
  gguf: {
    architecture: 'llama',
    variants: ['biases', 'slidingWindow'],
    read: (source) => readGgufShape(source, 'llama'),
    holds: (shape) => !hasBiases(shape, ['q_proj', 'k_proj', 'v_proj']),
    write: writtenGgufShape,
    names: ggufNames,
    stored: rotaryRows,
  },
};
