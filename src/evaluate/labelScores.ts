/** @file What is computed from raw scores of labels: normalization for the labels' length, and the share of one label among them. */
import type { LabelScore } from '../model/languageModel.ts';
import type { Decoding } from '../prompt/decoding.ts';

/** Summed, averaged per token, or with the effect of length removed. */
export function normalized(scores: readonly LabelScore[], normalize: Decoding['normalize']): number[] {
  if (normalize === 'tokens') return scores.map(({ logLikelihood, tokens }) => logLikelihood / Math.max(tokens, 1));
  const slope = normalize === 'sum' ? 0 : normalize.slope;
  return scores.map(({ logLikelihood, tokens }) => logLikelihood - slope * tokens);
}

/**
 * What one more token costs a label, whatever the input: the least-squares slope of log-likelihood on length within the rows, in nats per token, to
 * three digits. It needs no right answers. arXiv 2607.12767.
 * @param rows scores of the labels after each row's question
 * @returns undefined if all labels have the same length
 */
export function lengthSlope(rows: readonly (readonly LabelScore[])[]): number | undefined {
  let [covariance, variance] = [0, 0];
  for (const scores of rows) {
    const [length, likelihood] = [mean(scores.map(({ tokens }) => tokens)), mean(scores.map((score) => score.logLikelihood))];
    for (const { tokens, logLikelihood } of scores) {
      covariance += (tokens - length) * (logLikelihood - likelihood);
      variance += (tokens - length) ** 2;
    }
  }
  return variance > 0 ? Number((covariance / variance).toPrecision(3)) : undefined;
}

/** Log of a label's share among all of them, computed from their likelihoods. */
export function logShare(scores: readonly LabelScore[], label: number): number {
  const most = Math.max(...scores.map(({ logLikelihood }) => logLikelihood));
  const total = scores.reduce((sum, { logLikelihood }) => sum + Math.exp(logLikelihood - most), 0);
  return scores[label].logLikelihood - most - Math.log(total);
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
