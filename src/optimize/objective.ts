/**
 * @file The objective J = mean log P(y
 * x; theta, p) - lambda1 R1(theta) - lambda2 R2(p), per row of the valset, in nats. If the rows have no gold answers y, the mean score replaces the
 * log-likelihood.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import { weightDrift } from '../model/adapterTraining.ts';
import type { ObjectiveTerms } from './events.ts';

export interface ObjectiveWeights {
  /** lambda1, nats per unit of R1 = sum of squared entries of the change that the adapter makes to the weights. */
  readonly weights: number;
  /** lambda2, nats per token of the prompt. */
  readonly prompt: number;
}

export const defaultObjective: ObjectiveWeights = { weights: 1e-4, prompt: 1e-4 };

/**
 * R2 is the prompt's length in tokens, including demonstrations and virtual tokens: what every row costs in time and context. A soft prompt adds how
 * far it has drifted from its text. A virtual token that moved as far as to an unrelated token counts as about two tokens.
 */
export function objectiveTerms(evaluation: Evaluation, adapter: Adapter | undefined, lambda: ObjectiveWeights): ObjectiveTerms {
  const logLikelihood = evaluation.logLikelihood?.mean;
  const weightPenalty = adapter ? lambda.weights * weightDrift(adapter) : 0;
  const promptPenalty = lambda.prompt * (evaluation.promptTokens + (adapter?.soft?.drift ?? 0));
  const total = (logLikelihood ?? evaluation.score.mean) - weightPenalty - promptPenalty;
  return { ...(logLikelihood !== undefined && { logLikelihood }), weightPenalty, promptPenalty, total };
}
