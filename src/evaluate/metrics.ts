/** @file The metrics: one line each. */
import { TandemError } from '../errors.ts';
import { suggestName } from '../prompt/nearest.ts';

export interface Metric {
  readonly name: string;
  /** 'label' metrics need a set of labels to choose from; 'text' metrics judge any text. */
  readonly kind: 'label' | 'text';
  /** What a prediction is worth, from 0 to 1. */
  score(prediction: string, gold: string): number;
}

const table = [
  metric('accuracy', 'label', (prediction, gold) => prediction === gold.trim()),
  /** The same text, white space around it aside; upper and lower case differ. */
  metric('exact-match', 'text', (prediction, gold) => tidy(prediction) === tidy(gold)),
  /** The same text, white space around it and upper and lower case aside. */
  metric('exact-match-ignore-case', 'text', (prediction, gold) => fold(prediction) === fold(gold)),
  /** The gold answer occurs somewhere in the prediction, upper and lower case aside. */
  metric('contains', 'text', (prediction, gold) => fold(prediction).includes(fold(gold))),
];

export const metrics: ReadonlyMap<string, Metric> = new Map(table.map((each) => [each.name, each]));

/** Whether a row's score is that of a right answer: part of a point tells how near it came, which is not yet right. */
export const isRight = ({ score }: { readonly score: number }): boolean => score === 1;

/** @throws TandemError reason 'unknown-metric' */
export function metricNamed(name: string): Metric {
  const found = metrics.get(name);
  if (found) return found;
  throw new TandemError('unknown-metric', `There is no metric "${name}".`, { hint: suggestName(name, [...metrics.keys()]) });
}

function metric(name: string, kind: Metric['kind'], score: (prediction: string, gold: string) => boolean | number): Metric {
  return { name, kind, score: (prediction, gold) => Number(score(prediction, gold)) };
}

const tidy = (text: string): string => text.normalize('NFC').trim();

const fold = (text: string): string => tidy(text).toLowerCase();
