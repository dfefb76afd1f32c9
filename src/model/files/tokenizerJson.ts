/** @file The part of Hugging Face's tokenizer.json that we read and write, and the repairs that make the JavaScript library follow the Rust one. */

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

/** GPT-2's split into words, numbers, signs and spaces (openai/gpt-2, encoder.py). */
export const gpt2Pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** Cuts out every match of a regular expression in Oniguruma's syntax. */
export function splitBy(pattern: string): TokenizerStep {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/** Bytes to printable characters, without GPT-2's split. */
export const bytesOnly: TokenizerStep = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/**
 * The library's own Digits and ByteLevel splits use JavaScript's \d (ASCII only) and \s (with U+FEFF, without U+0085); its Split step
 * translates the classes correctly. So both are written as Split.
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
