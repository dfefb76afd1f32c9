/** @file Writes a model with an adapter merged into its weights as a Hugging Face directory, which transformers loads. */
import { copyFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import { temporaryName } from '../../temporary.ts';
import type { Adapter, LoraConfig, LoraPair } from '../adapter.ts';
import { blockOf } from '../linears.ts';
import { isRecord } from '../configFields.ts';
import { loraFeeds } from '../engine.ts';
import { numbersOf, type FrozenWeights } from '../frozen/frozenWeights.ts';
import { huggingFaceConfig } from './huggingFaceConfig.ts';
import { readGgufHeader, type GgufHeader } from './ggufHeader.ts';
import { ggufMetadata } from './ggufMetadata.ts';
import { ggufTokenizer } from './ggufTokenizer.ts';
import type { ModelFiles } from './modelFiles.ts';
import type { WeightTensor } from '../weightTensor.ts';
import { writeSafetensors } from './safetensors.ts';
import { weightShapes } from './weights.ts';
import type { TokenizerStep } from './tokenizerJson.ts';

/**
 * Numbers are written as float32. The directory appears under its name completely or not at all.
 * @param source where `model` was loaded from: a Hugging Face directory, whose settings are copied, or a GGUF file, whose settings are translated
 * @throws TandemError 'adapter-mismatch', 'already-there', 'unsupported-model' for a GGUF model that config.json cannot describe
 */
export async function writeMergedModel(
  directory: string,
  model: ModelFiles<FrozenWeights>,
  source: string,
  adapter: Adapter,
): Promise<void> {
  const temporary = temporaryName(directory);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await (/\.gguf$/i.test(source) ? translateSettings : copySettings)(source, temporary, model);
    await writeSafetensors(join(temporary, 'model.safetensors'), mergedWeights(model, adapter), { format: 'pt' });
    await rename(temporary, directory);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new TandemError('already-there', 'A file or folder already exists here.', {
      where: { file: directory },
      cause,
      hint: 'Choose another folder.',
    });
  }
}

/**
 * W + (alpha / rank) B A for every linear that the adapter changes, where W are the numbers that the adapter was tuned on: those of the form. Each tensor is
 * computed when its `data` is read.
 */
export function mergedWeights(
  { config, weights }: Pick<ModelFiles<FrozenWeights>, 'config' | 'weights'>,
  adapter: Adapter,
): Map<string, WeightTensor> {
  loraFeeds(config, adapter);
  const pairs = new Map(adapter.pairs.map((pair) => [`model.layers.${pair.layer}.${blockOf(pair.linear)}.${pair.linear}.weight`, pair]));
  return new Map(
    [...weightShapes(config)].map(([name, shape]) => {
      const pair = pairs.get(name);
      const numbers = (): Float32Array => numbersOf(weights, name, shape).data;
      return [
        name,
        {
          shape,
          get data() {
            return pair ? added(numbers(), shape[1], pair, adapter.config) : numbers();
          },
        },
      ];
    }),
  );
}

function added(numbers: Float32Array, width: number, { a, b }: LoraPair, { rank, alpha }: LoraConfig): Float32Array {
  const sum = Float32Array.from(numbers);
  for (let row = 0; row < sum.length / width; row++)
    for (let r = 0; r < rank; r++) {
      const factor = (b[row * rank + r] * alpha) / rank;
      for (let i = 0; i < width; i++) sum[row * width + i] += factor * a[r * width + i];
    }
  return sum;
}

/** Copied in addition to config.json, in which the number format is changed. */
const copied = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'generation_config.json',
  'chat_template.jinja',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
];

async function copySettings(source: string, into: string): Promise<void> {
  const config = JSON.parse(await readFile(join(source, 'config.json'), 'utf8')) as Record<string, unknown>;
  const written = 'torch_dtype' in config ? { ...config, torch_dtype: 'float32' } : { ...config, dtype: 'float32' };
  await writeJson(join(into, 'config.json'), written);
  for (const name of copied) {
    await copyFile(join(source, name), join(into, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

async function metadataOf(source: string): Promise<GgufHeader['metadata']> {
  const file = await open(source, 'r');
  try {
    return (await readGgufHeader(file, source)).metadata;
  } finally {
    await file.close();
  }
}

async function translateSettings(source: string, into: string, { config }: Pick<ModelFiles, 'config'>): Promise<void> {
  const { json, tokenizer, chatTemplate, specialTexts } = ggufTokenizer(ggufMetadata(await metadataOf(source), source));
  const ends = [...tokenizer.endTokens];
  const texts = Object.fromEntries(Object.entries(specialTexts).filter(([, text]) => text !== ''));
  const vocabulary = isRecord(json.model.vocab) ? json.model.vocab : {};
  const begin = vocabulary[specialTexts.bos_token];
  await writeJson(join(into, 'config.json'), {
    ...huggingFaceConfig(config),
    ...(begin !== undefined && { bos_token_id: begin }),
    eos_token_id: ends,
  });
  await writeJson(join(into, 'generation_config.json'), { ...(begin !== undefined && { bos_token_id: begin }), eos_token_id: ends });
  await writeJson(join(into, 'tokenizer.json'), {
    version: '1.0',
    truncation: null,
    padding: null,
    ...json,
    // The Rust library has no defaults.
    added_tokens: json.added_tokens.map((token) => ({ single_word: false, lstrip: false, rstrip: false, ...token })),
    post_processor: beginning(tokenizer.beginToken, specialTexts.bos_token),
  });
  await writeJson(join(into, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    add_bos_token: tokenizer.beginToken !== undefined,
    model_max_length: config.maxPositions,
    ...texts,
    ...(chatTemplate !== undefined && { chat_template: chatTemplate }),
  });
}

/** Puts the begin token before a text, for models that require it. */
const beginning = (id: number | undefined, text: string): TokenizerStep | null =>
  id === undefined
    ? null
    : {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: text, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { [text]: { id: text, ids: [id], tokens: [text] } },
      };

const writeJson = (path: string, value: unknown): Promise<void> => writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
