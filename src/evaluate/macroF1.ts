/** @file Macro-F1: a score of all rows together, which no score of single rows adds up to. */
import type { Statistic } from './resampling.ts';

/** What a row was answered, and what would have been right. */
export interface Answered {
  readonly prediction: string;
  /** Absent only where no right answer is known, and such rows are judged by other metrics. */
  readonly gold?: string;
}

/**
 * The mean over labels of F1 = 2 tp / (gold + predicted), each label counting the same however rare it is; of the labels that some row with a
 * weight has as its answer or its prediction, as `f1_score(average='macro')` of scikit-learn has it.
 * @returns in [0, 1], for any weights of the rows
 */
export function macroF1(rows: readonly Answered[]): Statistic {
  const places = new Map<string, number>();
  const placeOf = (label: string): number => {
    const known = places.get(label);
    if (known !== undefined) return known;
    places.set(label, places.size);
    return places.size - 1;
  };
  const golds = Int32Array.from(rows, ({ gold = '' }) => placeOf(gold.trim()));
  const predictions = Int32Array.from(rows, ({ prediction }) => placeOf(prediction));
  const right = new Float64Array(places.size);
  /** Weight of the rows whose answer a label is plus of those for which it was predicted. */
  const seen = new Float64Array(places.size);
  return (weights) => {
    right.fill(0);
    seen.fill(0);
    for (let row = 0; row < golds.length; row++) {
      const [gold, prediction, weight] = [golds[row], predictions[row], weights[row]];
      seen[gold] += weight;
      seen[prediction] += weight;
      if (gold === prediction) right[gold] += weight;
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
