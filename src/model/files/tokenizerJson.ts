/** @file The part of Hugging Face's tokenizer.json that we read and write, and the repairs that make the JavaScript library follow the Rust one. */
import { TandemError } from '../../errors.ts';
import { damagedHint, isRecord, shown } from '../configFields.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** A normalizer, pre-tokenizer, post-processor or decoder: `type` and its own fields. */
export interface TokenizerStep {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: TokenizerStep | null;
  readonly pre_tokenizer: TokenizerStep | null;
  readonly post_processor: TokenizerStep | null;
  readonly decoder: TokenizerStep | null;
  readonly model: TokenizerStep;
}

/** How BPE tokenizers differ, besides their tokens. */
export type BpeParts = Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer' | 'decoder'> & {
  readonly model: { readonly merges: readonly (string | readonly [string, string])[]; readonly [field: string]: unknown };
};

/** A larger vocabulary counts as damaged, because the library makes a list of all ids up to the largest. */
const mostTokens = 2 ** 22;

/** @throws TandemError 'bad-tokenizer' for ids that are not valid indices of a vocabulary */
export function requireTokens({ model, added_tokens: added }: TokenizerJson, file: string): void {
  const wrong = (token: string, id: unknown): TandemError =>
    new TandemError('bad-tokenizer', `The token "${token.slice(0, 80)}" has the id ${shown(id)}, which is not valid.`, {
      where: { file },
      hint: damagedHint,
    });
  const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 0 && (id as number) < mostTokens;
  if (!Array.isArray(added))
    throw new TandemError('bad-tokenizer', '"added_tokens" is not a list.', { where: { file }, hint: damagedHint });
  for (const token of added as readonly unknown[]) {
    if (!isRecord(token) || typeof token.content !== 'string')
      throw new TandemError('bad-tokenizer', 'An added token has no "content".', { where: { file }, hint: damagedHint });
    if (!isId(token.id)) throw wrong(token.content, token.id);
  }
  if (!isRecord(model.vocab)) return;
  for (const token of Object.keys(model.vocab)) if (!isId(model.vocab[token])) throw wrong(token, model.vocab[token]);
}

/** GPT-2's split into words, numbers, signs and spaces (openai/gpt-2, encoder.py). */
export const gpt2Pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** Splits off every match of a regular expression in Oniguruma's syntax. */
export function splitBy(pattern: string): TokenizerStep {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** Bytes to printable characters, without GPT-2's split. */
export const bytesOnly: TokenizerStep = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/**
 * The library's own Digits and ByteLevel splits use JavaScript's \d (ASCII only) and \s (with U+FEFF, without U+0085). Its Split step
 * translates the classes correctly, so both are written as Split.
 */
export function prepareTokenizerJson(json: TokenizerJson): TokenizerJson {
  return { ...json, pre_tokenizer: json.pre_tokenizer && exactSplits(json.pre_tokenizer) };
}

function exactSplits(step: TokenizerStep): TokenizerStep {
  if (step.type === 'Sequence' && Array.isArray(step.pretokenizers)) {
    return { ...step, pretokenizers: (step.pretokenizers as TokenizerStep[]).map(exactSplits) };
  }
  if (step.type === 'Digits') return splitBy(step.individual_digits ? String.raw`\p{N}` : String.raw`\p{N}+`);
  if (step.type === 'ByteLevel' && step.use_regex !== false && !step.add_prefix_space) {
    return { type: 'Sequence', pretokenizers: [splitBy(gpt2Pattern), { ...step, use_regex: false }] };
  }
  return step;
}

/** Put before a text for the tokenizer of `forTextWithin`: a code point that no text may use. */
export const withinMark = '\u{8FFFF}';

/**
 * The same tokenizer for marked text that follows other text: it puts no space before that text, but still puts one inside it where it
 * normally would (after added tokens). Undefined if it never puts any.
 */
export function forTextWithin(json: TokenizerJson): TokenizerJson | undefined {
  let changed = false;
  const walk = (step: TokenizerStep, list: 'normalizers' | 'pretokenizers'): TokenizerStep => {
    if (step.type === 'Sequence' && Array.isArray(step[list]))
      return { ...step, [list]: (step[list] as TokenizerStep[]).map((each) => walk(each, list)) };
    if (step.type === 'Prepend') {
      changed = true;
      return { type: 'Sequence', normalizers: [step, without(`${String(step.prepend)}${withinMark}`)] };
    }
    if (step.type === 'Metaspace' && step.prepend_scheme !== 'never' && step.add_prefix_space !== false) {
      changed = true;
      return { ...step, prepend_scheme: 'never', add_prefix_space: false };
    }
    return step;
  };
  const normalizer = json.normalizer && walk(json.normalizer, 'normalizers');
  const pre_tokenizer = json.pre_tokenizer && walk(json.pre_tokenizer, 'pretokenizers');
  const unmarked = { type: 'Sequence', normalizers: [...(normalizer ? [normalizer] : []), without(withinMark)] };
  return changed ? { ...json, normalizer: unmarked, pre_tokenizer } : undefined;
}

const without = (text: string): TokenizerStep => ({ type: 'Replace', pattern: { String: text }, content: '' });
