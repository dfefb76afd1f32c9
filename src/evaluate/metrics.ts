/** @file The metrics: one entry each. */
import { TandemError } from '../errors.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import { suggestName } from '../prompt/nearest.ts';
import type { Values } from '../prompt/values.ts';
import { shownSource, withinTime } from '../timeLimit.ts';
import { macroF1, type Answered } from './macroF1.ts';
import { decimalMarkOf, sameNumber, type Tolerance } from './numbers.ts';
import type { Statistic } from './resampling.ts';
import { tokenF1 } from './squad.ts';
import { firstMatch, fold, sameJson, tidy } from './textScores.ts';

export interface Metric {
  readonly name: string;
  /** 'label' metrics need a set of labels to choose from; 'text' metrics judge any text. */
  readonly kind: 'label' | 'text';
  /**
   * What a row's prediction is worth, from 0 to 1.
   * @param values of the row, the output column among them
   */
  score(prediction: string, gold: string, values?: Values): number;
  /** The same without a right answer, and why: only of a metric that needs none. */
  readonly judge?: (prediction: string, values: Values) => Judgement;
  /** Only for a metric that is not a mean of the rows' scores. This is then the metric, and the scores only say which rows are right. */
  readonly corpus?: CorpusScore;
  /** The same for a column of right answers, whose way of writing says how open forms are to be read; absent where nothing is open. */
  readonly inColumn?: (answers: Iterable<string>) => Metric;
}

export interface Judgement {
  /** From 0 to 1. */
  readonly score: number;
  /** Why it is not more: one sentence, for people and for those who write prompts. */
  readonly feedback?: string;
}

/** The score of rows together, for any weights of them: intervals and paired comparisons reweight the rows and take it again. */
export type CorpusScore = (rows: readonly Answered[]) => Statistic;

type Score = (prediction: string, gold: string) => boolean | number;

interface Entry {
  readonly kind: Metric['kind'];
  /** Markdown, for people who choose. */
  readonly about: string;
  readonly score: Score | Fitted;
  readonly corpus?: CorpusScore;
  /** What `name(argument)` means; undefined for an argument that means nothing. */
  readonly withArgument?: (argument: string) => Score | Fitted | undefined;
}

/** A score that reads open forms as a column of right answers writes them. */
interface Fitted {
  /** Uses the answers of the column, or none where there is no column. */
  readonly fit: (answers: Iterable<string>) => Score;
}

const isLabel: Score = (prediction, gold) => prediction === gold.trim();

const table: Readonly<Record<string, Entry>> = {
  accuracy: { kind: 'label', about: 'The label is the right one.', score: isLabel },
  'macro-f1': {
    kind: 'label',
    about: 'The mean F1 over the labels. Every label counts the same, however rare it is.',
    score: isLabel,
    corpus: macroF1,
  },
  'exact-match': {
    kind: 'text',
    about: 'The same text, ignoring white space around it. Upper and lower case differ.',
    score: (prediction, gold) => tidy(prediction) === tidy(gold),
  },
  'exact-match-ignore-case': {
    kind: 'text',
    about: 'The same text, ignoring case and white space around it.',
    score: (prediction, gold) => fold(prediction) === fold(gold),
  },
  contains: {
    kind: 'text',
    about: 'The right answer occurs somewhere in the prediction, ignoring case. An empty answer occurs only in an empty prediction.',
    score: (prediction, gold) => (fold(gold) === '' ? fold(prediction) === '' : fold(prediction).includes(fold(gold))),
  },
  'token-f1': {
    kind: 'text',
    about: "F1 over the words that the prediction and the right answer share, as SQuAD's evaluation script computes it.",
    score: tokenF1,
  },
  regex: {
    kind: 'text',
    about:
      "The column holds a regular expression that matches somewhere in the prediction. With `regex(answer: (\\w+))`, the text that the pattern's first group finds in the prediction is the right answer.",
    score: (prediction, gold) => matching(gold.trim(), () => patternOf(gold.trim())?.test(prediction) ?? false),
    withArgument(argument) {
      const pattern = patternOf(argument);
      return pattern && ((prediction, gold) => tidy(matching(argument, () => firstMatch(pattern, prediction)) ?? '') === tidy(gold));
    },
  },
  numeric: {
    kind: 'text',
    about:
      'The number in the prediction (the last one, or the one after `####`) is that of the right answer. `numeric(0.5)` allows a difference of 0.5, and `numeric(1%)` a difference of 1%.',
    score: numeric(),
    withArgument(argument) {
      const tolerance = toleranceOf(argument);
      return tolerance && numeric(tolerance);
    },
  },
  'json-match': {
    kind: 'text',
    about: 'The same JSON value, ignoring the order of keys and white space. Numbers are compared to the last digit.',
    score: sameJson,
  },
};

