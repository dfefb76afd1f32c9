/** @file Which word stands for each label: those under which the right label has the largest share of the probability, no two the same. */

export interface ScoredRow {
  /** Place of the right label. */
  readonly gold: number;
  /** Of every word, in nats. */
  readonly scores: readonly number[];
}

/** Of each label the place of its word. */
export interface Choice {
  readonly words: readonly number[];
}

export interface Choices {
  /** The one other word that gains most; none where nothing gains enough. */
  readonly single: readonly Choice[];
  /** Words that were changed one after the other as long as that gained; none where it is no more than the single one. */
  readonly joint: readonly Choice[];
}

/**
 * @param candidates of each label, the word that it has now first
 * @returns choices that make the right answers of the rows likelier by more than the best of so many words would by chance
 */
export function chooseWords(rows: readonly ScoredRow[], candidates: readonly (readonly number[])[]): Choices {
  const tried = candidates.reduce((sum, { length }) => sum + length - 1, 0);
  // One parameter, and a choice among as many: in nats over all rows.
  const least = 1 + Math.log(Math.max(1, tried));
  let words = candidates.map(([now]) => now);
  let single: Choice | undefined;
  let changes = 0;
  for (; changes < 2 * candidates.length; changes++) {
    const best = bestChange(rows, candidates, words);
    if (!best || best.gain < least) break;
    words = words.map((word, label) => (label === best.label ? best.word : word));
    single ??= { words };
  }
  return { single: single ? [single] : [], joint: changes > 1 ? [{ words }] : [] };
}

interface Change {
  readonly label: number;
  readonly word: number;
  /** Of the log-probability of the right labels, over all rows. */
  readonly gain: number;
}

function bestChange(rows: readonly ScoredRow[], candidates: readonly (readonly number[])[], words: readonly number[]): Change | undefined {
  const taken = new Set(words);
  // Against the largest score of a row, so that nothing overflows.
  const sums = rows.map(({ scores }) => {
    const most = Math.max(...words.map((word) => scores[word]));
    return { most, sum: words.reduce((sum, word) => sum + Math.exp(scores[word] - most), 0) };
  });
  let best: Change | undefined;
  candidates.forEach((own, label) => {
    for (const word of own) {
      if (taken.has(word)) continue;
      const gain = rows.reduce((total, { gold, scores }, place) => {
        const { most, sum } = sums[place];
        const [old, fresh] = [scores[words[label]], scores[word]];
        const rest = Math.max(sum - Math.exp(old - most), 1e-300);
        const logRest = most + Math.log(rest);
        const [high, low] = fresh > logRest ? [fresh, logRest] : [logRest, fresh];
        const after = high + Math.log1p(Math.exp(low - high));
        return total + (gold === label ? fresh - old : 0) - (after - most - Math.log(sum));
      }, 0);
      if (!best || gain > best.gain) best = { label, word, gain };
    }
  });
  return best;
}
