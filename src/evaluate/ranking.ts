/** @file Which of several evaluations on the same rows is the best. */
import { isDeepStrictEqual } from 'node:util';
import { comparableLikelihood, type Evaluation } from './evaluation.ts';

type Scores = Pick<Evaluation, 'score' | 'logLikelihood'> & Partial<Pick<Evaluation, 'words' | 'rows'>>;

/** Compares the score first. If scores are equal, compares the likelihood, if both have one. */
export function isBetter(a: Scores, b: Scores): boolean {
  if (a.score.mean !== b.score.mean) return a.score.mean > b.score.mean;
  const likelihood = comparableLikelihood(a, b);
  if (isDeepStrictEqual(a.words, b.words)) {
    return a.logLikelihood !== undefined && b.logLikelihood !== undefined && a.logLikelihood.mean > b.logLikelihood.mean;
  }
  const mean = ({ rows = [] }: Scores): number => rows.reduce((total, row) => total + (likelihood(row) ?? 0), 0) / rows.length;
  return mean(a) > mean(b);
}

/** Sorts evaluations, best first. */
export const bestFirst = (a: { readonly evaluation: Scores }, b: { readonly evaluation: Scores }): number =>
  isBetter(a.evaluation, b.evaluation) ? -1 : isBetter(b.evaluation, a.evaluation) ? 1 : 0;
