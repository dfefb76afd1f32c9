/** @file Counts the answers that were cut off, and the right answers that are too long to be given within the limit. */
import type { Texts } from '../model/texts.ts';
import type { Cut, CutBy } from './cuts.ts';

/**
 * @param tokens the limit of an answer
 * @param golds the right answers, if all of them are known
 * @returns empty if no answer was cut off
 */
export function countCuts(texts: Texts, tokens: number, answers: readonly { readonly cut?: CutBy }[], golds?: readonly string[]): Cut[] {
  const count = (by: CutBy): number => answers.filter(({ cut }) => cut === by).length;
  const [length, context] = [count('length'), count('context')];
  // A token has at least one byte, so most answers need not be tokenized.
  const isLonger = (gold: string): boolean => Buffer.byteLength(gold) >= tokens && texts.count(` ${gold}`) > tokens;
  const outOfReach = length > 0 ? golds?.filter((gold) => isLonger(gold.trim())).length : undefined;
  const of = answers.length;
  return [
    ...(length > 0 ? [{ by: 'length' as const, answers: length, of, tokens, ...(outOfReach !== undefined && { outOfReach }) }] : []),
    ...(context > 0 ? [{ by: 'context' as const, answers: context, of }] : []),
  ];
}
