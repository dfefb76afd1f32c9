/** @file The tokenizer built from a tokenizer.json, by `@huggingface/tokenizers`. */
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { TandemError } from '../../errors.ts';
import { damagedHint } from '../configFields.ts';
import { forTextWithin, prepareTokenizerJson, requireTokens, withinMark } from './tokenizerJson.ts';
import type { TokenizerJson } from './tokenizerJson.ts';
import { afterAnswer, chatTemplate, type ChatTemplate } from '../chatTemplate.ts';
import type { Tokenizer } from '../tokenizer.ts';

export interface TokenizerParts {
  readonly json: TokenizerJson;
  readonly chatTemplate?: string;
  /** Texts that the chat template may read: bos_token, eos_token, ... */
  readonly specialTexts?: Readonly<Record<string, string>>;
  readonly beginToken?: number;
  /** From the model's own settings. End tokens with the usual names are added. */
  readonly endTokens: readonly number[];
  /** Named in errors. */
  readonly file: string;
}

/** @throws TandemError 'bad-tokenizer' if the library cannot build or use it; applyChatTemplate: 'no-chat-template', 'bad-chat-template', 'no-system-role', 'too-slow' */
export function makeTokenizer(parts: TokenizerParts): Tokenizer {
  const { file, beginToken } = parts;
  requireTokens(parts.json, file);
  const library = build(parts);
  const lastToken = parts.json.added_tokens.reduce((last, { id }) => Math.max(last, id), library.get_vocab().size - 1);
  const encodeBy = (by: LibraryTokenizer) => (text: string) => guarded(() => by.encode(text, { add_special_tokens: false }).ids, file);
  const within = forTextWithin(parts.json);
  const encodeWithin = within && encodeBy(build({ ...parts, json: within }));
  let template: ChatTemplate | undefined;
  const templateOf = (): ChatTemplate => (template ??= requiredTemplate(parts));
  const turnEnd = onFirstUse(() => turnEndToken(parts, templateOf));
  const ends = onFirstUse(() => endTokens(parts, turnEnd()));
  return {
    vocabularySize: lastToken + 1,
    get endTokens() {
      return ends();
    },
    get turnEndToken() {
      return turnEnd();
    },
    ...(parts.chatTemplate !== undefined && { chatTemplate: parts.chatTemplate }),
    ...(beginToken === undefined ? {} : { beginToken }),
    encode: remembered(encodeBy(library)),
    ...(encodeWithin && { encodeNext: remembered((text) => encodeWithin(`${withinMark}${text}`)) }),
    decode: (tokens, options) =>
      tokens.length === 0
        ? ''
        : guarded(
            () => library.decode([...tokens], { skip_special_tokens: options?.skipSpecial ?? false, clean_up_tokenization_spaces: false }),
            file,
          ),
    applyChatTemplate: (messages, options) => templateOf()(messages, options),
  };
}

/** Every caller gets a separate copy of the list. */
function remembered(encode: (text: string) => number[]): (text: string) => number[] {
  const cache = new Map<string, number[]>();
  let cachedCharacters = 0;
  return (text) => {
    const known = cache.get(text);
    if (known) return [...known];
    const tokens = encode(text);
    if (cachedCharacters + text.length > mostCachedCharacters) {
      cache.clear();
      cachedCharacters = 0;
    }
    if (text.length > longestCached) return tokens;
    cachedCharacters += text.length;
    cache.set(text, tokens);
    return [...tokens];
  };
}

/** The same prompts are encoded again in every epoch. Ten million characters and their ids take about 40 MB. */
const mostCachedCharacters = 10_000_000;
const longestCached = 20_000;

/** End-of-text and end-of-turn tokens of the supported models. The settings of many models name only one of theirs. */
const endTexts = new Set(['<|endoftext|>', '<|im_end|>', '<|end_of_text|>', '<|eot_id|>', '<|eom_id|>', '</s>']);

function endTokens({ json, endTokens }: TokenizerParts, turnEnd: number | undefined): number[] {
  const named = json.added_tokens.filter(({ special, content }) => special && endTexts.has(content)).map(({ id }) => id);
  return [...new Set([...endTokens, ...named, ...(turnEnd === undefined ? [] : [turnEnd])])];
}

/** The first special token after an answer of the assistant, ignoring white space before it. */
function turnEndToken({ json, chatTemplate: source }: TokenizerParts, template: () => ChatTemplate): number | undefined {
  if (source === undefined) return undefined;
  const rest = afterAnswer((...asked) => template()(...asked))?.trimStart();
  const [first] = json.added_tokens
    .filter(({ special, content }) => special && content !== '' && rest?.startsWith(content))
    .sort((a, b) => b.content.length - a.content.length);
  return first?.id;
}

function onFirstUse<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The library's message about a definition that it rejects only on use. */
function guarded<T>(work: () => T, file: string): T {
  try {
    return work();
  } catch (cause) {
    throw new TandemError('bad-tokenizer', `The tokenizer is damaged: ${messageOf(cause).slice(0, 200)}`, {
      where: { file },
      hint: damagedHint,
      cause,
    });
  }
}

function build({ json, file }: TokenizerParts): LibraryTokenizer {
  try {
    return new LibraryTokenizer(prepareTokenizerJson(json), {});
  } catch (cause) {
    throw new TandemError('bad-tokenizer', `The tokenizer cannot be built: ${messageOf(cause).slice(0, 200)}`, {
      where: { file },
      hint: damagedHint,
      cause,
    });
  }
}

function requiredTemplate({ chatTemplate: source, specialTexts = {}, file }: TokenizerParts): ChatTemplate {
  if (source !== undefined) return chatTemplate(source, specialTexts, file);
  throw new TandemError('no-chat-template', 'This model has no chat template.', {
    where: { file },
    hint: 'Use an instruction-tuned model, or write `template: text` under `tandem:`.',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
