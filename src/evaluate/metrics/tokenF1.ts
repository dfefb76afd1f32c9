/**
 * @file `token-f1`: F1 of the words of two texts. The numbers are those of SQuAD's evaluation script (`evaluate-v2.0.py`; Rajpurkar et al. 2016 and
 * 2018). The script relies on Python's definitions of letters, lower case and white space, which are spelled out here.
 */
import { againstGold, type MetricEntry } from './entry.ts';

export const tokenF1: MetricEntry = {
  kind: 'text',
  about: "F1 over the words that the prediction and the right answer share, as SQuAD's evaluation script computes it.",
  ...againstGold(sharedWords),
};

/**
 * `compute_f1` of the script: precision and recall over words. A word counts as often as it occurs in both texts. If a text has no words, the result
 * is 1 if neither has any.
 * @returns from 0 to 1
 */
function sharedWords(prediction: string, gold: string): number {
  const [found, wanted] = [normalizedWords(prediction), normalizedWords(gold)];
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
  if (shared === 0) return 0;
  const [precision, recall] = [shared / found.length, shared / wanted.length];
  return (2 * precision * recall) / (precision + recall);
}

/**
 * `normalize_answer` of the script, split into words: converts to lower case, then removes ASCII punctuation, then the articles `a`, `an`, `the`,
 * then white space.
 */
function normalizedWords(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll(asciiPunctuation, '')
    .replaceAll(articles, ' ')
    .split(pythonSpaces)
    .filter((word) => word !== '');
}

/** `string.punctuation` of Python. Other symbols are not in it: 👍, € and ° are words or parts of words. */
const asciiPunctuation = /[!-/:-@[-`{-~]/g;

/** `\b(a|an|the)\b` of Python, whose word characters are the letters and numbers of all scripts. JavaScript's `\b` knows only ASCII. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** Where Python's `str.split()` splits. JavaScript's `\s` lacks the ASCII separators and U+0085, and includes the byte order mark. */
// eslint-disable-next-line no-control-regex -- Python splits at the ASCII separators
const pythonSpaces = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
