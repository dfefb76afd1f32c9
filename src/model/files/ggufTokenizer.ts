/** @file The tokenizer that a GGUF file describes in its metadata, as a tokenizer.json. */
import { TandemError } from '../../errors.ts';
import { damagedHint } from '../configFields.ts';
import { sentencePieceParts, sentencePieceTexts } from './sentencePiece.ts';
import { makeTokenizer } from './textTokenizer.ts';
import { bytesOnly, gpt2Pattern, splitBy } from './tokenizerJson.ts';
import type { AddedToken, BpeParts, TokenizerJson, TokenizerStep } from './tokenizerJson.ts';
import type { GgufMetadata } from './ggufMetadata.ts';
import type { Tokenizer } from '../tokenizer.ts';

export interface GgufTokenizer {
  readonly tokenizer: Tokenizer;
  /** Everything that determines how texts become tokens. */
  readonly definition: string;
  /** The corresponding settings of a Hugging Face directory. */
  readonly json: TokenizerJson;
  readonly chatTemplate?: string;
  readonly specialTexts: Readonly<Record<string, string>>;
}

/**
 * @throws TandemError 'unsupported-tokenizer' for anything but byte-level and SentencePiece BPE or an unknown pre-tokenizer, 'bad-gguf'
 *   for metadata that are missing or inconsistent
 */
export function ggufTokenizer(metadata: GgufMetadata): GgufTokenizer {
  const { file } = metadata;
  const kind = kindOf(metadata);
  const tokens = kind.texts(metadata);
  const json = tokenizerJson(metadata, kind, tokens);
  const idOf = (name: string): number | undefined => metadata.optionalNumber(`tokenizer.ggml.${name}_token_id`) ?? kind.usualIds[name];
  const special = (name: string): string => tokens[idOf(name) ?? -1] ?? '';
  const addBegin = metadata.optionalFlag('tokenizer.ggml.add_bos_token') ?? kind.addsBegin(metadata);
  const beginToken = addBegin ? idOf('bos') : undefined;
  if (beginToken !== undefined && tokens[beginToken] === undefined)
    throw new TandemError('bad-gguf', `"tokenizer.ggml.bos_token_id" is ${beginToken}, which is not a token.`, {
      where: { file },
      hint: damagedHint,
    });
  const parts = {
    json,
    chatTemplate: metadata.optionalText('tokenizer.chat_template'),
    specialTexts: { bos_token: special('bos'), eos_token: special('eos'), unk_token: special('unknown'), pad_token: special('padding') },
    beginToken,
    endTokens: ['eos', 'eot', 'eom'].map(idOf).filter((id) => id !== undefined),
    file,
  };
  const definition = JSON.stringify([json, parts.chatTemplate, parts.beginToken, parts.endTokens]);
  return { tokenizer: makeTokenizer(parts), definition, json, chatTemplate: parts.chatTemplate, specialTexts: parts.specialTexts };
}

interface Kind {
  /** The tokens' texts, by id. */
  texts(metadata: GgufMetadata): readonly string[];
  parts(metadata: GgufMetadata, tokens: readonly string[]): BpeParts;
  /** The default if the file does not say: whether a text begins with the begin-of-text token. */
  addsBegin(metadata: GgufMetadata): boolean;
  /** The default if the file does not say: the ids of special tokens. */
  readonly usualIds: Readonly<Record<string, number>>;
}

/** By `tokenizer.ggml.model`; defaults as in llama.cpp's llama-vocab.cpp. */
const kinds: Readonly<Record<string, Kind>> = {
  gpt2: {
    texts: (metadata) => metadata.texts('tokenizer.ggml.tokens'),
    parts: byteLevelParts,
    addsBegin: (metadata) => preTokenizer(metadata).addsBegin,
    usualIds: {},
  },
  llama: { texts: sentencePieceTexts, parts: sentencePieceParts, addsBegin: () => true, usualIds: { unknown: 0, bos: 1, eos: 2 } },
};

/** Names for people of the kinds that are not supported. */
const otherKinds: Readonly<Record<string, string>> = { t5: 'SentencePiece unigram', bert: 'WordPiece' };

