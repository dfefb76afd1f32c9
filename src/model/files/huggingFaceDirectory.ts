/** @file Reads a Llama model from a Hugging Face directory: config.json, safetensors, tokenizer.json. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import type { ModelParts } from './gguf.ts';
import { parseLlamaConfig } from '../llamaConfig.ts';
import { readSafetensors } from './safetensors.ts';
import { makeTokenizer } from './textTokenizer.ts';
import type { AddedToken, TokenizerJson, TokenizerStep } from './tokenizerJson.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { weightShapes } from './weights.ts';
import type { WeightTensor } from './weights.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws TandemError 'bad-model-config', 'unsupported-model', 'bad-safetensors', 'bad-tokenizer' */
export async function readHuggingFaceDirectory(directory: string): Promise<ModelParts> {
  const configFile = join(directory, 'config.json');
  const configJson = await readJson(configFile);
  const config = parseLlamaConfig(configJson, configFile);
  const { tokenizer, definition } = await readTokenizer(directory, configJson);
  const ignored = config.tiedEmbeddings ? /rotary_emb\.inv_freq$|^lm_head\.weight$/ : /rotary_emb\.inv_freq$/;
  const weights = new Map<string, WeightTensor>();
  const expected = weightShapes(config);
  for (const file of await weightFiles(directory)) {
    const tensors = await readSafetensors(join(directory, file), (name) => !ignored.test(name));
    for (const [name, tensor] of tensors) {
      // Base models saved without their language-model head leave out the prefix.
      const full = `model.${name}`;
      weights.set(!expected.has(name) && expected.has(full) ? full : name, tensor);
    }
  }
  return { config, weights, tokenizer, tokenizerDefinition: definition };
}

/** The one safetensors file, or those that the index names. */
async function weightFiles(directory: string): Promise<string[]> {
  const index = await readJsonIfThere(join(directory, 'model.safetensors.index.json'));
  if (!index) return ['model.safetensors'];
  return [...new Set(Object.values(index.weight_map as Readonly<Record<string, string>>))].sort();
}

async function readTokenizer(directory: string, config: Json): Promise<{ tokenizer: Tokenizer; definition: string }> {
  const file = join(directory, 'tokenizer.json');
  const json = tokenizerJson(await readJson(file), file);
  const settings = (await readJsonIfThere(join(directory, 'tokenizer_config.json'))) ?? {};
  const generation = (await readJsonIfThere(join(directory, 'generation_config.json'))) ?? {};
  const template = (await readIfThere(join(directory, 'chat_template.jinja'))) ?? chatTemplate(settings.chat_template);
  const idOf = (text: string | undefined): number[] => json.added_tokens.filter(({ content }) => content === text).map(({ id }) => id);
  const ends = [generation.eos_token_id ?? config.eos_token_id].flat().filter((id) => typeof id === 'number');
  const texts = specialTexts(settings);
  const parts = {
    json,
    chatTemplate: template,
    specialTexts: texts,
    beginToken: beginToken(json.post_processor, settings, idOf(texts.bos_token)),
    endTokens: [...ends, ...idOf(texts.eos_token)],
    file,
  };
  return { tokenizer: makeTokenizer(parts), definition: JSON.stringify([json, template, parts.beginToken, parts.endTokens]) };
}

function tokenizerJson(json: Json, file: string): TokenizerJson {
  const step = (name: string): TokenizerStep | null => (json[name] as TokenizerStep | undefined) ?? null;
  const model = step('model');
  if (!model) throw new TandemError('bad-tokenizer', 'The tokenizer.json has no "model".', { where: { file } });
  return {
    added_tokens: (json.added_tokens as readonly AddedToken[] | undefined) ?? [],
    normalizer: step('normalizer'),
    pre_tokenizer: step('pre_tokenizer'),
    post_processor: step('post_processor'),
    decoder: step('decoder'),
    model,
  };
}

/** The token that the post-processor's template puts before a text, if any. */
function beginToken(postProcessor: TokenizerStep | null, settings: Json, [bos]: readonly number[]): number | undefined {
  const steps = postProcessor?.type === 'Sequence' ? (postProcessor.processors as readonly TokenizerStep[]) : [postProcessor];
  for (const step of steps) {
    if (step?.type !== 'TemplateProcessing') continue;
    const [first] = step.single as readonly { SpecialToken?: { id: string } }[];
    const special = step.special_tokens as Readonly<Record<string, { ids: readonly number[] }>>;
    if (first?.SpecialToken) return special[first.SpecialToken.id]?.ids[0];
  }
  return settings.add_bos_token === true ? bos : undefined;
}

/** `bos_token` and the like: a text, or an object with `content`. */
function specialTexts(settings: Json): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of ['bos_token', 'eos_token', 'unk_token', 'pad_token']) {
    const value = settings[name] as string | { content?: string } | null | undefined;
    const text = typeof value === 'string' ? value : value?.content;
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

/** One text, or a list of named ones of which "default" counts. */
function chatTemplate(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  return (value as readonly { name?: string; template?: string }[]).find(({ name }) => name === 'default')?.template;
}

async function readJson(file: string): Promise<Json> {
  const json = await readJsonIfThere(file);
  if (json) return json;
  throw new TandemError('bad-model-config', 'The model directory lacks this file.', { where: { file } });
}

async function readJsonIfThere(file: string): Promise<Json | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new TandemError('bad-model-config', 'This file is not JSON.', { where: { file }, cause });
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
