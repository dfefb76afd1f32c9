/** @file What is measured (a task), the result (an evaluation), and how two evaluations are compared. */
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../data/dataset.ts';
import { TandemError, type Place } from '../errors.ts';
import type { ChatOptions } from '../model/chatMessages.ts';
import { totalCost, type Cost } from '../model/writer.ts';
import type { Decoding } from '../prompt/decoding.ts';
import type { LabelWords } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import type { Cut, CutBy } from './cuts.ts';
import type { CorpusScore, Metric } from './metric.ts';
import {
  bootstrapMean,
  bootstrapStatistic,
  logShares,
  pairedBootstrap,
  pairedBootstrapStatistic,
  shares,
  type Interval,
  type PairedDifference,
} from './statistics.ts';
import type { Resampling } from './resampling.ts';

export interface Task {
  /** The column to predict. */
  readonly output: string;
  /** The labels to score. Undefined for free text. */
  readonly labels?: readonly string[];
  /** The metric that decides. */
  readonly metric: Metric;
  /** Metrics that are only reported. */
  readonly reported?: readonly Metric[];
  readonly decoding: Decoding;
  readonly template: 'text' | 'chat';
  /** What the chat template receives besides the turns. */
  readonly chat?: ChatOptions;
  /** Where the prompt is, for errors: its file, and the 1-based line where its body starts. */
  readonly origin?: Place;
}

export interface RowResult {
  /** The row's id. */
  readonly row: string;
  readonly prediction: string;
  /** Absent if the data has no right answer for the row. */
  readonly gold?: string;
  /** The metric's score, from 0 to 1. */
  readonly score: number;
  /** The reason for the score, if the metric gives one. */
  readonly feedback?: string;
  /** Whether the answer counts as right, if the metric decides that. Otherwise only the full score counts. See `isRight`. */
  readonly right?: boolean;
  /** Log-likelihood of the gold answer under the prompt, in nats, summed over its tokens, uncalibrated. Absent without a gold answer. */
  readonly logLikelihood?: number;
  /** With labels: the log of the gold label's share among them, computed from the likelihoods of their words. */
  readonly logShare?: number;
  /** What cut the answer off, if it did not end by itself. */
  readonly cut?: CutBy;
}

export interface Evaluation extends Cost {
  /** In the order of the requested rows. */
  readonly rows: readonly RowResult[];
  readonly score: Interval;
  /** How the score is computed, if it is not the mean of the rows' scores. */
  readonly corpus?: CorpusScore;
  /** Absent if a row has no gold answer. Then the score alone decides. */
  readonly logLikelihood?: Interval;
  /** The words that stood for the labels. Absent if every label was its own words. */
  readonly words?: LabelWords;
  /** How much one more token changes the log-likelihood of a label on these rows. Absent if all labels have the same length. */
  readonly lengthSlope?: number;
  /** Tokens of the rendered prompt without any row's values. */
  readonly promptTokens: number;
  /** Tokens that the evaluation costs with prefix sharing, whether or not the answers were cached. `outside` is what the metric's requests cost. */
  readonly tokensUsed: number;
  /** Answers that were cut off. Absent if none were. */
  readonly cuts?: readonly Cut[];
}

export interface Comparison {
  /** New minus old. */
  readonly score: PairedDifference;
  /** Absent if either evaluation has none. */
  readonly logLikelihood?: PairedDifference;
}

/** Whether the rows have right answers. A missing column is missing in every row. */
export const haveAnswers = (rows: readonly Row[], output: string): boolean => rows.every(({ values }) => Object.hasOwn(values, output));

/** The right answers of the rows that have one. */
export const answersOf = (rows: readonly Row[], output: string): string[] =>
  rows.flatMap(({ values }) => (Object.hasOwn(values, output) ? [textIn(values, output)] : []));

/** The score of the rows under a metric, with its interval. */
export function scoreOf({ corpus }: Pick<Metric, 'corpus'>, rows: readonly RowResult[]): Interval {
  return corpus ? bootstrapStatistic(rows.length, corpus(rows)) : bootstrapMean(rows.map(({ score }) => score));
}

