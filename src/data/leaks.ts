/** @file Near-duplicate rows across splits, which make a score look better than it is. */
import { textIn } from '../prompt/values.ts';
import type { Row } from './dataset.ts';
import { splitNames, type SplitName } from './split.ts';
import { pulse } from '../pulse.ts';

export interface Leak {
  /** The row of the earlier split (train before val before test) and its near-duplicate. */
  readonly a: { readonly split: SplitName; readonly row: Row };
  readonly b: { readonly split: SplitName; readonly row: Row };
  /** Jaccard similarity of the token 3-grams, in (0, 1]. */
  readonly similarity: number;
}

/**
 * All pairs of rows from different splits whose input texts share at least `threshold` of their token 3-grams, most similar first. Case,
 * punctuation and the form of accents do not matter. Texts of fewer than three tokens must be the same.
 *
 * Two sets that are this similar share one of the few rarest 3-grams of either, so only those are indexed: prefix filtering,
 * Bayardo, Ma and Srikant 2007.
 * @param columns the columns to compare: the inputs
 */
export function findLeaks(splits: Readonly<Record<SplitName, readonly Row[]>>, columns: readonly string[], threshold = 0.8): Leak[] {
  const documents = splitNames.flatMap((split, rank) => splits[split].map((row) => ({ split, rank, row, grams: gramsOf(row, columns) })));
  const frequency = new Map<string, number>();
  for (const { grams } of documents) for (const gram of grams) frequency.set(gram, (frequency.get(gram) ?? 0) + 1);
  const rankOf = new Map([...frequency].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1)).map(([gram], rank) => [gram, rank]));

  const index = new Map<number, number[]>();
  const sets = documents.map(({ grams }) => Int32Array.from(grams, (gram) => rankOf.get(gram)!).sort());
  const leaks: Leak[] = [];
  sets.forEach((set, place) => {
    pulse();
    const prefix = set.length - Math.ceil(threshold * set.length) + 1;
    const candidates = new Set<number>();
    for (const gram of set.subarray(0, prefix)) {
      const holders = index.get(gram);
      if (!holders) index.set(gram, [place]);
      else {
        for (const other of holders) if (documents[other].rank < documents[place].rank) candidates.add(other);
        holders.push(place);
      }
    }
    for (const other of candidates) {
      const [small, large] = [set.length, sets[other].length].sort((a, b) => a - b);
      if (small < threshold * large) continue;
      const similarity = jaccard(set, sets[other]);
      if (similarity >= threshold) leaks.push({ a: pick(documents[other]), b: pick(documents[place]), similarity });
    }
  });
  return leaks.sort((a, b) => b.similarity - a.similarity);
}

const pick = ({ split, row }: { split: SplitName; row: Row }): Leak['a'] => ({ split, row });

function gramsOf(row: Row, columns: readonly string[]): Set<string> {
  const tokens = columns.flatMap(
    (column) =>
      textIn(row.values, column)
        .normalize('NFKC')
        .toLowerCase()
        .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [],
  );
  if (tokens.length === 0) return new Set([JSON.stringify(columns.map((column) => textIn(row.values, column)))]);
  if (tokens.length < 3) return new Set([tokens.join(' ')]);
  return new Set(tokens.slice(2).map((last, place) => `${tokens[place]} ${tokens[place + 1]} ${last}`));
}

/** Jaccard similarity of two ascending lists without repeats. */
function jaccard(a: Int32Array, b: Int32Array): number {
  let [i, j, shared] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      shared++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return shared / (a.length + b.length - shared);
}
