/** @file The words of the vocabulary that a soft prompt has gone towards: a hint to whoever proposes texts. */
import type { LlamaModel } from './llama.ts';
import { modelVocabulary, wholeWordAt, wordTokens } from './softProjection.ts';
import type { SoftPrompt } from './softPrompt.ts';

export interface NearWord {
  readonly word: string;
  /** The whole word of the soft prompt's text whose place went furthest there; absent where it began without one. */
  readonly instead?: string;
  /** How far the soft prompt went in the word's direction, as the mean over its places, in root mean squared norms of the vocabulary. */
  readonly way: number;
}

/**
 * Each word once, the one first that the soft prompt went furthest towards. The distance would not do: after a tuning most rows are still
 * nearest to the token that they began as. Nor would a single place: what all of them agree on is less noise.
 * @param count at most so many; none where it is as it began
 */
export function wordsNear(model: LlamaModel, soft: SoftPrompt, count: number): NearWord[] {
  const { tokenizer } = model;
  const { embedding, width, norms, meanSquare } = modelVocabulary(model);
  const origin = soft.text === '' ? [] : tokenizer.encode(soft.text);
  const places = Array.from({ length: soft.tokens }, (_, place) => {
    const at = origin.length ? place % origin.length : undefined;
    const began = at === undefined ? new Float32Array(width) : embedding.subarray(origin[at] * width, (origin[at] + 1) * width);
    const went = soft.rows.slice(place * width, (place + 1) * width).map((value, i) => value - began[i]);
    return { began, went, whole: at === undefined ? undefined : wholeWordAt(tokenizer, origin, at) };
  });
  if (places.every(({ went }) => went.every((value) => value === 0))) return [];
  const found = wordTokens(tokenizer, norms.length).flatMap((token): NearWord[] => {
    const word = tokenizer.decode([token]).slice(1);
    // Names and abbreviations tell nothing.
    if (!/^\p{Ll}{3,}$/u.test(word)) return [];
    let sum = 0;
    let furthest: { instead?: string; way: number } = { way: -Infinity };
    for (const { began, went, whole } of places) {
      let [dot, square] = [0, 0];
      for (let i = 0, from = token * width; i < width; i++, from++) {
        const towards = embedding[from] - began[i];
        dot += went[i] * towards;
        square += towards * towards;
      }
      const way = square === 0 ? 0 : dot / Math.sqrt(square * meanSquare);
      sum += way;
      if (whole !== undefined && whole.toLowerCase() !== word && way > furthest.way) furthest = { instead: whole, way };
    }
    return [{ word, ...(furthest.instead !== undefined && { instead: furthest.instead }), way: sum / soft.tokens }];
  });
  return found.sort((a, b) => b.way - a.way || (a.word < b.word ? -1 : 1)).slice(0, count);
}
