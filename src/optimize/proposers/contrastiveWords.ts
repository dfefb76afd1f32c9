/** @file Words that set some rows apart from others: log-odds with an informative Dirichlet prior. Monroe, Colaresi and Quinn 2008. */
import type { Row } from '../../data/dataset.ts';
import { textIn } from '../../prompt/values.ts';

/** How many rows have each word. */
export interface WordCounts {
  readonly rows: number;
  readonly words: ReadonlyMap<string, number>;
}

export interface ContrastiveWord {
  readonly word: string;
  /** Standard deviations from no difference. */
  readonly z: number;
}

/** The words of the columns' values, in lower case, once a row; those that say nothing are left out. */
export function wordCounts(rows: readonly Row[], columns: readonly string[]): WordCounts {
  const words = new Map<string, number>();
  for (const { values } of rows) {
    const own = new Set(columns.flatMap((name) => wordsOf(textIn(values, name))));
    for (const word of own) words.set(word, (words.get(word) ?? 0) + 1);
  }
  return { rows: rows.length, words };
}

/**
 * Words that some rows have more often than others, the surest first; a word of a single row is chance.
 * @param all counts of all rows: the prior, worth as many words as a row of it has
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

/** English words that a text has whatever it is about, of three letters or more. */
const stopWords: ReadonlySet<string> = new Set(
  `about after again all also and any are because been before being both but can cannot could did does doing don done down during each
   even ever few for from further get gets getting give got had has have having her here hers him his how into isn its itself just
   know let like made make many may might more most much must need not now off once one only other our ours out over own please put
   same see she should since some still such than that the their theirs them then there these they this those through too try
   trying under until upon use used very want wants was wasn way well went were what when where whether which while who whom whose
   why will with without won would yes yet you your yours`.split(/\s+/),
);
