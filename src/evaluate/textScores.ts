/** @file What a text is worth beside the right one, for the table in `metrics.ts`. */
import { isDeepStrictEqual } from 'node:util';

export const tidy = (text: string): string => text.normalize('NFC').trim();

export const fold = (text: string): string => tidy(text).toLowerCase();

/**
 * F1 of the words that both have, each as often as in the one that has it less often; case, punctuation and English articles aside.
 * Two texts without words are alike. Rajpurkar et al. 2016 (SQuAD).
 */
export function tokenF1(prediction: string, gold: string): number {
  const [found, wanted] = [wordsOf(prediction), wordsOf(gold)];
  if (found.length === 0 || wanted.length === 0) return Number(found.length === wanted.length);
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of found) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared++;
  }
  return (2 * shared) / (found.length + wanted.length);
}

/** The last number of each text is the same, or within the tolerance. Thousands may be parted by commas: `The answer is 1,024.` */
export function sameNumber(prediction: string, gold: string, { absolute = 0, relative = 1e-9 }: Tolerance = {}): boolean {
  const [found, wanted] = [lastNumber(prediction), lastNumber(gold)];
  if (found === undefined || wanted === undefined) return false;
  return Math.abs(found - wanted) <= Math.max(absolute, relative * Math.abs(wanted));
}

export interface Tolerance {
  readonly absolute?: number;
  /** A share of the right number. */
  readonly relative?: number;
}

/** Both are JSON of the same value, whatever the order of keys, the spaces and the way a number is written. A code fence around it is fine. */
export function sameJson(prediction: string, gold: string): boolean {
  const [found, wanted] = [jsonOf(prediction), jsonOf(gold)];
  return found !== undefined && wanted !== undefined && isDeepStrictEqual(found.value, wanted.value);
}

/** What the pattern finds first in the text, its first group if it has one; undefined where it finds nothing. */
export function firstMatch(pattern: RegExp, text: string): string | undefined {
  const match = pattern.exec(text);
  return match ? (match[1] ?? match[0]) : undefined;
}

function wordsOf(text: string): string[] {
  return fold(text)
    .replaceAll(/[\p{P}\p{S}]/gu, '')
    .replaceAll(/\b(?:a|an|the)\b/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
}

function lastNumber(text: string): number | undefined {
  const found = text.match(/(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d+)?(?![\d])/g)?.at(-1);
  return found === undefined ? undefined : Number(found.replaceAll(',', ''));
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  const fenced = /^```(?:json)?\s*\n([^]*?)\n\s*```$/i.exec(text.trim());
  try {
    return { value: JSON.parse(fenced ? fenced[1] : text) as unknown };
  } catch {
    return undefined;
  }
}
