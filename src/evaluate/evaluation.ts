/** @file What is measured (a task), what comes out of it (an evaluation), and how two of them are compared. */
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../data/dataset.ts';
import { TandemError, type Place } from '../errors.ts';
import { pulse } from '../pulse.ts';
import type { ChatOptions } from '../model/chatMessages.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { defaultDecoding, endsOf, type Decoding } from '../prompt/decoding.ts';
import type { LabelWords } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import type { Cut, CutBy } from './cuts.ts';
import { ofRow } from './ofRow.ts';
import { metricNamed, type CorpusScore, type Judgement, type Metric } from './metrics.ts';
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
  /** Score these; undefined for free text. */
  readonly labels?: readonly string[];
  /** What decides. */
  readonly metric: Metric;
  /** Metrics that are only reported. */
  readonly reported?: readonly Metric[];
  readonly decoding: Decoding;
  readonly template: 'text' | 'chat';
  /** What the chat template gets besides the turns. */
  readonly chat?: ChatOptions;
  /** Where the prompt stands that the file has, for errors: its file, and the 1-based line that its body starts in. */
  readonly origin?: Place;
}

export interface RowResult {
  /** The row's id. */
  readonly row: string;
  readonly prediction: string;
  /** Absent where the data has no right answer for the row. */
  readonly gold?: string;
  /** The metric's, from 0 to 1. */
  readonly score: number;
  /** Why, where the metric says. */
  readonly feedback?: string;
  /** Of the gold answer under the prompt, in nats, summed over its tokens, uncalibrated; absent without a gold answer. */
  readonly logLikelihood?: number;
  /** Of a task with labels: the log of the gold label's share among them, by the likelihoods of their words. */
  readonly logShare?: number;
  /** Of free text that was cut off before it ended: by what. */
  readonly cut?: CutBy;
}

export interface Evaluation {
  /** In the order of the rows that were asked for. */
  readonly rows: readonly RowResult[];
  readonly score: Interval;
  /** How the score is taken from rows, where it is not the mean of theirs. */
  readonly corpus?: CorpusScore;
  /** Absent where rows have no gold answer: then the score alone decides. */
  readonly logLikelihood?: Interval;
  /** What the model said for labels; absent where each was its own words. */
  readonly words?: LabelWords;
  /** What a token more adds to the log-likelihood of a label on these rows, whatever the input; absent where labels are equally long. */
  readonly lengthSlope?: number;
  /** Tokens of the rendered prompt without any row's values. */
  readonly promptTokens: number;
  /** Tokens that the evaluation costs with prefix sharing, whether or not the cache had the answers. */
  readonly tokensUsed: number;
  /** Answers that were cut off; absent where none were. */
  readonly cuts?: readonly Cut[];
}

export interface Comparison {
  /** New minus old. */
  readonly score: PairedDifference;
  /** Absent where either evaluation has none. */
  readonly logLikelihood?: PairedDifference;
}

/** With more labels than this, the task is no longer a choice between labels. */
export const mostLabels = 200;

/**
 * The task of a prompt file. How free text ends, where the file does not say, is that of a task without known answers: see `withFittedEnds`.
 * @param rows of train and val; `labels: from-data` are their distinct outputs, sorted
 * @param modules the metrics that are modules, as far as they may run and are loaded, by their names
 * @throws TandemError reasons 'unknown-metric', 'metric-needs-labels', 'no-output', 'too-many-labels', 'too-few-labels'
 */
export function taskFor(file: PromptFile, rows: readonly Row[], modules: ReadonlyMap<string, Metric> = new Map()): Task {
  const { settings, ranges, path } = file;
  const place = (setting: string): Place => ({
    file: path,
    line: ranges[setting]?.line,
    column: ranges[setting]?.column,
  });
  const [metric, ...reported] = metricsOf(file).map((name) => modules.get(name) ?? namedAt(name, place('metric')));
  const unfit = [metric, ...reported].find(({ kind }) => kind === 'label' && !settings.labels);
  if (unfit) {
    const hint = 'Add `labels: from-data` under `tandem:`, or use the metric exact-match.';
    throw new TandemError('metric-needs-labels', `The metric "${unfit.name}" needs labels to choose from.`, {
      where: place('metric'),
      hint,
    });
  }
  const { output, template } = settings;
  const decoding = { ...defaultDecoding, ...endsOf(template), ...settings.decoding };
  const inColumn = (each: Metric): Metric => each.inColumn?.(answersOf(rows, output)) ?? each;
  const judging = { metric: inColumn(metric), ...(reported.length > 0 && { reported: reported.map(inColumn) }) };
  const about = { template, ...(settings.chat && { chat: settings.chat }), origin: originOf(file) };
  const task = { output, ...judging, decoding, ...about };
  if (!settings.labels) return task;
  return { ...task, labels: settings.labels === 'from-data' ? labelsOf(rows, output, place('labels')) : settings.labels };
}

