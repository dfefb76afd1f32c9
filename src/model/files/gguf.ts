/** @file Reads a model from a GGUF file: config, weights in Hugging Face's names and layout, tokenizer. */
import type { FileHandle } from 'node:fs/promises';
import { TandemError } from '../../errors.ts';
import { openFile } from '../../files.ts';
import { damagedHint } from '../configFields.ts';
import type { FamilyGguf } from '../families/family.ts';
import { families, familyHint, ggufsOf } from '../families/table.ts';
import { checkedShape, type ModelShape } from '../modelShape.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { WeightTensor } from '../weightTensor.ts';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './ggufHeader.ts';
import { ggufMetadata, type GgufMetadata } from './ggufMetadata.ts';
import { ggufName, huggingFaceName } from './ggufNames.ts';
import { ggufTokenizer, type GgufTokenizer } from './ggufTokenizer.ts';
import { readNumbers } from './numberFormats.ts';
import { readPieces, type TakePiece } from './weightPieces.ts';
import { requireWeights } from './weights.ts';

export interface ModelParts {
  readonly config: ModelShape;
  readonly tokenizer: Tokenizer;
  /** Everything that determines how texts become tokens, for the fingerprint. */
  readonly tokenizerDefinition: string;
}

/** Says who takes the weights of a model, once its shape is known. */
export type Taker = (config: ModelShape) => TakePiece;

/**
 * Tensors of all formats in numberFormats.ts become float32, piece by piece.
 * @throws TandemError 'bad-gguf', 'bad-model-config', 'bad-weights', 'unsupported-model', 'unsupported-tokenizer', 'bad-tokenizer'
 */
export async function readGguf(path: string, taker: Taker): Promise<ModelParts> {
  const file = await openFile(path);
  try {
    const { plan, tokenizer, definition } = await readSettings(file, path);
    const { config, gguf } = plan;
    const take = taker(config);
    for (const [name, tensor] of plan.tensors)
      await readPieces(file, path, tensor, config.headSize, (piece) => {
        gguf.stored?.fromFile(name, piece, config);
        take(name, tensor.shape, piece);
      }).catch((cause: unknown) => {
        throw endsWithin(tensor, path, cause);
      });
    return { config, tokenizer, tokenizerDefinition: definition };
  } finally {
    await file.close();
  }
}

/** Everything but the numbers: checks that weights exist, in their shapes and in a supported format. @throws as readGguf */
export async function checkGguf(path: string): Promise<ModelShape> {
  const file = await openFile(path);
  try {
    return (await readSettings(file, path)).plan.config;
  } finally {
    await file.close();
  }
}

/** Only the tokenizer. @throws TandemError 'bad-gguf', 'unsupported-tokenizer', 'bad-tokenizer' */
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
  readonly config: ModelShape;
  readonly gguf: FamilyGguf;
  /** By Hugging Face's names, every weight of the config. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/**
 * What must be read. Nothing is allocated for numbers until everything is known to fit.
 * @param divisors the values of `rope_freqs.weight`, if there is one
 */
export function ggufPlan(header: GgufHeader, divisors: readonly number[] | undefined, path: string, among = families): GgufPlan {
  const metadata = ggufMetadata(header.metadata, path);
  const gguf = ggufOf(metadata, ggufsOf(among));
  const known = header.tensors
    .filter(({ name }) => name !== ropeFactors)
    .map((tensor) => ({ tensor, name: huggingFaceName(tensor.name, gguf.names) }));
  const unsupported = (message: string): TandemError =>
    new TandemError('unsupported-model', message, { where: { file: path }, hint: familyHint });
  const shapes = new Map(known.flatMap(({ tensor, name }) => (name === undefined ? [] : [[name, tensor.shape]])));
  const config = checkedShape(gguf.read({ metadata, shapes, divisors, unsupported }), path);
  const tensors = new Map<string, GgufTensor>();
  for (const { tensor, name } of known) {
    if (name === undefined) throw unsupported(`The model has a weight that models of its kind do not have: "${tensor.name.slice(0, 80)}".`);
    if (tensors.has(name))
      throw new TandemError('bad-gguf', `The weight "${tensor.name}" appears twice.`, { where: { file: path }, hint: damagedHint });
    tensors.set(name, tensor);
  }
  const found = new Map([...tensors].map(([name, { shape }]) => [name, { shape, file: path }]));
  requireWeights(config, found, path, (name) => ggufName(name, gguf.names));
  const tokens = metadata.texts('tokenizer.ggml.tokens').length;
  if (tokens > config.vocabularySize) {
    throw new TandemError('bad-gguf', `The tokenizer has ${tokens} tokens, but "token_embd.weight" has only ${config.vocabularySize}.`, {
      where: { file: path },
      hint: damagedHint,
    });
  }
  return { config, gguf, tensors };
}

/** @throws TandemError 'unsupported-model' */
function ggufOf(metadata: GgufMetadata, among: readonly FamilyGguf[]): FamilyGguf {
  const name = metadata.text('general.architecture');
  const found = among.find(({ architecture }) => architecture === name);
  if (found) return found;
  throw new TandemError('unsupported-model', `The architecture "${name.slice(0, 80)}" is not supported.`, {
    where: { file: metadata.file },
    hint: `Use a model with one of the architectures ${among.map(({ architecture }) => architecture).join(', ')}.`,
  });
}

const ropeFactors = 'rope_freqs.weight';
const mostFactors = 4096;

async function readTensor(file: FileHandle, path: string, tensor: GgufTensor): Promise<WeightTensor> {
  const { format, shape, position } = tensor;
  const numbers = shape.reduce((product, size) => product * size, 1);
  const data = await readNumbers(file, position, format, numbers).catch((cause: unknown) => {
    throw endsWithin(tensor, path, cause);
  });
  return { shape, data };
}

/** The error for a file that ends within a tensor. Other errors are unchanged. */
function endsWithin({ name }: GgufTensor, path: string, cause: unknown): unknown {
  if (!(cause instanceof RangeError)) return cause;
  return new TandemError('bad-gguf', `This GGUF file is damaged: it ends within "${name}".`, {
    where: { file: path },
    hint: damagedHint,
    cause,
  });
}
