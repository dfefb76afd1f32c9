/** @file Metrics that compare texts as they are: `exact-match`, `exact-match-ignore-case`, `contains`. */
import { againstGold, type MetricEntry } from './entry.ts';

export const exactMatch: MetricEntry = {
  kind: 'text',
  about: 'The same text, ignoring white space around it. Upper and lower case differ.',
  ...againstGold((prediction, gold) => tidy(prediction) === tidy(gold)),
};

export const exactMatchIgnoreCase: MetricEntry = {
  kind: 'text',
  about: 'The same text, ignoring case and white space around it.',
  ...againstGold((prediction, gold) => fold(prediction) === fold(gold)),
};

export const contains: MetricEntry = {
  kind: 'text',
  about: 'The right answer occurs somewhere in the prediction, ignoring case. An empty answer occurs only in an empty prediction.',
  ...againstGold((prediction, gold) => (fold(gold) === '' ? fold(prediction) === '' : fold(prediction).includes(fold(gold)))),
};

/** Normalizes composed and decomposed characters (Unicode NFC) and removes white space around the text. */
export const tidy = (text: string): string => text.normalize('NFC').trim();

/** The same in lower case, by Unicode's rules, independent of the language. */
const fold = (text: string): string => tidy(text).toLowerCase();