function kindOf(metadata: GgufMetadata): Kind {
  const name = metadata.text('tokenizer.ggml.model');
  if (Object.hasOwn(kinds, name)) return kinds[name];
  const called = Object.hasOwn(otherKinds, name) ? `, ${otherKinds[name]},` : '';
  throw new TandemError(
    'unsupported-tokenizer',
    `The tokenizer kind "${name.slice(0, 80)}"${called} of this GGUF file is not supported. Only BPE is: byte-level ("gpt2") and SentencePiece ("llama").`,
    {
      where: { file: metadata.file },
      hint: 'Use the Hugging Face directory of the same model. Tandem reads its tokenizer.json.',
    },
  );
}

/** Values of `tokenizer.ggml.token_type` (llama.h, llama_token_type) that are recognized as written in a text. 3 is a control token. */
const addedTypes: ReadonlySet<number> = new Set([2, 3, 4]);

function tokenizerJson(metadata: GgufMetadata, kind: Kind, tokens: readonly string[]): TokenizerJson {
  const types = metadata.optionalNumbers('tokenizer.ggml.token_type') ?? [];
  const added: AddedToken[] = [];
  for (const [id, content] of tokens.entries())
    if (addedTypes.has(types[id])) added.push({ id, content, special: types[id] !== 4, normalized: false });
  const { normalizer, pre_tokenizer, decoder, model } = kind.parts(metadata, tokens);
  return {
    added_tokens: added,
    normalizer,
    pre_tokenizer,
    post_processor: null,
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      ...model,
    },
  };
}

function byteLevelParts(metadata: GgufMetadata): BpeParts {
  const { splits, ignoresMerges } = preTokenizer(metadata);
  return {
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, bytesOnly] },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { ignore_merges: ignoresMerges, merges: metadata.texts('tokenizer.ggml.merges') },
  };
}

interface PreTokenizer {
  readonly splits: readonly TokenizerStep[];
  /** A word that is a token as a whole becomes that token, whatever the merges say. */
  readonly ignoresMerges: boolean;
  /** The default if the file does not say: whether a text begins with the begin-of-text token. */
  readonly addsBegin: boolean;
}

const digit = String.raw`\p{N}`;
const contractions = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)`;
const words = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const signsAndSpaces = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const gpt2: PreTokenizer = { splits: [splitBy(gpt2Pattern)], ignoresMerges: false, addsBegin: false };
const smollm: PreTokenizer = { splits: [splitBy(digit), splitBy(gpt2Pattern)], ignoresMerges: false, addsBegin: false };
const llamaBpe: PreTokenizer = {
  splits: [splitBy(`${contractions}|${words}|${digit}{1,3}|${signsAndSpaces}`)],
  ignoresMerges: true,
  addsBegin: true,
};
const qwen2: PreTokenizer = {
  splits: [splitBy(`${contractions}|${words}|${digit}|${signsAndSpaces}`)],
  ignoresMerges: false,
  addsBegin: false,
};
/** What llama.cpp does for files older than the field, and for "default". */
const unnamed: PreTokenizer = {
  splits: [splitBy(String.raw`[\p{P}\$\+<=>\^~\|]+`), splitBy(gpt2Pattern), splitBy(`${digit}+`), splitBy('[0-9][0-9][0-9]')],
  ignoresMerges: false,
  addsBegin: false,
};

/** By the names in `tokenizer.ggml.pre`. The patterns are from llama.cpp's llama-vocab.cpp. */
const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  'gpt-2': gpt2,
  olmo: gpt2,
  smollm,
  starcoder: smollm,
  'llama-bpe': llamaBpe,
  llama3: llamaBpe,
  'llama-v3': llamaBpe,
  qwen2,
  'deepseek-r1-qwen': qwen2,
  default: unnamed,
};

function preTokenizer(metadata: GgufMetadata): PreTokenizer {
  const name = metadata.optionalText('tokenizer.ggml.pre') ?? 'default';
  if (Object.hasOwn(preTokenizers, name)) return preTokenizers[name];
  throw new TandemError('unsupported-tokenizer', `The pre-tokenizer "${name}" of this GGUF file is not supported.`, {
    where: { file: metadata.file },
    hint: 'Use the Hugging Face directory of the same model. Tandem reads its tokenizer.json.',
  });
}
