/** @file The gate: a step's result replaces the best state only if paired evidence on the valset shows that it is better. */
import { compareEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import { fewestRows } from '../evaluate/statistics.ts';
import { confidenceText } from './confidence.ts';

export interface GateDecision extends Comparison {
  readonly accepted: boolean;
  /** A sentence for people. */
  readonly because: string;
}

/**
 * Probabilities of a wrong acceptance if there is no true difference. The metric decides first, and the likelihood if the metric does not. The two
 * add up to 5%. `npm run bench -- gate` counts them.
 */
export interface GateErrors {
  readonly score: number;
  readonly likelihood: number;
  /** The likelihood may decide if the score does not object, that is if P(score better) is above this. */
  readonly tie: number;
}

export const defaultGate: GateErrors = { score: 0.025, likelihood: 0.025, tie: 0.4 };

/** From this P(better) on, a result that is not clearly better is worth a second look. */
export const likely = 0.8;

/**
 * Compares two evaluations of the same rows. If there are too few rows to distinguish a gain from chance, the best state stays.
 * @param tried how many results the candidate was the best of on these rows: the more, the higher P(better) must be (Bonferroni)
 * @param scorings in how many ways the labels of each measurement were scored: these results share one likelihood
 * @throws TandemError reason 'rows-differ'
 */
export function decide(best: Evaluation, candidate: Evaluation, tried = 1, scorings = 1, given: GateErrors = defaultGate): GateDecision {
  const comparison = compareEvaluations(best, candidate);
  const { score, logLikelihood } = comparison;
  // Without gold answers there is no likelihood, so the score gets its share of the error too.
  const errors = logLikelihood ? given : { ...given, score: given.score + given.likelihood };
  const enough = (error: number): number => 1 - error / Math.max(1, tried);
  const enoughLikely = 1 - errors.likelihood / distinctLikelihoods(tried, scorings);
  const gain = `${gainText(score)} (${confidenceText(score, tried)})`;
  const nats = logLikelihood && `${signed(logLikelihood.mean, 3)} nats per row`;
  const sure = (p: number): string => `P(better) ${p > 0.995 && p < 1 ? p.toFixed(4) : p.toFixed(2)}`;
  const verdict = (accepted: boolean, because: string): GateDecision => ({ ...comparison, accepted, because });
  const among = tried > 1 ? `the best of ${tried}` : 'one candidate';
  const needed = rowsToDecide(tried, given);
  if (score.rows < needed) {
    const few = `too few rows to decide: judging ${among} needs at least ${needed}`;
    return verdict(false, `${gainText(score)}, ${few}${nats ? `; log-likelihood ${nats}` : ''}`);
  }
  if (score.probabilityBetter >= enough(errors.score)) return verdict(true, `${gain}, ${sure(score.probabilityBetter)}`);
  const tied = score.probabilityBetter > errors.tie;
  if (tied && logLikelihood && logLikelihood.probabilityBetter >= enoughLikely) {
    const certain = confidenceText(logLikelihood, distinctLikelihoods(tried, scorings));
    return verdict(true, `${gain}, and the log-likelihood rose by ${nats} (${certain}), ${sure(logLikelihood.probabilityBetter)}`);
  }
  if (!tied) return verdict(false, `${gain}, ${sure(score.probabilityBetter)}: not better`);
  const likelihood = logLikelihood ? `; log-likelihood ${nats}, ${sure(logLikelihood.probabilityBetter)}` : '';
  const ofLikelihood = logLikelihood && scorings > 1 ? `, or ${enoughLikely.toFixed(4)} for the log-likelihood` : '';
  const asked = `keeping ${among} needs P(better) ${enough(errors.score).toFixed(4)}${ofLikelihood}`;
  return verdict(false, `${gain}, ${sure(score.probabilityBetter)}${likelihood}: ${asked}`);
}

/** `+17.3 points on 75 rows`. */
const gainText = ({ mean, rows }: { readonly mean: number; readonly rows: number }): string =>
  `${signed(mean * 100, 1)} points on ${rows === 1 ? '1 row' : `${rows} rows`}`;

const signed = (value: number, digits: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`;

/** How many likelihoods there are among this many results. How labels are scored does not change how likely the right answer is. */
export const distinctLikelihoods = (tried = 1, scorings = 1): number => Math.max(1, Math.ceil(tried / scorings));

/** Rows needed to judge the best of several results. On fewer, pure chance could make it better on every row more often than is allowed. */
export const rowsToDecide = (tried = 1, { score, likelihood }: GateErrors = defaultGate): number =>
  fewestRows(Math.max(score, likelihood) / Math.max(1, tried));

/** Enough validation rows to see a clear gain. With fewer, training rows help until weights have learned from them. */
export const telling = 32;

/** How many rows may disagree before a clearly better result is refused. */
const dissenting = 1;

/** The number of results whose best the gate can judge on this many rows, even if one row disagrees; 0 if it can judge none. */
export const mostToJudge = (rows: number, { score, likelihood }: GateErrors = defaultGate): number =>
  Math.floor(Math.max(score, likelihood) * 2 ** Math.min(rows - dissenting, 30) + 1e-9);
