/**
 * @file A soft prompt: rows of numbers in place of token embeddings. Lester et al. 2021. Its rows have token ids
 * from the vocabulary's size upwards, so that packing, shared prefixes and caches treat them like any token.
 */
import { TandemError } from '../errors.ts';
import { randomStream } from '../random.ts';
import type { TensorValue } from '../tensor/executor.ts';
import type { ModelShape } from './modelShape.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { WeightTensor } from './weightTensor.ts';

export interface SoftPrompt {
  /** The number of virtual tokens. */
  readonly tokens: number;
  /** [tokens, hiddenSize], row-major. */
  readonly rows: Float32Array;
  /** The text that it began as; '' for random rows. */
  readonly text: string;
  /** Squared distance from the initial rows, summed over rows, in units of a vocabulary row's mean squared norm: how far it has drifted from its text. */
  readonly drift: number;
}

/** Marks the place of the virtual tokens in a rendered prompt: a code point that no text may use. */
export const softMark = '\u{8FFFE}';

/**
 * The tokens of a text, with virtual ones in place of its mark.
 * @param soft undefined for weights without a soft prompt
 * @throws TandemError 'no-soft-prompt' for a mark without one
 */
export function encodeWithSoft(
  tokenizer: Pick<Tokenizer, 'encode' | 'encodeNext'>,
  text: string,
  soft: Pick<SoftPrompt, 'tokens'> | undefined,
  vocabularySize: number,
): number[] {
  const at = text.indexOf(softMark);
  if (at < 0) return tokenizer.encode(text);
  if (!soft) {
    throw new TandemError('no-soft-prompt', 'The prompt has a {{soft}} line, but the weights have no soft prompt.', {
      hint: 'Name the adapter that it was tuned with under `adapter:`, or replace the line with an instruction.',
    });
  }
  const [before, after] = [text.slice(0, at), text.slice(at + softMark.length)];
  const next = (part: string): number[] => tokenizer.encodeNext?.(part) ?? tokenizer.encode(part);
  const virtual = Array.from({ length: soft.tokens }, (_, i) => vocabularySize + i);
  return [...(before === '' ? [] : tokenizer.encode(before)), ...virtual, ...(after === '' ? [] : next(after))];
}

/**
 * The graph inputs that replace the ids if there is a soft prompt: the ids of real tokens, and for every token its row among the embedded tokens
 * followed by the soft prompt's rows. Undefined if no token is virtual, so that the plain graph is used.
 * @throws TandemError 'no-soft-prompt', 'adapter-mismatch'
 */
export function softFeeds(
  config: ModelShape,
  soft: Pick<SoftPrompt, 'tokens' | 'rows'> | undefined,
  feeds: Readonly<Record<string, TensorValue>>,
): Readonly<Record<string, TensorValue>> | undefined {
  const names = ['prefixIds', 'ids'].filter((name) => name in feeds);
  const ids = names.flatMap((name) => Array.from(feeds[name].data));
  if (!ids.some((id) => id >= config.vocabularySize)) return undefined;
  if (!soft) throw new TandemError('no-soft-prompt', 'The tokens refer to a soft prompt that the weights do not have.');
  if (soft.rows.length !== soft.tokens * config.hiddenSize) {
    throw new TandemError('adapter-mismatch', `The soft prompt was made for another model: its rows are not ${config.hiddenSize} wide.`, {
      hint: 'Use it with the model that it was tuned on, or tune again.',
    });
  }
  const place = Int32Array.from(ids, (id, i) => (id < config.vocabularySize ? i : ids.length + id - config.vocabularySize));
  const real = Object.fromEntries(
    names.map((name) => [
      name,
      { shape: feeds[name].shape, data: Int32Array.from(feeds[name].data, (id) => (id < config.vocabularySize ? id : 0)) },
    ]),
  );
  return {
    ...real,
    soft: { shape: [soft.tokens, config.hiddenSize], data: soft.rows },
    softPlace: { shape: [ids.length], data: place },
  };
}

/** Statistics of a vocabulary's rows. */
export interface Vocabulary {
  /** [vocabularySize, hiddenSize]. */
  readonly embedding: Float32Array;
  readonly width: number;
  /** Euclidean norm of each row. */
  readonly norms: Float32Array;
  /** The range that contains the norms of 99 rows in a hundred. */
  readonly lowest: number;
  readonly highest: number;
  readonly meanSquare: number;
}

const measured = new WeakMap<object, Vocabulary>();

/** Computed once for an embedding matrix [vocabularySize, hiddenSize]. */
export function vocabularyOf(config: ModelShape, embedding: WeightTensor): Vocabulary {
  const known = measured.get(embedding.data);
  if (known) return known;
  const { data } = embedding;
  const width = config.hiddenSize;
  const norms = Float32Array.from({ length: config.vocabularySize }, (_, row) => Math.sqrt(squareOf(data, row * width, width)));
  const sorted = norms.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  const meanSquare = norms.reduce((sum, norm) => sum + norm * norm, 0) / norms.length;
  const vocabulary = { embedding: data, width, norms, lowest: at(0.005), highest: at(0.995), meanSquare };
  measured.set(embedding.data, vocabulary);
  return vocabulary;
}

/** The initial rows: PEFT's TEXT, RANDOM and SAMPLE_VOCAB. */
export const softStarts = ['text', 'random', 'vocabulary'] as const;
export type SoftStart = (typeof softStarts)[number];

/**
 * @param ids tokens of `text`, repeated or cut to the requested length; not used by other starts
 */
export function initialSoftPrompt(
  vocabulary: Vocabulary,
  { start, tokens, text, ids, seed }: { start: SoftStart; tokens: number; text: string; ids: readonly number[]; seed: number },
): SoftPrompt {
  const { embedding, width, norms, meanSquare } = vocabulary;
  const random = randomStream('softPrompt', seed);
  const rows = new Float32Array(tokens * width);
  for (let row = 0; row < tokens; row++) {
    const id = start === 'text' && ids.length > 0 ? ids[row % ids.length] : random.integer(norms.length);
    if (start !== 'random') rows.set(embedding.subarray(id * width, (id + 1) * width), row * width);
    // With the same spread as the vocabulary's numbers.
    else for (let i = 0; i < width; i++) rows[row * width + i] = (2 * random.uniform() - 1) * Math.sqrt((3 * meanSquare) / width);
  }
  return { tokens, rows, text: start === 'text' ? text : '', drift: 0 };
}

/** Scales rows back into the range of the vocabulary's norms, in place. */
export function holdNorms(rows: Float32Array, { width, lowest, highest }: Vocabulary): void {
  for (let from = 0; from < rows.length; from += width) {
    const norm = Math.sqrt(squareOf(rows, from, width));
    const held = Math.min(highest, Math.max(lowest, norm));
    if (norm === held || norm === 0) continue;
    for (let i = from; i < from + width; i++) rows[i] *= held / norm;
  }
}

function squareOf(values: Float32Array, from: number, width: number): number {
  let sum = 0;
  for (let i = from; i < from + width; i++) sum += values[i] * values[i];
  return sum;
}
