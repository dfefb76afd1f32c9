/** @file Reads a model from a Hugging Face directory: config.json, safetensors, tokenizer.json. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import type { ModelParts, Taker } from './gguf.ts';
import { damagedHint, isRecord, shown } from '../configFields.ts';
import { parseHuggingFaceConfig } from './huggingFaceConfig.ts';
import type { ModelShape } from '../modelShape.ts';
import { formatOf, readSafetensorsHeader, readSafetensorsPieces } from './safetensors.ts';
import { makeTokenizer } from './textTokenizer.ts';
import type { AddedToken, TokenizerJson, TokenizerStep } from './tokenizerJson.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { requireWeights, weightShapes } from './weights.ts';
import type { FoundWeight } from './weights.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws TandemError 'bad-model-config', 'unsupported-model', 'bad-weights', 'bad-safetensors', 'bad-tokenizer' */
export async function readHuggingFaceDirectory(directory: string, taker: Taker): Promise<ModelParts> {
  const { config, tokenizer, definition } = await readHuggingFaceSettings(directory);
  const places = await findWeights(directory, config);
  const take = taker(config);
  for (const file of new Set([...places.values()].map((place) => place.file))) {
    const names = new Map([...places].filter(([, place]) => place.file === file).map(([name, { stored }]) => [stored, name]));
    await readSafetensorsPieces(
      file,
      (stored) => names.has(stored),
      config.headSize,
      (stored, shape, piece) => take(names.get(stored)!, shape, piece),
    );
  }
  return { config, tokenizer, tokenizerDefinition: definition };
}

/** Config and tokenizer, without the weights. @throws TandemError 'bad-model-config', 'unsupported-model', 'bad-tokenizer' */
export async function readHuggingFaceSettings(directory: string): Promise<DefinedTokenizer & { readonly config: ModelShape }> {
  const configFile = join(directory, 'config.json');
  const configJson = await readJson(configFile);
  const config = parseHuggingFaceConfig(configJson, configFile);
  return { config, ...(await readTokenizer(directory, configJson)) };
}

/** Everything but the numbers: checks that weights exist, complete, in their shapes and in a supported format. @throws as readHuggingFaceDirectory */
export async function checkHuggingFaceDirectory(directory: string): Promise<ModelShape> {
  const { config } = await readHuggingFaceSettings(directory);
  await findWeights(directory, config);
  return config;
}

interface StoredWeight extends FoundWeight {
  /** Its name in the file. */
  readonly stored: string;
}

/** The place of every weight, after checking that all exist in their shapes. */
async function findWeights(directory: string, config: ModelShape): Promise<ReadonlyMap<string, StoredWeight>> {
  const ignored = config.tiedEmbeddings ? /rotary_emb\.inv_freq$|^lm_head\.weight$/ : /rotary_emb\.inv_freq$/;
  const expected = weightShapes(config);
  const index = await readIndex(directory);
  const found = new Map<string, StoredWeight>();
  for (const file of index.files) {
    const { entries } = await readSafetensorsHeader(file).catch((error: unknown) => {
      throw isMissing(error) ? missingFile(file) : error;
    });
    for (const entry of entries.filter(({ name }) => !ignored.test(name))) {
      const { name: stored, shape } = entry;
      formatOf(entry, file);
      // Base models saved without their language-model head omit the prefix.
      const full = `model.${stored}`;
      const name = !expected.has(stored) && expected.has(full) ? full : stored;
      if (found.has(name)) throw bad('bad-weights', `The weight "${stored}" is in two places`, file);
      found.set(name, { shape, file, stored });
    }
  }
  requireWeights(config, found, index.place);
  return found;
}

const indexName = 'model.safetensors.index.json';

/** The one safetensors file, or those that the index names, without checking that they exist. @throws TandemError 'bad-weights' */
export async function readIndex(directory: string): Promise<{ readonly place: string; readonly files: readonly string[] }> {
  const whole = join(directory, 'model.safetensors');
  const place = join(directory, indexName);
  const index = await readJsonIfThere(place);
  if (!index) return { place: whole, files: [whole] };
  const { weight_map: map } = index;
  if (!isRecord(map)) throw bad('bad-weights', 'The index has no "weight_map"', place);
  const files = new Set<string>();
  for (const [name, file] of Object.entries(map)) {
    // Only files beside the index, because an index must not lead to other places on the machine.
    if (typeof file !== 'string' || !/^[^/\\\0]+\.safetensors$/.test(file))
      throw bad(
        'bad-weights',
        `The index puts the weight "${name}" into ${shown(file)}, which is not a safetensors file next to it`,
        place,
      );
    files.add(join(directory, file));
  }
  if (!files.size) throw bad('bad-weights', 'The index names no weights', place);
  return { place, files: [...files].sort() };
}

