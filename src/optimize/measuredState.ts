/** @file Measurements in the form in which events carry them. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Interval, PairedDifference } from '../evaluate/statistics.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { CandidateId, Difference, Estimate, MeasuredState } from './events.ts';
import { objectiveTerms, type ObjectiveWeights } from './objective.ts';

export const estimateOf = ({ mean, low, high, n }: Interval): Estimate => ({ mean, low, high, rows: n });

export const differenceOf = (difference: PairedDifference): Difference => ({
  ...estimateOf(difference),
  probabilityBetter: difference.probabilityBetter,
});

export function measuredState(
  candidate: CandidateId,
  prompt: Prompt,
  adapter: Adapter | undefined,
  evaluation: Evaluation,
  objective: ObjectiveWeights,
): MeasuredState {
  return {
    candidate,
    prompt,
    ...(adapter && { adapter: adapter.id }),
    score: estimateOf(evaluation.score),
    logLikelihood: estimateOf(evaluation.logLikelihood),
    objective: objectiveTerms(evaluation, adapter, objective),
    promptTokens: evaluation.promptTokens,
  };
}
