/** @file The words that a soft prompt has moved towards, as a hint for proposers of texts. */
import { modelVocabulary, wholeWordAt } from './softProjection.ts';
import type { SoftPrompt, Vocabulary } from './softPrompt.ts';
import type { TokenModel } from './tokenModel.ts';

export interface NearWord {
  readonly word: string;
  /** The whole word of the soft prompt's text whose place moved furthest in that direction. Absent if it began without a text. */
  readonly instead?: string;
  /** How far the soft prompt moved in the word's direction, as the mean over its places, in root mean squared norms of the vocabulary. */
  readonly way: number;
}

/**
 * The words that the soft prompt moved towards from its initial rows, furthest first. The distance is unsuitable, because after a tuning most rows
 * are still nearest to the token that they began as. A single place is unsuitable too, because the mean of all places has less noise. A word's direction
 * is measured from the centre of the vocabulary. From the token that a row began as, every movement would point to rare tokens, whose embeddings are short.
 * @param among the words to choose from, because a vocabulary is full of parts of words
 * @param count the most words; none if the soft prompt is unchanged
 */
export function wordsNear(model: TokenModel, soft: SoftPrompt, among: Iterable<string>, count: number): NearWord[] {
  const { tokenizer } = model;
  const vocabulary = modelVocabulary(model);
  const { embedding, width, meanSquare } = vocabulary;
  const origin = soft.text === '' ? [] : tokenizer.encode(soft.text);
  const places = Array.from({ length: soft.tokens }, (_, place) => {
    const at = origin.length ? place % origin.length : undefined;
    const began = at === undefined ? 0 : origin[at] * width;
    const went = soft.rows
      .slice(place * width, (place + 1) * width)
      .map((value, i) => (at === undefined ? value : value - embedding[began + i]));
    return { went, whole: at === undefined ? undefined : wholeWordAt(tokenizer, origin, at) };
  });
  if (places.every(({ went }) => went.every((value) => value === 0))) return [];
  const middle = middleOf(vocabulary);
  const found = [...new Set(among)].map((word): NearWord => {
    const direction = directionOf(vocabulary, tokenizer.encode(` ${word}`), middle);
    const ways = places.map(({ went }) => went.reduce((sum, value, i) => sum + value * direction[i], 0) / Math.sqrt(meanSquare));
    const others = places.flatMap(({ whole }, place) =>
      whole !== undefined && whole.toLowerCase() !== word.toLowerCase() ? [{ whole, way: ways[place] }] : [],
    );
    const [furthest] = others.sort((a, b) => b.way - a.way);
    const way = ways.reduce((sum, each) => sum + each, 0) / soft.tokens;
    return { word, ...(furthest && { instead: furthest.whole }), way };
  });
  return found.sort((a, b) => b.way - a.way || (a.word < b.word ? -1 : 1)).slice(0, count);
}

function middleOf({ embedding, width, norms }: Vocabulary): Float32Array {
  const sum = new Float32Array(width);
  for (let at = 0; at < norms.length * width; at++) sum[at % width] += embedding[at] / norms.length;
  return sum;
}

/** A unit vector from the centre of the vocabulary to the mean of a word's tokens. */
function directionOf({ embedding, width }: Vocabulary, tokens: readonly number[], middle: Float32Array): Float32Array {
  const direction = middle.map((value) => -value);
  for (const token of tokens) for (let i = 0; i < width; i++) direction[i] += embedding[token * width + i] / tokens.length;
  const norm = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
  return norm === 0 ? direction : direction.map((value) => value / norm);
}