/** Only the tokenizer. @throws TandemError 'bad-model-config', 'bad-tokenizer' */
export async function readHuggingFaceTokenizer(directory: string): Promise<Tokenizer> {
  return (await readTokenizer(directory, await readJson(join(directory, 'config.json')))).tokenizer;
}

async function readTokenizer(directory: string, config: Json): Promise<DefinedTokenizer> {
  const file = join(directory, 'tokenizer.json');
  const json = await readJson(file);
  const settings = (await readJsonIfThere(join(directory, 'tokenizer_config.json'))) ?? {};
  const generation = (await readJsonIfThere(join(directory, 'generation_config.json'))) ?? {};
  const template = (await readIfThere(join(directory, 'chat_template.jinja'))) ?? chatTemplate(settings.chat_template);
  return tokenizerOf(json, settings, [generation.eos_token_id ?? config.eos_token_id].flat(), template, file);
}

interface DefinedTokenizer {
  readonly tokenizer: Tokenizer;
  readonly definition: string;
}

/**
 * @param ends ids of end tokens, from the model's own settings
 * @throws TandemError 'bad-tokenizer'
 */
export function tokenizerOf(
  source: Json,
  settings: Json,
  ends: readonly unknown[],
  template: string | undefined,
  file: string,
): DefinedTokenizer {
  try {
    return madeTokenizer(source, settings, ends, template, file);
  } catch (error) {
    // These files come from elsewhere, and the library or this code may have assumed another structure.
    if (error instanceof TandemError) throw error;
    throw bad('bad-tokenizer', `The tokenizer cannot be read: ${error instanceof Error ? error.message : String(error)}`, file, error);
  }
}

function madeTokenizer(
  source: Json,
  settings: Json,
  ends: readonly unknown[],
  template: string | undefined,
  file: string,
): DefinedTokenizer {
  const json = tokenizerJson(source, file);
  const idOf = (text: string | undefined): number[] => json.added_tokens.filter(({ content }) => content === text).map(({ id }) => id);
  const texts = specialTexts(settings);
  const parts = {
    json,
    chatTemplate: template,
    specialTexts: texts,
    beginToken: beginToken(json.post_processor, settings, idOf(texts.bos_token)),
    endTokens: [...ends.filter((id) => typeof id === 'number'), ...idOf(texts.eos_token)],
    file,
  };
  return { tokenizer: makeTokenizer(parts), definition: JSON.stringify([json, template, parts.beginToken, parts.endTokens]) };
}

function tokenizerJson(json: Json, file: string): TokenizerJson {
  const step = (name: string): TokenizerStep | null => (json[name] as TokenizerStep | undefined) ?? null;
  const model = step('model');
  if (!model) throw new TandemError('bad-tokenizer', 'The tokenizer.json has no "model".', { where: { file }, hint: damagedHint });
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

/** `bos_token` and similar: a text, or an object with `content`. */
function specialTexts(settings: Json): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of ['bos_token', 'eos_token', 'unk_token', 'pad_token']) {
    const value = settings[name] as string | { content?: string } | null | undefined;
    const text = typeof value === 'string' ? value : value?.content;
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

/** One text, or a list of named ones from which "default" is used. */
function chatTemplate(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  return (value as readonly { name?: string; template?: string }[]).find(({ name }) => name === 'default')?.template;
}

async function readJson(file: string): Promise<Json> {
  const json = await readJsonIfThere(file);
  if (json) return json;
  throw missingFile(file);
}

const missingFile = (file: string): TandemError => bad('bad-model-config', 'The model directory lacks this file', file);

async function readJsonIfThere(file: string): Promise<Json | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw bad('bad-model-config', 'This file is not valid JSON', file, cause);
  }
  if (isRecord(json)) return json;
  throw bad('bad-model-config', 'This file is not a JSON object', file);
}

/** The largest tokenizer.json of the supported families has about 20 MB. */
const mostBytes = 2 ** 28;

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    const stats = await stat(file);
    const { size } = stats;
    // Reading a pipe would wait forever.
    if (!stats.isFile()) throw bad('model-unreadable', 'This is not a regular file', file);
    if (size > mostBytes) throw bad('bad-model-config', `This file has ${size} bytes, but at most ${mostBytes} are allowed`, file);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

function bad(reason: string, what: string, file: string, cause?: unknown): TandemError {
  return new TandemError(reason, `${what}.`, { where: { file }, hint: damagedHint, cause });
}
