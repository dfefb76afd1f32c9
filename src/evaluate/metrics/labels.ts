/** @file Metrics of labels: `accuracy`, and `macro-f1`, a score of all rows together that is not the mean of the rows' scores. */
import type { CorpusScore } from '../metric.ts';
import { againstGold, type MetricEntry } from './entry.ts';

const isLabel = (prediction: string, gold: string): boolean => prediction === gold.trim();

export const accuracy: MetricEntry = { kind: 'label', about: 'The label is the right one.', ...againstGold(isLabel) };

/**
 * F1 of a label is 2 tp / (gold + predicted). The labels are those that a row with a weight has as its answer or its prediction, as in
 * `f1_score(average='macro')` of scikit-learn.
 */
export const macroF1: MetricEntry = {
  kind: 'label',
  about: 'The mean F1 over the labels. Every label counts the same, however rare it is.',
  ...againstGold(isLabel),
  corpus: meanF1,
};

/** @returns in [0, 1], for any weights of the rows */
function meanF1(answers: Parameters<CorpusScore>[0]): ReturnType<CorpusScore> {
  const places = new Map<string, number>();
  const placeOf = (label: string): number => {
    const known = places.get(label);
    if (known !== undefined) return known;
    places.set(label, places.size);
    return places.size - 1;
  };
  const golds = Int32Array.from(answers, ({ gold = '' }) => placeOf(gold.trim()));
  const predictions = Int32Array.from(answers, ({ prediction }) => placeOf(prediction));
  const right = new Float64Array(places.size);
  /** For each label, the weight of the rows with that answer plus the weight of the rows with that prediction. */
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
