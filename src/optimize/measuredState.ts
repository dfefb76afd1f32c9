/** @file A prompt and an adapter with what the valset says of them, in the form in which events carry it. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { CandidateId, MeasuredState } from './events.ts';
import { objectiveTerms, type ObjectiveWeights } from './objective.ts';

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
    score: evaluation.score,
    logLikelihood: evaluation.logLikelihood,
    objective: objectiveTerms(evaluation, adapter, objective),
    promptTokens: evaluation.promptTokens,
  };
}
