/**
 * @file Deletions whose true cost is known, judged as the gate judges a cheaper state. Some rows are answered again, with the probability that the
 * cost leaves.
 */
import type { Evaluation, RowResult } from '../evaluate/evaluation.ts';
import { randomStream, type Random } from '../random.ts';
import { decideCheaper } from './cheaper.ts';
import type { Worth } from './worth.ts';

export interface CheaperTrials {
  readonly trials: number;
  /** Rows of the valset. */
  readonly rows: number;
  /** The true loss of score caused by the deletion, as a share. */
  readonly lost: number;
  /** Tokens that the deletion saves. */
  readonly tokens: number;
  readonly worth?: Worth;
}

/** The share of the rows that are answered differently after a deletion. */
const changed = 0.3;

/** @returns the share of the deletions that the gate accepts */
export function cheaperAccepted({ trials, rows, lost, tokens, worth }: CheaperTrials): number {
  let accepted = 0;
  for (let seed = 0; seed < trials; seed++) {
    const [before, candidate] = measuredTwice(randomStream('cheaper', seed), rows, lost, tokens);
    if (decideCheaper(before, candidate, worth && { worth }).accepted) accepted++;
  }
  return accepted / trials;
}

/**
 * The rows' probabilities of being right are spread evenly from 0 to 1. On the rows that are answered again, the probability is lower by so much that
 * the mean over all rows falls by `lost`, with probabilities below 0 counted as 0. The likelihood is that of the probability. A row that is answered
 * again also moves at random, by one nat either way.
 */
function measuredTwice(random: Random, rows: number, lost: number, tokens: number): readonly [Evaluation, Evaluation] {
  const lower = 1 - Math.sqrt(1 - (2 * lost) / changed);
  const likelihood = (chance: number): number => Math.log(0.05 + 0.9 * chance);
  const results = Array.from({ length: rows }, (_, i) => {
    const chance = random.uniform();
    const row = { row: String(i), prediction: '', gold: '' };
    const before = { ...row, score: Number(random.uniform() < chance), logLikelihood: likelihood(chance) };
    if (random.uniform() >= changed) return { before, after: before };
    const left = Math.max(0, chance - lower);
    const after = { ...row, score: Number(random.uniform() < left), logLikelihood: likelihood(left) + random.normal() };
    return { before, after };
  });
  return [
    evaluationOf(
      results.map(({ before }) => before),
      tokens,
    ),
    evaluationOf(
      results.map(({ after }) => after),
      0,
    ),
  ];
}

function evaluationOf(rows: readonly RowResult[], promptTokens: number): Evaluation {
  const mean = (values: readonly number[]) => ({
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    low: 0,
    high: 1,
    rows: rows.length,
  });
  return {
    rows,
    score: mean(rows.map(({ score }) => score)),
    logLikelihood: mean(rows.flatMap(({ logLikelihood }) => logLikelihood ?? [])),
    promptTokens,
    tokensUsed: rows.length,
  };
}
