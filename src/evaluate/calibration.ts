/** @file Corrections for what a model prefers regardless of the input. */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import type { Calibration } from '../prompt/decoding.ts';
import { languageOf } from '../prompt/languages/table.ts';
import { columnsOf, type Template } from '../prompt/template.ts';
import { mapScalars, type Value, type Values } from '../prompt/values.ts';
import { randomStream } from '../random.ts';

/** Scores of the labels under one prompt, in nats. */
export type Scores = readonly number[];

/**
 * Inputs without content, one for each filler. The filler is the value of every column. Zhao et al. 2021.
 * @param like a row: lists, objects, numbers and truth values keep their types in the inputs, and only the texts in them become the filler
 */
export function contentFreeInputs(template: Template, like: Values = {}): Values[] {
  const fill = (column: string, filler: string): Value =>
    Object.hasOwn(like, column) && isTyped(template, like[column])
      ? mapScalars(like[column], (scalar) => (typeof scalar === 'string' ? filler : scalar))
      : filler;
  return ['N/A', '[MASK]', ''].map((filler) => Object.fromEntries(columnsOf(template).map((column) => [column, fill(column, filler)])));
}

/** Only a template that computes with values distinguishes their types. */
const isTyped = (template: Template, value: Value): boolean =>
  languageOf(template).values === 'computed' && typeof value !== 'string' && value !== null;

/** What to subtract from each label's score: its mean over content-free inputs. Zhao et al. 2021. */
export function contentFreeBias(scores: readonly Scores[]): number[] {
  return scores[0].map((_, label) => mean(scores.map((each) => each[label])));
}

/** Whether a calibration takes its inputs from rows. */
export const needsRows = (calibration: Calibration): boolean => calibration === 'domain' || calibration === 'prior';

/** As in the paper. 64 inputs were no better (docs/decisions/0037-domain-calibration.md). */
export const domainCount = 20;

/**
 * Inputs made of the rows' own words in random order. They match the rows in language and subject, but no weights can have learned an answer to them.
 * Domain-context calibration, Fei et al. 2023. Numbers and truth values are copied from a random row.
 */
export function domainInputs(template: Template, rows: readonly Values[]): Values[] {
  const random = randomStream('domain inputs');
  const columns = columnsOf(template).flatMap((name) => {
    const values = rows.flatMap((row) => (Object.hasOwn(row, name) ? [row[name]] : []));
    const words: string[] = [];
    for (const value of values) mapScalars(value, (scalar) => (typeof scalar === 'string' && words.push(...wordsOf(scalar)), scalar));
    return values.length > 0 ? [{ name, values, words }] : [];
  });
  const mixed = (words: readonly string[], like: string): string =>
    wordsOf(like)
      .map(() => random.choice(words))
      .join(' ');
  return Array.from({ length: domainCount }, () =>
    Object.fromEntries(
      columns.map(({ name, values, words }) => [
        name,
        mapScalars(random.choice(values), (scalar) => (typeof scalar === 'string' ? mixed(words, scalar) : scalar)),
      ]),
    ),
  );
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** How many rows are used to measure what the model prefers. */
export const calibrationCount = 64;

/** Rows for calibration. Validation rows come first, because weights that were trained on a row are too confident about its answer. */
export function calibrationRows(valset: readonly Row[], trainset: readonly Row[]): Row[] {
  const unlearned = limitRows(valset, calibrationCount, 0);
  return [...unlearned, ...limitRows(trainset, calibrationCount - unlearned.length, 0)];
}

/**
 * What to subtract so that every label is equally likely on average over unlabelled inputs: the log of each label's mean probability, repeated on the
 * corrected scores until it converges. Batch calibration, Zhou et al. 2024.
 */
export function priorBias(scores: readonly Scores[]): number[] {
  let bias = scores[0].map(() => 0);
  for (let round = 0; round < 100; round++) {
    const probabilities = scores.map((each) => softmax(subtract(each, bias)));
    const logPrior = bias.map((_, label) => Math.log(Math.max(mean(probabilities.map((each) => each[label])), 1e-12)));
    const middle = mean(logPrior);
    bias = bias.map((each, label) => each + logPrior[label] - middle);
    if (Math.max(...logPrior) - Math.min(...logPrior) < 1e-6) break;
  }
  return bias;
}

export function subtract(scores: Scores, bias: Scores): number[] {
  return scores.map((score, label) => score - bias[label]);
}

export function softmax(scores: Scores): number[] {
  const most = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
