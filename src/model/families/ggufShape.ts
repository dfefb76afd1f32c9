/** @file The common part of all families' GGUF metadata: read as a shape, and written. Keys follow llama.cpp's gguf-py. */
import { TandemError } from '../../errors.ts';
import { damagedHint } from '../configFields.ts';
import { countField, floatField, textField, type GgufField } from '../files/ggufFields.ts';
import type { GgufMetadata } from '../files/ggufMetadata.ts';
import { blockOf, linearNames, type LinearName } from '../linears.ts';
import { biasesField, layersFrom, mostPositions, type ModelShape } from '../modelShape.ts';
import { yarnSharpening } from '../rotary.ts';
import type { GgufNames, GgufSource } from './family.ts';

/** Tensor names of llama.cpp's architectures that share this transformer. */
export const ggufNames: GgufNames = {
  layer: {
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    attn_output: 'self_attn.o_proj',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
  model: {
    'token_embd.weight': 'model.embed_tokens.weight',
    'output_norm.weight': 'model.norm.weight',
    'output.weight': 'lm_head.weight',
  },
};

/** How an architecture differs. */
export interface GgufDifferences {
  /** Linears that always have a bias. Others may have one. */
  readonly biases?: readonly LinearName[];
  readonly queryKeyNorm?: true;
}

/** @throws TandemError 'bad-gguf', 'bad-weights', 'unsupported-model' */
export function readGgufShape(
  { metadata, shapes, divisors, unsupported }: GgufSource,
  architecture: string,
  { biases = [], queryKeyNorm }: GgufDifferences = {},
): ModelShape {
  const embedding = shapes.get('model.embed_tokens.weight');
  if (!embedding)
    throw new TandemError('bad-weights', 'The weight "token_embd.weight" is missing.', {
      where: { file: metadata.file },
      hint: damagedHint,
    });
  const heads = metadata.number(`${architecture}.attention.head_count`);
  const hiddenSize = metadata.number(`${architecture}.embedding_length`);
  const headSize = metadata.optionalNumber(`${architecture}.attention.key_length`) ?? hiddenSize / heads;
  const rotated = metadata.optionalNumber(`${architecture}.rope.dimension_count`) ?? headSize;
  if (rotated !== headSize) throw unsupported('Models that rotate only part of each head are not supported.');
  const values = metadata.optionalNumber(`${architecture}.attention.value_length`) ?? headSize;
  if (values !== headSize) throw unsupported('Models whose values are not as wide as their keys are not supported.');
  const layers = metadata.number(`${architecture}.block_count`);
  const maxPositions = metadata.number(`${architecture}.context_length`);
  const hasBias = (linear: LinearName): boolean => shapes.has(`model.layers.0.${blockOf(linear)}.${linear}.bias`);
  return {
    vocabularySize: embedding[0],
    hiddenSize,
    intermediateSize: metadata.number(`${architecture}.feed_forward_length`),
    layers,
    heads,
    keyValueHeads: metadata.optionalNumber(`${architecture}.attention.head_count_kv`) ?? heads,
    headSize,
    ropeTheta: metadata.optionalNumber(`${architecture}.rope.freq_base`) ?? 10000,
    ...readScaling(metadata, architecture, divisors, unsupported),
    rmsNormEps: metadata.number(`${architecture}.attention.layer_norm_rms_epsilon`),
    tiedEmbeddings: !shapes.has('lm_head.weight'),
    maxPositions,
    ...biasesField(linearNames.filter((linear) => biases.includes(linear) || hasBias(linear))),
    ...(queryKeyNorm && { queryKeyNorm }),
    ...readWindow(metadata, architecture, layers, maxPositions),
  };
}

/** By key, without the architecture prefix. @throws TandemError 'unsupported-model' for what llama.cpp's metadata cannot express */
export function writtenGgufShape(shape: ModelShape): Record<string, GgufField> {
  return {
    block_count: countField(shape.layers),
    context_length: countField(shape.maxPositions),
    embedding_length: countField(shape.hiddenSize),
    feed_forward_length: countField(shape.intermediateSize),
    'attention.head_count': countField(shape.heads),
    'attention.head_count_kv': countField(shape.keyValueHeads),
    'attention.key_length': countField(shape.headSize),
    'attention.value_length': countField(shape.headSize),
    'rope.dimension_count': countField(shape.headSize),
    'rope.freq_base': floatField(shape.ropeTheta),
    ...writtenScaling(shape),
    'attention.layer_norm_rms_epsilon': floatField(shape.rmsNormEps),
    ...writtenWindow(shape),
    vocab_size: countField(shape.vocabularySize),
  };
}

/** llama.cpp stores Llama 3.1's scaling in computed form, as a divisor for each frequency. */
function readScaling(
  metadata: GgufMetadata,
  architecture: string,
  divisors: readonly number[] | undefined,
  unsupported: GgufSource['unsupported'],
): Pick<ModelShape, 'ropeScaling'> {
  if (divisors) return { ropeScaling: { type: 'divisors', divisors } };
  const prefix = `${architecture}.rope.scaling`;
  const type = metadata.optionalText(`${prefix}.type`) ?? 'none';
  const number = (field: string, otherwise?: number): number => {
    const value = metadata.optionalNumber(`${prefix}.${field}`) ?? otherwise ?? metadata.number(`${prefix}.${field}`);
    if (value > 0 && value < Infinity) return value;
    throw new TandemError('bad-gguf', `"${prefix}.${field}" is ${value}, not a number above 0.`, {
      where: { file: metadata.file },
      hint: damagedHint,
    });
  };
  switch (type) {
    case 'none':
      return {};
    case 'linear':
      return { ropeScaling: { type, factor: number('factor') } };
    case 'yarn': {
      const factor = number('factor');
      return {
        ropeScaling: {
          type,
          factor,
          originalMaxPositions: number('original_context_length'),
          betaFast: number('yarn_beta_fast', 32),
          betaSlow: number('yarn_beta_slow', 1),
          // llama.cpp multiplies the file's value by the one derived from the factor.
          attentionFactor: number('attn_factor', 1) * yarnSharpening(factor),
          truncate: true,
        },
      };
    }
    default:
      throw unsupported(`The rotary scaling "${type.slice(0, 80)}" is not supported.`);
  }
}

function writtenScaling({ ropeScaling: scaling }: ModelShape): Record<string, GgufField> {
  if (!scaling) return {};
  if (scaling.type === 'linear') return { 'rope.scaling.type': textField('linear'), 'rope.scaling.factor': floatField(scaling.factor) };
  if (scaling.type === 'yarn' && scaling.truncate)
    return {
      'rope.scaling.type': textField('yarn'),
      'rope.scaling.factor': floatField(scaling.factor),
      'rope.scaling.original_context_length': countField(scaling.originalMaxPositions),
      'rope.scaling.yarn_beta_fast': floatField(scaling.betaFast),
      'rope.scaling.yarn_beta_slow': floatField(scaling.betaSlow),
      'rope.scaling.attn_factor': floatField(scaling.attentionFactor / yarnSharpening(scaling.factor)),
    };
  throw new TandemError('unsupported-model', `Models with the rotary scaling "${scaling.type}" cannot be written as GGUF.`);
}

function readWindow(metadata: GgufMetadata, architecture: string, layers: number, maxPositions: number): Pick<ModelShape, 'slidingWindow'> {
  const size = metadata.optionalNumber(`${architecture}.attention.sliding_window`) ?? 0;
  if (!(size > 0 && size < Math.min(maxPositions, mostPositions)) || !(layers <= 1024)) return {};
  if (!Number.isInteger(size))
    throw new TandemError('bad-gguf', `The sliding window is ${size} tokens, not a whole number.`, {
      where: { file: metadata.file },
      hint: damagedHint,
    });
  return { slidingWindow: { size, layers: layersFrom(0, layers) } };
}

function writtenWindow({ slidingWindow: window, layers }: ModelShape): Record<string, GgufField> {
  if (!window) return {};
  if (window.layers.length === layers) return { 'attention.sliding_window': countField(window.size) };
  throw new TandemError('unsupported-model', 'Models with a sliding window in some of their layers cannot be written as GGUF.');
}
