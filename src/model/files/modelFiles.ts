/** @file Loads all of a model's files: a Hugging Face directory or a GGUF file. */
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { TandemError } from '../../errors.ts';
import { pulse } from '../../pulse.ts';
import { checkGguf, readGguf, readGgufTokenizer } from './gguf.ts';
import { checkHuggingFaceDirectory, readHuggingFaceDirectory, readHuggingFaceTokenizer } from './huggingFaceDirectory.ts';
import type { ModelShape } from '../modelShape.ts';
import { textsOf, type Texts } from '../texts.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { WeightTensor } from '../weightTensor.ts';
import { Fingerprint, weightShapes } from './weights.ts';

export interface ModelFiles {
  /** The name for people: the directory's or file's name, or the id in the Hugging Face cache. */
  readonly name: string;
  /** Covers config, tokenizer and every number of every weight, as loaded. Whether it is f32 or bf16, in one file or several, does not matter. */
  readonly fingerprint: string;
  readonly config: ModelShape;
  /** By Hugging Face's names, in the order of `weightShapes`. `lm_head.weight` only if untied. */
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly tokenizer: Tokenizer;
}

/**
 * @param path  a directory with config.json, tokenizer.json and safetensors, or a `.gguf` file
 * @throws TandemError 'model-not-found', 'model-unreadable', 'bad-model-config', 'unsupported-model', 'unsupported-tokenizer', 'bad-tokenizer', 'bad-weights', 'bad-safetensors', 'bad-gguf'
 */
export async function loadModelFiles(path: string): Promise<ModelFiles> {
  const { config, tokenizer, tokenizerDefinition, weights } = await read(path, readHuggingFaceDirectory, readGguf);
  const ordered = new Map([...weightShapes(config).keys()].map((name) => [name, weights.get(name)!]));
  const fingerprint = new Fingerprint();
  fingerprint.text('config', JSON.stringify(config));
  fingerprint.text('tokenizer', tokenizerDefinition);
  for (const [name, tensor] of ordered) {
    fingerprint.tensor(name, tensor);
    pulse();
  }
  return { name: modelName(path), fingerprint: fingerprint.digest(), config, weights: ordered, tokenizer };
}

/**
 * Checks everything of a model but its numbers, quickly and with hardly any memory: whether it could be loaded and run here.
 * @throws TandemError as loadModelFiles; 'model-too-large'
 */
export async function checkModelFiles(path: string): Promise<void> {
  const config = await read(path, checkHuggingFaceDirectory, checkGguf);
  requireMemory(config, path);
}

/** @throws TandemError 'model-too-large' if the weights alone, as float32, take more memory than this machine has */
export function requireMemory(config: ModelShape, path: string, memory = memoryHere()): void {
  const numbers = [...weightShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  if (4 * numbers <= memory) return;
  const [needed, here] = [4 * numbers, memory].map((bytes) => (bytes / 1e9).toPrecision(3));
  throw new TandemError(
    'model-too-large',
    `The weights of this model take ${needed} GB as float32, but this machine has ${here} GB of memory.`,
    {
      where: { file: path },
      hint: 'Choose a smaller model. Tandem computes in float32, however the weights are stored.',
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
