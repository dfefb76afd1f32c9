/** @file A prompt and an adapter with their numbers on the valset, in the form that events use. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { CandidateId, MeasuredState } from './events.ts';
import { objectiveTerms, type ObjectiveWeights } from './objective.ts';
import type { MeasuredCandidate } from './outcome.ts';

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
    ...(evaluation.logLikelihood && { logLikelihood: evaluation.logLikelihood }),
    objective: objectiveTerms(evaluation, adapter, objective),
    promptTokens: evaluation.promptTokens,
    ...(evaluation.cuts && { cuts: evaluation.cuts }),
  };
}

/** Measures the start of an optimization, puts its adapter into the store, and reports it. */
export async function measureStart(context: OptimizationContext): Promise<{ start: MeasuredState; evaluation: Evaluation }> {
  const { start: adapter, prompt } = context;
  if (adapter) await context.adapters.put(adapter);
  const evaluation = await context.evaluator.evaluate({ prompt, adapter }, context.valset);
  const start = measuredState('0.0', prompt, adapter, evaluation, context.objective);
  context.emit({ type: 'baselineMeasured', state: start, tokensUsed: evaluation.tokensUsed });
  return { start, evaluation };
}

/** Evaluations of states on the valset, so that none is measured twice. After a kill they are gone and are computed again. */
export interface KnownEvaluations {
  readonly of: (context: OptimizationContext, state: MeasuredState) => Promise<Evaluation>;
  readonly set: (candidate: CandidateId, evaluation: Evaluation) => void;
  /** Puts the adapter of a judged state into the store and remembers its evaluation. @returns the state */
  readonly keep: (
    context: Pick<OptimizationContext, 'adapters'>,
    judged: { readonly state: MeasuredState; readonly measured: MeasuredCandidate },
  ) => Promise<MeasuredState>;
}

export function knownEvaluations(): KnownEvaluations {
  const known = new Map<CandidateId, Evaluation>();
  return {
    set: (candidate, evaluation) => void known.set(candidate, evaluation),
    async keep({ adapters }, { state, measured: { adapter, evaluation } }) {
      if (adapter) await adapters.put(adapter);
      known.set(state.candidate, evaluation);
      return state;
    },
    async of(context, state) {
      const evaluation =
        known.get(state.candidate) ??
        (await context.evaluator.evaluate({ prompt: state.prompt, adapter: await adapterOf(context, state) }, context.valset));
      known.set(state.candidate, evaluation);
      return evaluation;
    },
  };
}

export async function adapterOf(
  { adapters }: Pick<OptimizationContext, 'adapters'>,
  { adapter }: MeasuredState,
): Promise<Adapter | undefined> {
  return adapter === undefined ? undefined : adapters.get(adapter);
}