/** Where the body of a prompt file starts. */
export const originOf = ({ path, text, bodyOffset }: PromptFile): Place => ({
  file: path,
  line: text.slice(0, bodyOffset).split('\n').length,
});

/** The right answers of the rows that have one. */
export const answersOf = (rows: readonly Row[], output: string): string[] =>
  rows.flatMap(({ values }) => (Object.hasOwn(values, output) ? [textIn(values, output)] : []));

/** The names of the metrics that are modules: code that runs where it is loaded. */
export const modulesOf = (file: PromptFile): string[] => metricsOf(file).filter(isModule);

const metricsOf = ({ settings }: PromptFile): string[] => [settings.metric, ...settings.reported];

/** Whether the rows have right answers. Files whose rows lack the column have them in no row. */
export const haveAnswers = (rows: readonly Row[], output: string): boolean => rows.every(({ values }) => Object.hasOwn(values, output));

/** What the rows come to by a metric, with its interval. */
export function scoreOf({ corpus }: Pick<Metric, 'corpus'>, rows: readonly RowResult[]): Interval {
  return corpus ? bootstrapStatistic(rows.length, corpus(rows)) : bootstrapMean(rows.map(({ score }) => score));
}

/**
 * The same answers judged by another metric.
 * @param data of the answers, in the same order
 */
export function judgedBy(metric: Metric, answers: readonly RowResult[], data: readonly Row[]): RowResult[] {
  return answers.map((answer, place) => {
    pulse();
    const row = data[place];
    return { ...answer, score: ofRow(row, () => judgementOf(metric, answer.prediction, answer.gold, row).score) };
  });
}

/**
 * What the metric makes of a prediction.
 * @param gold the right answer, where there is one
 * @throws TandemError reason 'missing-output' where there is none and the metric needs one
 */
export function judgementOf(metric: Metric, prediction: string, gold: string | undefined, { values, line }: Row): Judgement {
  if (metric.judge) return metric.judge(prediction, values);
  if (gold !== undefined) return { score: metric.score(prediction, gold, values) };
  throw new TandemError('missing-output', `The row on line ${line} has no right answer, which the metric ${metric.name} needs.`, {
    hint: answersNeeded,
  });
}

/**
 * One evaluation of the rows of several, which no two of them share. Facts about the prompt are those of the first.
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
    tokensUsed: sum(evaluations.map(({ tokensUsed }) => tokensUsed)),
  };
}

/** All that paired differences of evaluations depend on. */
export type Compared = Pick<Evaluation, 'rows' | 'corpus' | 'words'>;

/**
 * What of a row's likelihood two evaluations can be compared by. Where the model says other words for the labels, that is the right one's
 * share among them: a word is no better for being likelier by itself.
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

export const answersNeeded = 'Check `output:` in the prompt file, or use a metric of your own, e.g. `metric: ./metric.mjs`.';

/** Those of the gold answers, if every row has one. */
export const likelihoodsOf = (rows: readonly RowResult[]): number[] | undefined => allOf(rows, ({ logLikelihood }) => logLikelihood);

function allOf(rows: readonly RowResult[], value: (row: RowResult) => number | undefined): number[] | undefined {
  const known = rows.flatMap((row) => value(row) ?? []);
  return known.length === rows.length ? known : undefined;
}

/**
 * The paired difference of two sums of scores over the same rows: of one evaluation and another, or of several for an interaction. A
 * metric that is not a mean of row scores is computed again for each weighting of the rows.
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

function labelsOf(rows: readonly Row[], output: string, where: { file: string; line?: number; column?: number }): string[] {
  const labels = new Set<string>();
  for (const { values, line } of rows) {
    const label = textIn(values, output).trim();
    if (label !== '') labels.add(label);
    else
      throw new TandemError('no-output', `The data row on line ${line} has no "${output}".`, {
        where,
        hint: 'Fill it in, or remove the row.',
      });
  }
  if (labels.size > mostLabels) {
    const hint = 'Leave `labels` out to generate the answer as free text.';
    throw new TandemError(
      'too-many-labels',
      `The data has ${labels.size} different outputs, but at most ${mostLabels} can be scored as labels.`,
      { where, hint },
    );
  }
  if (labels.size < 2) {
    const found = labels.size === 0 ? 'no output' : `only the output "${[...labels][0]}"`;
    throw new TandemError('too-few-labels', `The data has ${found}, so there is nothing to choose from.`, {
      where,
      hint: 'Check `output:` and the data.',
    });
  }
  return [...labels].sort();
}

/** What is wrong with the metric, or goes wrong when it judges, is the fault of the line that names it. */
function namedAt(name: string, where: Place): Metric {
  const metric = placed(where, () => metricNamed(name));
  const { judge } = metric;
  return {
    ...metric,
    score: (...judged) => placed(where, () => metric.score(...judged)),
    ...(judge && { judge: (...judged) => placed(where, () => judge(...judged)) }),
  };
}

function placed<T>(where: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TandemError) || error.where) throw error;
    throw new TandemError(error.reason, error.message, { where, hint: error.hint, cause: error });
  }
}
