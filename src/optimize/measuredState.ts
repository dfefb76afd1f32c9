/** @file A prompt and an adapter with what the valset says of them, in the form in which events carry it. */
import type { Comparison, Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { CandidateId, MeasuredState } from './events.ts';
import { flipsBetween } from './flips.ts';
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

/** Evaluations of states on the valset, so that none is measured twice; after a kill they are not there, and are made again. */
export interface KnownEvaluations {
  readonly of: (context: OptimizationContext, state: MeasuredState) => Promise<Evaluation>;
  readonly set: (candidate: CandidateId, evaluation: Evaluation) => void;
}

export function knownEvaluations(): KnownEvaluations {
  const known = new Map<CandidateId, Evaluation>();
  return {
    set: (candidate, evaluation) => void known.set(candidate, evaluation),
    async of(context, state) {
      const evaluation =
        known.get(state.candidate) ??
        (await context.evaluator.evaluate({ prompt: state.prompt, adapter: await adapterOf(context, state) }, context.valset));
      known.set(state.candidate, evaluation);
      return evaluation;
    },
  };
}

export async function adapterOf({ adapters }: OptimizationContext, { adapter }: MeasuredState): Promise<Adapter | undefined> {
  return adapter === undefined ? undefined : adapters.get(adapter);
}

/** A likelihood that rises while the score is level may cost a row at each phase: a state is never kept below the start. */
export const isBelow = (start: MeasuredState, { score }: MeasuredState): boolean => score.mean < start.score.mean;
export const belowStart = "the score would be below the start's";

/** Tells what became of a candidate, and which rows it turned. */
export function tellDecision(
  context: OptimizationContext,
  phase: number,
  candidate: MeasuredState,
  verdict: { readonly accepted: boolean; readonly because: string } & Comparison,
  before: Evaluation,
  after: Evaluation,
): void {
  const { accepted, because, score, logLikelihood } = verdict;
  context.emit({
    type: 'gateDecided',
    phase,
    candidate: candidate.candidate,
    accepted,
    because,
    score,
    logLikelihood,
    objective: candidate.objective,
    flips: flipsBetween(before, after, context.prompt, context.valset, context.trainer.output),
  });
}
