/** @file Loads all of a model's files: a Hugging Face directory or a GGUF file. */
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { TandemError } from '../../errors.ts';
import { f32 } from '../frozen/f32.ts';
import type { FrozenForm } from '../frozen/frozenForm.ts';
import { formFor, weightBytes } from '../frozen/formFor.ts';
import { frozenIntake, numbersOf, type FrozenWeights } from '../frozen/frozenWeights.ts';
import { checkGguf, readGguf, readGgufTokenizer, type Taker } from './gguf.ts';
import { checkHuggingFaceDirectory, readHuggingFaceDirectory, readHuggingFaceTokenizer } from './huggingFaceDirectory.ts';
import type { ModelShape } from '../modelShape.ts';
import { textsOf, type Texts } from '../texts.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { WeightTensor } from '../weightTensor.ts';
import { Fingerprint, weightShapes } from './weights.ts';

/** @typeParam Weights by default float32 tensors by Hugging Face's names, in the order of `weightShapes`; `lm_head.weight` only if untied */
export interface ModelFiles<Weights = ReadonlyMap<string, WeightTensor>> {
  /** The name for people: the directory's or file's name, or the id in the Hugging Face cache. */
  readonly name: string;
  /** Covers config, tokenizer and every number of every weight, as loaded. Whether it is f32 or bf16, in one file or several, does not matter. */
  readonly fingerprint: string;
  readonly config: ModelShape;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
}

/**
 * @param path  a directory with config.json, tokenizer.json and safetensors, or a `.gguf` file
 * @throws TandemError 'model-not-found', 'model-unreadable', 'bad-model-config', 'unsupported-model', 'unsupported-tokenizer', 'bad-tokenizer', 'bad-weights', 'bad-safetensors', 'bad-gguf'
 */
export async function loadModelFiles(path: string): Promise<ModelFiles> {
  const files = await loadFrozen(path, () => f32);
  const { config, weights } = files;
  return { ...files, weights: new Map([...weightShapes(config)].map(([name, shape]) => [name, numbersOf(weights, name, shape)])) };
}

/**
 * As `loadModelFiles`, with the weights in a form. They are read in small pieces, so that loading takes hardly more memory than the result.
 * @param formOf chooses the form
 */
export async function loadFrozen(path: string, formOf: (config: ModelShape) => FrozenForm): Promise<ModelFiles<FrozenWeights>> {
  const fingerprint = new Fingerprint();
  let intake = frozenIntake(f32);
  const taker: Taker = (config) => {
    intake = frozenIntake(formOf(config));
    return (name, shape, piece) => {
      fingerprint.numbers(name, shape, piece.data);
      intake.take(name, shape, piece);
    };
  };
  const { config, tokenizer, tokenizerDefinition } = await read(
    path,
    (directory) => readHuggingFaceDirectory(directory, taker),
    (file) => readGguf(file, taker),
  );
  fingerprint.text('config', JSON.stringify(config));
  fingerprint.text('tokenizer', tokenizerDefinition);
  return { name: modelName(path), fingerprint: fingerprint.digest(), config, weights: intake.weights, tokenizer };
}

/**
 * Checks everything of a model but its numbers, quickly and with hardly any memory: whether it could be loaded and run here.
 * @throws TandemError as loadModelFiles; 'model-too-large'
 */
export async function checkModelFiles(path: string): Promise<void> {
  requireMemory(await readShape(path), path);
}

/** The shape of a model whose files are complete. @throws TandemError as loadModelFiles, unless it concerns numbers */
export const readShape = (path: string): Promise<ModelShape> => read(path, checkHuggingFaceDirectory, checkGguf);

/** @throws TandemError 'model-too-large' if the weights alone take more memory than this machine has, in the form that they get if nobody chooses one */
export function requireMemory(config: ModelShape, path: string, memory = memoryHere()): void {
  const form = formFor('auto', config);
  const bytes = weightBytes(config, form);
  if (bytes <= memory) return;
  const [needed, here] = [bytes, memory].map((size) => (size / 1e9).toPrecision(3));
  throw new TandemError(
    'model-too-large',
    `The weights of this model take ${needed} GB as ${form.name}, but this machine has ${here} GB of memory.`,
    {
      where: { file: path },
      hint: 'Choose a smaller model. How the file stores the weights makes no difference.',
    },
  );
}

/** Bytes of memory. In a container, its limit. */
const memoryHere = (): number => Math.min(totalmem(), process.constrainedMemory() || Infinity);

/** A model's tokenizer and chat template, without its weights. @throws TandemError those of `loadModelFiles` that do not concern weights */
export async function loadTexts(path: string): Promise<{ readonly name: string; readonly texts: Texts }> {
  return { name: modelName(path), texts: textsOf(await read(path, readHuggingFaceTokenizer, readGgufTokenizer)) };
}

type Read<T> = (path: string) => Promise<T>;

async function read<T>(path: string, ofDirectory: Read<T>, ofFile: Read<T>): Promise<T> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new TandemError('model-not-found', 'There is no model here.', {
      where: { file: path },
      hint: 'Name a folder with config.json, or a .gguf file.',
      cause,
    });
  });
  return (found.isDirectory() ? ofDirectory(path) : ofFile(path)).catch((error: unknown) => {
    throw unreadable(error, path);
  });
}

/** The operating system's error about a file (no permission, a folder in place of a file, too little memory for it), with its place. */
function unreadable(error: unknown, path: string): unknown {
  if (error instanceof TandemError || !(error instanceof Error) || !('code' in error)) return error;
  const file = 'path' in error && typeof error.path === 'string' ? error.path : path;
  return new TandemError('model-unreadable', `This file of the model cannot be read: ${error.message}.`, {
    where: { file },
    hint: 'Check the file and its permissions.',
    cause: error,
  });
}

/** `.../models--org--name/snapshots/<hash>` is `org/name`. Otherwise the last part, without `.gguf`. */
export function modelName(path: string): string {
  const full = resolve(path);
  const cached = basename(dirname(dirname(full)));
  return cached.startsWith('models--') ? cached.slice('models--'.length).replace('--', '/') : basename(full).replace(/\.gguf$/i, '');
}
