/** @file The gate: a step's result replaces the best state only where paired evidence on the valset says that it is better. */
import { compareEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';

export interface GateDecision extends Comparison {
  readonly accepted: boolean;
  /** A sentence for people. */
  readonly because: string;
}

/** Chances that must be reached; the metric decides first, the likelihood where the metric does not. */
export interface GateThresholds {
  /** Accept when P(score better) reaches this. */
  readonly score: number;
  /** The score neither speaks for (above) nor against (below 1 - this): accept when P(likelihood better) reaches `likelihood`. */
  readonly tie: number;
  readonly likelihood: number;
}

export const defaultGate: GateThresholds = { score: 0.85, tie: 0.6, likelihood: 0.95 };

/** Compares two evaluations of the same rows. @throws TandemError 'rows-differ' */
export function decide(best: Evaluation, candidate: Evaluation, thresholds: GateThresholds = defaultGate): GateDecision {
  const comparison = compareEvaluations(best, candidate);
  const { score, logLikelihood } = comparison;
  const points = `${score.mean >= 0 ? '+' : ''}${(score.mean * 100).toFixed(1)} points`;
  const nats = `${logLikelihood.mean >= 0 ? '+' : ''}${logLikelihood.mean.toFixed(3)} nats a row`;
  const sure = (p: number): string => `P(better) ${p.toFixed(2)}`;
  const verdict = (accepted: boolean, because: string): GateDecision => ({ ...comparison, accepted, because });
  if (score.probabilityBetter >= thresholds.score) return verdict(true, `the score rose by ${points}, ${sure(score.probabilityBetter)}`);
  const tied = score.probabilityBetter > 1 - thresholds.tie;
  if (tied && logLikelihood.probabilityBetter >= thresholds.likelihood) {
    return verdict(true, `the score is level (${points}) and the likelihood rose by ${nats}, ${sure(logLikelihood.probabilityBetter)}`);
  }
  if (!tied) return verdict(false, `the score fell by ${points.replace('-', '')}, ${sure(score.probabilityBetter)}`);
  return verdict(false, `no sure gain: ${points}, ${sure(score.probabilityBetter)}; ${nats}, ${sure(logLikelihood.probabilityBetter)}`);
}
