/** @file A prompt and an adapter with what the valset says of them, in the form in which events carry it. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationContext } from './coordinator.ts';
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

/** Measures what an optimization starts from, puts its adapter into the store, and tells of it. */
export async function measureStart(context: OptimizationContext): Promise<{ start: MeasuredState; evaluation: Evaluation }> {
  const { start: adapter, prompt } = context;
  if (adapter) await context.adapters.put(adapter);
  const evaluation = await context.evaluator.evaluate({ prompt, adapter }, context.valset);
  const start = measuredState('0.0', prompt, adapter, evaluation, context.objective);
  context.emit({ type: 'baselineMeasured', state: start, passes: evaluation.passes });
  return { start, evaluation };
}
