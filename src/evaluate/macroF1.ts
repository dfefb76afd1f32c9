/** @file Macro-F1: a score of all rows together, which no score of single rows adds up to. */
import type { Statistic } from './statistics.ts';

/** What a row was answered, and what would have been right. */
export interface Answered {
  readonly prediction: string;
  readonly gold: string;
}

/**
 * The mean over labels of F1 = 2 tp / (gold + predicted), each label counting the same however rare it is; of the labels that some row of
 * the resample has as its answer or its prediction, as `f1_score(average='macro')` of scikit-learn has it.
 * @returns in [0, 1], for any resample of the rows
 */
export function macroF1(rows: readonly Answered[]): Statistic {
  const places = new Map<string, number>();
  const placeOf = (label: string): number => {
    const known = places.get(label);
    if (known !== undefined) return known;
    places.set(label, places.size);
    return places.size - 1;
  };
  const golds = Int32Array.from(rows, ({ gold }) => placeOf(gold.trim()));
  const predictions = Int32Array.from(rows, ({ prediction }) => placeOf(prediction));
  const right = new Int32Array(places.size);
  /** How often a label was the answer plus how often it was predicted. */
  const seen = new Int32Array(places.size);
  return (picked) => {
    right.fill(0);
    seen.fill(0);
    for (const row of picked) {
      const [gold, prediction] = [golds[row], predictions[row]];
      seen[gold]++;
      seen[prediction]++;
      if (gold === prediction) right[gold]++;
    }
    let [sum, labels] = [0, 0];
    for (let label = 0; label < seen.length; label++) {
      if (seen[label] === 0) continue;
      sum += (2 * right[label]) / seen[label];
      labels++;
    }
    return sum / labels;
  };
}
