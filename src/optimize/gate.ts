/** @file The gate: a step's result replaces the best state only where paired evidence on the valset says that it is better. */
import { compareEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import { fewestRows } from '../evaluate/statistics.ts';

export interface GateDecision extends Comparison {
  readonly accepted: boolean;
  /** A sentence for people. */
  readonly because: string;
}

/**
 * Chances of a wrong acceptance where there is no true difference; the metric decides first, the likelihood where the metric does not. The
 * two add up to 5%; `npm run bench -- gate` counts them.
 */
export interface GateErrors {
  readonly score: number;
  readonly likelihood: number;
  /** The likelihood may speak where the score does not speak against: where P(score better) is above this. */
  readonly tie: number;
}

export const defaultGate: GateErrors = { score: 0.025, likelihood: 0.025, tie: 0.4 };

/** P(better) from which a result that is not surely better is worth another look. */
export const likely = 0.8;

/**
 * Compares two evaluations of the same rows. On fewer rows than could tell a gain from chance, whatever they say, it decides for what there is.
 * @param tried among how many the candidate was the best on these rows: the more, the surer it must be (Bonferroni)
 * @param readings in how many ways the labels of each measurement were scored: these results share one likelihood
 * @throws TandemError reason 'rows-differ'
 */
export function decide(best: Evaluation, candidate: Evaluation, tried = 1, readings = 1, given: GateErrors = defaultGate): GateDecision {
  const comparison = compareEvaluations(best, candidate);
  const { score, logLikelihood } = comparison;
  // Without gold answers there is no likelihood: the score has its share of the error too.
  const errors = logLikelihood ? given : { ...given, score: given.score + given.likelihood };
  const enough = (error: number): number => 1 - error / Math.max(1, tried);
  const enoughLikely = 1 - errors.likelihood / distinctLikelihoods(tried, readings);
  const points = `${score.mean >= 0 ? '+' : ''}${(score.mean * 100).toFixed(1)} points`;
  const nats = logLikelihood && `${logLikelihood.mean >= 0 ? '+' : ''}${logLikelihood.mean.toFixed(3)} nats a row`;
  const sure = (p: number): string => `P(better) ${p > 0.995 && p < 1 ? p.toFixed(4) : p.toFixed(2)}`;
  const verdict = (accepted: boolean, because: string): GateDecision => ({ ...comparison, accepted, because });
  const among = tried > 1 ? `the best of ${tried}` : 'one candidate';
  const needed = rowsToDecide(tried, given);
  if (score.rows < needed) {
    const rows = score.rows === 1 ? 'one row decides' : `${score.rows} rows decide`;
    return verdict(false, `${rows} nothing: at least ${needed} are needed to judge ${among}; ${points}${nats ? `, ${nats}` : ''}`);
  }
  if (score.probabilityBetter >= enough(errors.score)) {
    return verdict(true, `the score rose by ${points}, ${sure(score.probabilityBetter)}`);
  }
  const tied = score.probabilityBetter > errors.tie;
  if (tied && logLikelihood && logLikelihood.probabilityBetter >= enoughLikely) {
    const likelier = `the likelihood rose by ${nats}, ${sure(logLikelihood.probabilityBetter)}`;
    const isLevel = score.probabilityBetter < likely;
    return verdict(
      true,
      isLevel ? `the score is level (${points}) and ${likelier}` : `the score rose by ${points}, not surely, and ${likelier}`,
    );
  }
  if (!tied) return verdict(false, `the score fell by ${points.replace('-', '')}, ${sure(score.probabilityBetter)}`);
  const ofLikelihood = logLikelihood && readings > 1 ? `, ${enoughLikely.toFixed(4)} of its likelihood` : '';
  const asked = `${enough(errors.score).toFixed(4)} is asked of ${among}${ofLikelihood}`;
  return verdict(
    false,
    `no sure gain: ${points}, ${sure(score.probabilityBetter)}; ${logLikelihood ? `${nats}, ${sure(logLikelihood.probabilityBetter)}; ` : ''}${asked}`,
  );
}

/** How many likelihoods there are among this many results. How labels are scored does not change how likely the right answer is. */
export const distinctLikelihoods = (tried = 1, readings = 1): number => Math.max(1, Math.ceil(tried / readings));

/** So many rows it takes to judge the best of so many: on fewer it could be better on every row by pure chance more often than may be. */
export const rowsToDecide = (tried = 1, { score, likelihood }: GateErrors = defaultGate): number =>
  fewestRows(Math.max(score, likelihood) / Math.max(1, tried));

/** Validation rows that tell a clear gain. Where there are fewer, training rows help as long as no weights have learned from them. */
export const telling = 32;

/** Rows that may disagree without a clearly better result being refused. */
const dissenting = 1;

/** The number of results whose best the gate can judge on this many rows, even if one row disagrees; 0 if it can judge none. */
export const mostToJudge = (rows: number, { score, likelihood }: GateErrors = defaultGate): number =>
  Math.floor(Math.max(score, likelihood) * 2 ** Math.min(rows - dissenting, 30) + 1e-9);
