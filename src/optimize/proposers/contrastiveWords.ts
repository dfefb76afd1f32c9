/** @file Words that distinguish some rows from others: log-odds with an informative Dirichlet prior. Monroe, Colaresi and Quinn 2008. */
import type { Row } from '../../data/dataset.ts';
import { textIn } from '../../prompt/values.ts';

/** How many rows have each word. */
export interface WordCounts {
  readonly rows: number;
  readonly words: ReadonlyMap<string, number>;
}

export interface ContrastiveWord {
  readonly word: string;
  /** Standard deviations from zero difference. */
  readonly z: number;
}

/** The words of the columns' values, in lower case, once per row, without stop words. */
export function wordCounts(rows: readonly Row[], columns: readonly string[]): WordCounts {
  const words = new Map<string, number>();
  for (const { values } of rows) {
    const own = new Set(columns.flatMap((name) => wordsOf(textIn(values, name))));
    for (const word of own) words.set(word, (words.get(word) ?? 0) + 1);
  }
  return { rows: rows.length, words };
}

/**
 * Words that some rows have more often than others, the most certain first. A word of a single row is chance.
 * @param all counts of all rows: the prior, worth as many words as a row has
 */
export function contrastiveWords(some: WordCounts, others: WordCounts, all: WordCounts, least = 1): ContrastiveWord[] {
  const total = ({ words }: WordCounts): number => [...words.values()].reduce((sum, count) => sum + count, 0);
  const [inSome, inOthers, inAll] = [some, others, all].map(total);
  const strength = inAll / Math.max(1, all.rows);
  const found = [...some.words].flatMap(([word, count]): ContrastiveWord[] => {
    if (count < 2) return [];
    const prior = (strength * (all.words.get(word) ?? 0)) / inAll;
    const [own, other] = [count + prior, (others.words.get(word) ?? 0) + prior];
    const odds = (count: number, of: number): number => Math.log(count / (of + strength - count));
    const z = (odds(own, inSome) - odds(other, inOthers)) / Math.sqrt(1 / own + 1 / other);
    return z >= least ? [{ word, z }] : [];
  });
  return found.sort((a, b) => b.z - a.z || (a.word < b.word ? -1 : 1));
}

export const wordsOf = (text: string): string[] => (text.toLowerCase().match(/\p{L}{3,}/gu) ?? []).filter((word) => !stopWords.has(word));

/**
 * English function words of three letters or more. Words that ask or deny (`who`, `many`, `not`) are not included, because they may be what
 * distinguishes rows.
 */
const stopWords: ReadonlySet<string> = new Set(
  `about all also and any are been being both but can could did does doing done each even for from get got had has have having her here
   hers him his into isn its itself just let like may might more most much must one only other our ours own please put same she should
   since some still such than that the their theirs them then there these they this those through too use used very was way well were
   will with would yes yet you your yours`.split(/\s+/),
);
