/**
 * @file The gate's second question: does a longer prompt gain less than it costs? The scores of a hundred rows cannot decide a margin of one point.
 * The likelihood says far more about each row, and the price of a token is known exactly. So J decides, and the score is a safeguard.
 */
import { comparableLikelihood, compareEvaluations, likelihoodsOf, type Evaluation } from '../evaluate/evaluation.ts';
import { logShares, pairedBootstrap } from '../evaluate/statistics.ts';
import { rowsToDecide, type GateDecision } from './gate.ts';
import { defaultWorth, type Worth } from './worth.ts';

export interface CheaperOptions {
  readonly worth?: Worth;
  /** The best evaluation ever measured on these rows, so that small losses cannot add up. Default: `before`. */
  readonly peak?: Evaluation;
  /** How much the candidate's weights add to lambda1 R1, in nats per row. */
  readonly weightPenalty?: number;
  /** How many cheaper states were tried on these rows. The more, the stronger the evidence must be (Bonferroni). */
  readonly tried?: number;
}

/** Probabilities of a wrong acceptance: when J is not higher, and when the likelihood is worse by two margins. */
const errors = { objective: 0.025, worse: 0.05 };

/**
 * Whether a state with a shorter prompt may replace a longer one: J = log-likelihood - lambda1 R1 - lambda2 R2 is significantly higher, the score is
 * within the margin of the best ever measured, and the likelihood rules out that the state is worse by twice the margin.
 * @param before of the longer prompt, on the same rows
 * @throws TandemError reason 'rows-differ'
 */
export function decideCheaper(before: Evaluation, candidate: Evaluation, options: CheaperOptions = {}): GateDecision {
  const { worth = defaultWorth, peak = before, weightPenalty = 0, tried = 1 } = options;
  const comparison = compareEvaluations(before, candidate);
  const tokens = before.promptTokens - candidate.promptTokens;
  const verdict = (accepted: boolean, because: string): GateDecision => ({ ...comparison, accepted, because });
  const { rows } = before;
  if (tokens <= 0) return verdict(false, 'the prompt is not shorter');
  const needed = rowsToDecide(tried);
  if (rows.length < needed)
    return verdict(false, `${rows.length} rows are too few to tell whether the shorter prompt is as good: at least ${needed} are needed`);
  // Without right answers only the score can decide, and if nothing passes, no loss can show.
  if (!before.logLikelihood && peak.score.mean === 0)
    return verdict(false, 'no answer passes yet, so nothing shows what the prompt is worth');
  const margin = marginOn(rows.length, worth);
  const slope = scorePerNat([before, candidate]);
  const probabilityWithin = (allowed: number): number => likelihoodAbove(before, candidate, weightPenalty - allowed / slope);
  const saved = `${tokens} fewer prompt tokens`;
  const lost = compareEvaluations(peak, candidate).score.mean;
  // Sums of scores have rounding errors in their last bits.
  if (lost < -margin - 1e-9) {
    return verdict(false, `${saved}, but the score is ${points(-lost)} below the best one measured; it may lose ${points(margin)}`);
  }
  const enough = (error: number): number => 1 - error / Math.max(1, tried);
  const notWorse = probabilityWithin(2 * margin);
  if (notWorse < enough(errors.worse)) {
    return verdict(
      false,
      `${saved}, but by the log-likelihood there is a ${percent(1 - notWorse)} chance that it is ${points(2 * margin)} worse`,
    );
  }
  const price = (worth.perHundredTokens * tokens) / 100;
  const higher = probabilityWithin(price);
  const change = `${saved}, ${signed(comparison.score.mean)} on ${rows.length} rows`;
  const sure = `P(J higher) ${higher.toFixed(3)}`;
  if (higher < enough(errors.objective))
    return verdict(false, `${change}: the tokens are worth ${points(price)}, which may be less than the loss, ${sure}`);
  return verdict(true, `${change}, not worse: the tokens are worth ${points(price)}, ${sure}`);
}

/** With fewer than a hundred rows, one row is the smallest possible loss. */
const marginOn = (rows: number, { margin }: Worth): number => (rows < 100 ? Math.max(margin, 1 / rows) : margin);

/** P(log-likelihood of the candidate - that of the other > least), as the mean over rows, in nats. For rows without right answers: their scores. */
function likelihoodAbove(before: Evaluation, candidate: Evaluation, least: number): number {
  const likelihood = comparableLikelihood(before, candidate);
  const [from, to] = [before, candidate].map(({ rows }) => rows.map((row) => likelihood(row) ?? row.score));
  return pairedBootstrap(
    from.map((value) => value + least),
    to,
    { range: logShares },
  ).probabilityBetter;
}

/** The slope of a task whose rows cannot show it. */
const usualSlope = 0.3;
/** Below this many nats, a row is lost anyway. */
const deepest = -5;

/**
 * What a nat of likelihood is worth in the task's score, measured on its own rows: the slope of the least squares line of score on log-likelihood.
 * Between a twentieth and one. `usualSlope` if all rows have the same score, and 1 if scores are used instead of likelihoods.
 */
export function scorePerNat(evaluations: readonly Evaluation[]): number {
  const rows = evaluations.flatMap((each) => each.rows);
  const known = likelihoodsOf(rows);
  if (!known) return 1;
  const x = known.map((logLikelihood) => Math.max(deepest, logLikelihood));
  const y = rows.map(({ score }) => score);
  const [meanX, meanY] = [mean(x), mean(y)];
  const variance = mean(x.map((value) => (value - meanX) ** 2));
  const covariance = mean(x.map((value, row) => (value - meanX) * (y[row] - meanY)));
  if (variance < 1e-6 || covariance <= 0) return usualSlope;
  return Math.min(1, Math.max(0.05, covariance / variance));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const points = (share: number): string => `${(100 * share).toFixed(1)} points`;
const signed = (share: number): string => `${share >= 0 ? '+' : ''}${points(share)}`;
const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
