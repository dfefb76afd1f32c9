/** @file Reads a model from a GGUF file: config, weights in Hugging Face's names and layout, tokenizer. */
import type { FileHandle } from 'node:fs/promises';
import { TandemError } from '../../errors.ts';
import { damagedHint, familyHint } from '../configFields.ts';
import { openFile } from '../../files.ts';
import { pulse } from '../../pulse.ts';
import { blockOf, linearNames } from '../linears.ts';
import { biasesField, checkedConfig, mostPositions, type LlamaConfig, type SlidingWindow } from '../llamaConfig.ts';
import { yarnSharpening, type RopeScaling } from '../rotary.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './ggufHeader.ts';
import { architectureOf, type Architecture } from './ggufArchitectures.ts';
import { ggufMetadata, type GgufMetadata } from './ggufMetadata.ts';
import { ggufName, huggingFaceName, undoRotaryOrder } from './ggufNames.ts';
import { ggufTokenizer, type GgufTokenizer } from './ggufTokenizer.ts';
import { readNumbers } from './numberFormats.ts';
import { requireNumbers, requireWeights, type WeightTensor } from './weights.ts';

export interface ModelParts {
  readonly config: LlamaConfig;
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly tokenizer: Tokenizer;
  /** Everything that decides how texts become tokens, for the fingerprint. */
  readonly tokenizerDefinition: string;
}

/**
 * Tensors of all formats in numberFormats.ts become float32.
 * @throws TandemError 'bad-gguf', 'bad-model-config', 'bad-weights', 'unsupported-model', 'unsupported-tokenizer', 'bad-tokenizer'
 */
export async function readGguf(path: string): Promise<ModelParts> {
  const file = await openFile(path);
  try {
    const { plan, tokenizer, definition } = await readSettings(file, path);
    const weights = new Map<string, WeightTensor>();
    for (const [name, { tensor, rotary }] of plan.tensors) {
      const weight = await readTensor(file, path, tensor);
      requireNumbers(tensor.name, weight, path);
      if (rotary) undoRotaryOrder(weight, plan.config.headSize);
      weights.set(name, weight);
      pulse();
    }
    return { config: plan.config, weights, tokenizer, tokenizerDefinition: definition };
  } finally {
    await file.close();
  }
}

/** All but the numbers: that weights are there in their shapes and in a format that is read. @throws as readGguf */
export async function checkGguf(path: string): Promise<LlamaConfig> {
  const file = await openFile(path);
  try {
    return (await readSettings(file, path)).plan.config;
  } finally {
    await file.close();
  }
}

/** The tokenizer alone. @throws TandemError 'bad-gguf', 'unsupported-tokenizer', 'bad-tokenizer' */
export async function readGgufTokenizer(path: string): Promise<Tokenizer> {
  const file = await openFile(path);
  try {
    const { metadata } = await readGgufHeader(file, path);
    return ggufTokenizer(ggufMetadata(metadata, path)).tokenizer;
  } finally {
    await file.close();
  }
}

async function readSettings(file: FileHandle, path: string): Promise<GgufTokenizer & { readonly plan: GgufPlan }> {
  const header = await readGgufHeader(file, path);
  const factors = header.tensors.find(({ name }) => name === ropeFactors);
  if (factors && !(factors.shape.length === 1 && factors.shape[0] <= mostFactors))
    throw new TandemError(
      'bad-weights',
      `The weight "${ropeFactors}" is [${factors.shape.join(', ')}], not a list of up to ${mostFactors} numbers.`,
      {
        where: { file: path },
        hint: damagedHint,
      },
    );
  const plan = ggufPlan(header, factors && [...(await readTensor(file, path, factors)).data], path);
  return { plan, ...ggufTokenizer(ggufMetadata(header.metadata, path)) };
}

export interface GgufPlan {
  readonly config: LlamaConfig;
  /** By Hugging Face's names, every weight of the config; `rotary` if its rows are in llama.cpp's order. */
  readonly tensors: ReadonlyMap<string, { readonly tensor: GgufTensor; readonly rotary: boolean }>;
}

/**
 * What is to be read: nothing is allocated for numbers before all of it is known to fit.
 * @param divisors the values of `rope_freqs.weight`, if there is one
 */
export function ggufPlan(header: GgufHeader, divisors: readonly number[] | undefined, path: string): GgufPlan {
  const metadata = ggufMetadata(header.metadata, path);
  const architecture = architectureOf(metadata);
  const shapes = new Map(header.tensors.map(({ name, shape }) => [name, shape]));
  const config = readConfig(metadata, architecture, shapes, divisors);
  const tensors = new Map<string, { tensor: GgufTensor; rotary: boolean }>();
  for (const tensor of header.tensors) {
    if (tensor.name === ropeFactors) continue;
    const known = huggingFaceName(tensor.name);
    if (!known) throw unsupported(`The model has a weight that models of its kind do not have: "${tensor.name.slice(0, 80)}".`, path);
    const [name, rotary] = known;
    if (tensors.has(name))
      throw new TandemError('bad-gguf', `The weight "${tensor.name}" appears twice.`, { where: { file: path }, hint: damagedHint });
    tensors.set(name, { tensor, rotary: rotary && architecture.rotaryOrder });
  }
  const found = new Map([...tensors].map(([name, { tensor }]) => [name, { shape: tensor.shape, file: path }]));
  requireWeights(config, found, path, (name) => ggufName(name)[0]);
  const tokens = metadata.texts('tokenizer.ggml.tokens').length;
  if (tokens > config.vocabularySize) {
    throw new TandemError('bad-gguf', `The tokenizer has ${tokens} tokens, but "token_embd.weight" has only ${config.vocabularySize}.`, {
      where: { file: path },
      hint: damagedHint,
    });
  }
  return { config, tensors };
}