/**
 * Joins evaluations of different rows into one. Facts about the prompt come from the first.
 * @param evaluations at least one
 */
export function joinEvaluations({ metric }: Pick<Task, 'metric'>, evaluations: readonly [Evaluation, ...Evaluation[]]): Evaluation {
  const { cuts: _, logLikelihood: __, ...first } = evaluations[0];
  const rows = evaluations.flatMap((each) => each.rows);
  const likelihoods = likelihoodsOf(rows);
  return {
    ...first,
    rows,
    score: scoreOf(metric, rows),
    ...(likelihoods && { logLikelihood: bootstrapMean(likelihoods, { range: logShares }) }),
    ...totalCost(evaluations),
  };
}

/** Everything that paired differences of evaluations depend on. */
export type Compared = Pick<Evaluation, 'rows' | 'corpus' | 'words'>;

/**
 * The likelihood of a row by which two evaluations can be compared. If the model uses different words for the labels, this is the right word's share
 * among them, because a word that is more likely in itself is not a better word.
 */
export function comparableLikelihood(
  a: Pick<Evaluation, 'words'>,
  b: Pick<Evaluation, 'words'>,
): (result: RowResult) => number | undefined {
  return isDeepStrictEqual(a.words, b.words)
    ? ({ logLikelihood }) => logLikelihood
    : ({ logLikelihood, logShare }) => logShare ?? logLikelihood;
}

/**
 * The paired differences of two evaluations of the same rows.
 * @throws TandemError reason 'rows-differ'
 */
export function compareEvaluations(before: Compared, after: Compared, options: Resampling = {}): Comparison {
  requireSameRows(before, after);
  const score = scoreDifference([before], [after], options);
  const likelihood = comparableLikelihood(before, after);
  const [old, now] = [before, after].map(({ rows }) => allOf(rows, likelihood));
  return { score, ...(old && now && { logLikelihood: pairedBootstrap(old, now, { ...options, range: logShares }) }) };
}

/** The log-likelihoods of the gold answers, if every row has one. */
export const likelihoodsOf = (rows: readonly RowResult[]): number[] | undefined => allOf(rows, ({ logLikelihood }) => logLikelihood);

function allOf(rows: readonly RowResult[], value: (row: RowResult) => number | undefined): number[] | undefined {
  const known = rows.flatMap((row) => value(row) ?? []);
  return known.length === rows.length ? known : undefined;
}

/**
 * The paired difference of two sums of scores over the same rows. Each sum has one evaluation, or several for an interaction. A metric that is not a
 * mean of row scores is computed again for each weighting of the rows.
 * @throws TandemError reason 'rows-differ'
 */
export function scoreDifference(less: readonly Compared[], more: readonly Compared[], options: Resampling = {}): PairedDifference {
  const [first] = less;
  const range = { low: 0, high: less.length * shares.high };
  for (const other of [...less, ...more]) requireSameRows(first, other);
  if (!first.corpus) {
    const total = (parts: readonly Compared[]): number[] => first.rows.map((_, row) => sum(parts.map(({ rows }) => rows[row].score)));
    return pairedBootstrap(total(less), total(more), { ...options, range });
  }
  const { corpus } = first;
  const [minus, plus] = [less, more].map((parts) => parts.map(({ rows }) => corpus(rows)));
  return pairedBootstrapStatistic(
    first.rows.length,
    (weights) => sum(plus.map((score) => score(weights))) - sum(minus.map((score) => score(weights))),
    { ...options, range },
  );
}

function requireSameRows(before: Compared, after: Compared): void {
  const differs = before.rows.findIndex(({ row }, place) => after.rows.at(place)?.row !== row);
  if (differs < 0 && before.rows.length === after.rows.length) return;
  throw new TandemError('rows-differ', 'The two evaluations used different rows.', {
    hint: 'Evaluate both on the same rows, in the same order.',
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
