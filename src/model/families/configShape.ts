/** @file The common part of all families' config.json: read as a shape, and written. */
import { shown, type ConfigFields } from '../configFields.ts';
import type { LinearName } from '../linears.ts';
import { biasesField, requireSizes, windowField, type ModelShape, type SlidingWindow } from '../modelShape.ts';
import { readRope, writtenScaling } from '../rotary.ts';

/** How a family differs, and the defaults for what its configs leave out, from transformers' config class. */
export interface ConfigDifferences {
  readonly biases?: readonly LinearName[];
  readonly queryKeyNorm?: true;
  readonly window?: (layers: number) => SlidingWindow | undefined;
  readonly keyValueHeads?: number;
  readonly headSize?: number;
  readonly maxPositions: number;
}

/** @throws TandemError 'bad-model-config', 'unsupported-model' */
export function readConfigShape(fields: ConfigFields, differences: ConfigDifferences): ModelShape {
  const { biases = [], queryKeyNorm, window } = differences;
  const activation = fields.raw('hidden_act');
  if (activation !== undefined && activation !== 'silu')
    throw fields.unsupported(`The activation "${shown(activation)}" is not supported, only "silu".`);
  const hiddenSize = fields.count('hidden_size');
  const heads = fields.count('num_attention_heads');
  const layers = fields.count('num_hidden_layers');
  const maxPositions = fields.count('max_position_embeddings', differences.maxPositions);
  requireSizes({ layers }, fields.file);
  /** transformers uses the class's default for an absent field, and a value derived from other fields for null. */
  const size = (name: string, absent: number | undefined, otherwise: number): number =>
    fields.count(name, fields.raw(name) === undefined ? (absent ?? otherwise) : otherwise);
  return {
    vocabularySize: fields.count('vocab_size'),
    hiddenSize,
    intermediateSize: fields.count('intermediate_size'),
    layers,
    heads,
    keyValueHeads: size('num_key_value_heads', differences.keyValueHeads, heads),
    headSize: size('head_dim', differences.headSize, hiddenSize / heads),
    ...readRope(fields),
    rmsNormEps: fields.number('rms_norm_eps', 1e-6),
    tiedEmbeddings: fields.flag('tie_word_embeddings', false),
    maxPositions,
    ...biasesField(biases),
    ...(queryKeyNorm && { queryKeyNorm }),
    ...windowField(window?.(layers), maxPositions),
  };
}

/** @param own fields of the family @throws TandemError 'unsupported-model' for what only GGUF can express */
export function writtenConfigShape(shape: ModelShape, own: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    vocab_size: shape.vocabularySize,
    hidden_size: shape.hiddenSize,
    intermediate_size: shape.intermediateSize,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    head_dim: shape.headSize,
    rope_theta: shape.ropeTheta,
    ...(shape.ropeScaling && { rope_scaling: writtenScaling(shape.ropeScaling) }),
    rms_norm_eps: shape.rmsNormEps,
    tie_word_embeddings: shape.tiedEmbeddings,
    max_position_embeddings: shape.maxPositions,
    ...own,
    hidden_act: 'silu',
  };
}

/** Whether exactly these linears have a bias. Both are in the order of `linearNames`. */
export const hasBiases = ({ biases = [] }: ModelShape, expected: readonly LinearName[]): boolean => biases.join() === expected.join();