const ropeFactors = 'rope_freqs.weight';
const mostFactors = 4096;

function readConfig(
  metadata: GgufMetadata,
  { name, biases, queryKeyNorm }: Architecture,
  shapes: ReadonlyMap<string, readonly number[]>,
  divisors: readonly number[] | undefined,
): LlamaConfig {
  const { file } = metadata;
  const embedding = shapes.get('token_embd.weight');
  if (!embedding)
    throw new TandemError('bad-weights', 'The weight "token_embd.weight" is missing.', { where: { file }, hint: damagedHint });
  const heads = metadata.number(`${name}.attention.head_count`);
  const hiddenSize = metadata.number(`${name}.embedding_length`);
  const headSize = metadata.optionalNumber(`${name}.attention.key_length`) ?? hiddenSize / heads;
  const rotated = metadata.optionalNumber(`${name}.rope.dimension_count`) ?? headSize;
  if (rotated !== headSize) throw unsupported('Models that rotate only part of each head are not supported.', file);
  const values = metadata.optionalNumber(`${name}.attention.value_length`) ?? headSize;
  if (values !== headSize) throw unsupported('Models whose values are not as wide as their keys are not supported.', file);
  const layers = metadata.number(`${name}.block_count`);
  const maxPositions = metadata.number(`${name}.context_length`);
  const there = linearNames.filter(
    (linear) => biases.includes(linear) || shapes.has(ggufName(`model.layers.0.${blockOf(linear)}.${linear}.bias`)[0]),
  );
  return checkedConfig(
    {
      vocabularySize: embedding[0],
      hiddenSize,
      intermediateSize: metadata.number(`${name}.feed_forward_length`),
      layers,
      heads,
      keyValueHeads: metadata.optionalNumber(`${name}.attention.head_count_kv`) ?? heads,
      headSize,
      ropeTheta: metadata.optionalNumber(`${name}.rope.freq_base`) ?? 10000,
      ...ropeScaling(metadata, name, divisors),
      rmsNormEps: metadata.number(`${name}.attention.layer_norm_rms_epsilon`),
      tiedEmbeddings: !shapes.has('output.weight'),
      maxPositions,
      ...biasesField(there),
      ...(queryKeyNorm && { queryKeyNorm }),
      ...slidingWindow(metadata, name, layers, maxPositions),
    },
    file,
  );
}

/** llama.cpp stores Llama 3.1's scaling worked out, as a divisor for each frequency. */
function ropeScaling(metadata: GgufMetadata, name: string, divisors: readonly number[] | undefined): { ropeScaling?: RopeScaling } {
  if (divisors) return { ropeScaling: { type: 'divisors', divisors } };
  const type = metadata.optionalText(`${name}.rope.scaling.type`) ?? 'none';
  const number = (field: string, otherwise?: number): number => {
    const value = metadata.optionalNumber(`${name}.rope.scaling.${field}`) ?? otherwise ?? metadata.number(`${name}.rope.scaling.${field}`);
    if (value > 0 && value < Infinity) return value;
    throw new TandemError('bad-gguf', `"${name}.rope.scaling.${field}" is ${value}, not a number above 0.`, {
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
          // llama.cpp multiplies what the file says with what follows from the factor.
          attentionFactor: number('attn_factor', 1) * yarnSharpening(factor),
          truncate: true,
        },
      };
    }
    default:
      throw unsupported(`The rotary scaling "${type.slice(0, 80)}" is not supported.`, metadata.file);
  }
}

function slidingWindow(metadata: GgufMetadata, name: string, layers: number, maxPositions: number): { slidingWindow?: SlidingWindow } {
  const size = metadata.optionalNumber(`${name}.attention.sliding_window`) ?? 0;
  if (!(size > 0 && size < Math.min(maxPositions, mostPositions)) || !(layers <= 1024)) return {};
  if (!Number.isInteger(size))
    throw new TandemError('bad-gguf', `The sliding window is ${size} tokens, not a whole number.`, {
      where: { file: metadata.file },
      hint: damagedHint,
    });
  return { slidingWindow: { size, layers: Array.from({ length: layers }, (_, layer) => layer) } };
}

async function readTensor(file: FileHandle, path: string, { name, format, shape, position }: GgufTensor): Promise<WeightTensor> {
  const numbers = shape.reduce((product, size) => product * size, 1);
  const data = await readNumbers(file, position, format, numbers).catch((cause: unknown) => {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TandemError('bad-gguf', `This GGUF file is damaged: it ends within "${name}".`, {
      where: { file: path },
      hint: damagedHint,
      cause,
    });
  });
  return { shape, data };
}

function unsupported(message: string, file: string): TandemError {
  return new TandemError('unsupported-model', message, { where: { file }, hint: familyHint });
}
