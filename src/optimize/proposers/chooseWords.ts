/** @file Which word stands for each label: the words under which the right label has the largest share of the probability, all different. */

export interface ScoredRow {
  /** Index of the right label. */
  readonly gold: number;
  /** The scores of every word, in nats. */
  readonly scores: readonly number[];
}

/** The index of each label's word. */
export interface Choice {
  readonly words: readonly number[];
}

export interface Choices {
  /** The other word that gains most, alone. Empty if nothing gains enough. */
  readonly single: readonly Choice[];
  /** Words that were changed one after the other while that gained. Empty if only one was changed. */
  readonly joint: readonly Choice[];
}

/**
 * @param raw scores, in which an untrained model is overconfident: they are divided by a temperature first, so that a nat means what it says
 * @param candidates of each label, its current word first
 * @returns choices that make the right answers of the rows more likely by more than the best of this many words would by chance
 */
export function chooseWords(raw: readonly ScoredRow[], candidates: readonly (readonly number[])[]): Choices {
  const rows = tempered(
    raw,
    candidates.map(([now]) => now),
  );
  const tried = candidates.reduce((sum, { length }) => sum + length - 1, 0);
  // One parameter, and a choice among this many: in nats over all rows.
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

/** The scores divided by the temperature under which the right labels are most likely. Guo et al. 2017. @param words of the labels */
export function tempered(rows: readonly ScoredRow[], words: readonly number[]): ScoredRow[] {
  const at = (temperature: number): ScoredRow[] =>
    rows.map(({ gold, scores }) => ({ gold, scores: scores.map((score) => score / temperature) }));
  const likelihood = (scaled: readonly ScoredRow[]): number =>
    scaled.reduce((sum, { gold, scores }) => {
      const most = Math.max(...words.map((word) => scores[word]));
      return sum + scores[words[gold]] - most - Math.log(words.reduce((total, word) => total + Math.exp(scores[word] - most), 0));
    }, 0);
  return temperatures
    .map(at)
    .map((scaled) => ({ scaled, likelihood: likelihood(scaled) }))
    .reduce((best, each) => (each.likelihood > best.likelihood ? each : best)).scaled;
}

/** From a quarter, for scores that are token means, to 32. */
const temperatures = Array.from({ length: 15 }, (_, step) => 2 ** (step / 2 - 2));

interface Change {
  readonly label: number;
  readonly word: number;
  /** The gain in the log-probability of the right labels, over all rows. */
  readonly gain: number;
}

function bestChange(rows: readonly ScoredRow[], candidates: readonly (readonly number[])[], words: readonly number[]): Change | undefined {
  const taken = new Set(words);
  // Relative to the largest score of a row, so that nothing overflows.
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
