/** @file What an evaluation costs in tokens, counted from its texts alone. */
import type { Tokenizer } from '../model/tokenizer.ts';

/**
 * Tokens of the distinct prompts, their common beginning counted once. The beginning is cut before white space, where tokens end too,
 * so that it and the rests are tokenized apart.
 */
export function promptPasses(tokenizer: Pick<Tokenizer, 'encode'>, prompts: readonly string[]): number {
  const distinct = [...new Set(prompts)];
  if (distinct.length === 0) return 0;
  const shared = distinct.length === 1 ? distinct[0].length : commonBeginning(distinct);
  const count = (text: string): number => (text === '' ? 0 : tokenizer.encode(text).length);
  return distinct.reduce((sum, prompt) => sum + count(prompt.slice(shared)), count(distinct[0].slice(0, shared)));
}

/** Tokens of the answers, common beginnings counted once: the nodes of their trie. */
export function answerPasses(tokenizer: Tokenizer, answers: readonly string[]): number {
  const nodes = new Set<string>();
  for (const answer of answers) {
    const tokens = tokenizer.encode(answer);
    tokens.forEach((_, place) => nodes.add(tokens.slice(0, place + 1).join(' ')));
  }
  return nodes.size;
}

function commonBeginning(texts: readonly string[]): number {
  const first = texts[0];
  let length = Math.min(...texts.map((text) => text.length));
  for (const text of texts) {
    let same = 0;
    while (same < length && text[same] === first[same]) same++;
    length = same;
  }
  const isBoundary = (text: string): boolean => length === text.length || (/\s/.test(text[length]) && /\S/.test(text[length - 1]));
  while (length > 0 && !texts.every(isBoundary)) length--;
  return length;
}