export const metrics: ReadonlyMap<string, Metric> = new Map(
  Object.entries(table).map(([name, { kind, score, corpus }]) => [name, metric(name, kind, score, corpus)]),
);

/** What a metric counts, in Markdown. */
export const aboutMetric = (name: string): string => table[name].about;

/** Whether a row's score is that of a right answer. A partial score says how near the answer is, not that it is right. */
export const isRight = ({ score }: { readonly score: number }): boolean => score === 1;

/** Whether all of them judge rows that have no right answer. */
export const needNoAnswers = (judges: readonly Metric[]): boolean => judges.every(({ judge }) => judge !== undefined);

/**
 * The metric of the table, with its argument if the name has one: `numeric(1%)`. The path of a module gives a stand-in that cannot score:
 * who may run the module loads it with `loadMetric`.
 * @throws TandemError reason 'unknown-metric'
 */
export function metricNamed(name: string): Metric {
  const found = metrics.get(name);
  if (found) return found;
  if (isModule(name)) return notLoaded(name);
  const [, base, argument] = /^([\w-]+)\((.*)\)$/s.exec(name) ?? [];
  if (base !== undefined && Object.hasOwn(table, base)) {
    const { kind, withArgument } = table[base];
    const score = withArgument?.(argument);
    if (score) return metric(name, kind, score);
    throw new TandemError('unknown-metric', `The metric "${base}" does not take the argument "${argument}".`, {
      hint: withArgument ? table[base].about : `Write \`metric: ${base}\`.`,
    });
  }
  throw new TandemError('unknown-metric', `There is no metric "${name}".`, {
    hint: suggestName(name, [...metrics.keys()]) ?? 'To use your own metric, name its module, e.g. `metric: ./metric.mjs`.',
  });
}

function metric(name: string, kind: Metric['kind'], how: Score | Fitted, corpus?: CorpusScore): Metric {
  if ('fit' in how)
    return { ...metric(name, kind, how.fit([]), corpus), inColumn: (answers) => metric(name, kind, how.fit(answers), corpus) };
  return { name, kind, score: (prediction, gold) => Number(how(prediction, gold)), ...(corpus && { corpus }) };
}

function numeric(tolerance?: Tolerance): Fitted {
  return {
    fit(answers) {
      const mark = decimalMarkOf(answers);
      return (prediction, gold) => sameNumber(prediction, gold, mark, tolerance);
    },
  };
}

function notLoaded(name: string): Metric {
  const refuse = (): never => {
    throw new TandemError('module-not-loaded', `The metric ${name} is a module that was not loaded.`, {
      hint: 'Load it with `loadMetric`.',
    });
  };
  return { name, kind: 'text', score: refuse, judge: refuse };
}

/** A pattern that is tried in ever more ways to match is ended. */
const matching = <T>(source: string, match: () => T): T =>
  withinTime({ what: `Matching the regular expression ${shownSource(source)}`, hint: 'Write it without nested repetitions.' }, match);

/** Patterns of other languages escape what the Unicode mode of JavaScript forbids to escape. */
function patternOf(source: string): RegExp | undefined {
  for (const flags of ['su', 's']) {
    try {
      return new RegExp(source, flags);
    } catch {
      // The next mode, or none.
    }
  }
  return undefined;
}

function toleranceOf(text: string): Tolerance | undefined {
  const [, amount, percent] = /^\s*(\d+(?:\.\d+)?)\s*(%)?\s*$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return percent ? { percent: amount } : { absolute: amount };
}
