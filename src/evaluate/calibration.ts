/** @file Corrections for what a model prefers whatever the input. */
import { columnsOf, type Template } from '../prompt/template.ts';
import { mapScalars, type Value, type Values } from '../prompt/values.ts';

/** Scores of the labels under one prompt, in nats. */
export type Scores = readonly number[];

/**
 * Inputs that say nothing, one for each filler: every column holds it. Zhao et al. 2021.
 * @param like a row: where it has lists, objects, numbers or truth values, so have the inputs, with the filler in the place of their texts
 */
export function contentFreeInputs(template: Template, like: Values = {}): Values[] {
  const fill = (column: string, filler: string): Value =>
    Object.hasOwn(like, column) && isTyped(template, like[column])
      ? mapScalars(like[column], (scalar) => (typeof scalar === 'string' ? filler : scalar))
      : filler;
  return ['N/A', '[MASK]', ''].map((filler) => Object.fromEntries(columnsOf(template).map((column) => [column, fill(column, filler)])));
}

/** Only Jinja tells types apart. */
const isTyped = (template: Template, value: Value): boolean =>
  typeof template !== 'string' && template.syntax === 'jinja' && typeof value !== 'string' && value !== null;

/** What to subtract from each label's score: its mean over content-free inputs. Zhao et al. 2021. */
export function contentFreeBias(scores: readonly Scores[]): number[] {
  return scores[0].map((_, label) => mean(scores.map((each) => each[label])));
}

/**
 * What to subtract so that over unlabelled inputs every label is as likely as any other: the log of each label's mean probability,
 * repeated on the corrected scores until that is so. Batch calibration, Zhou et al. 2024.
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
