/**
 * @file What the published methods have in common as coordinators. They measure the start, take steps while the budget lasts, and keep the state with
 * the best score on the valset. There is no gate: a higher mean is enough.
 */
import { compareEvaluations, type Evaluation } from '../../evaluate/evaluation.ts';
import { TandemError } from '../../errors.ts';
import type { Row } from '../../data/dataset.ts';
import { isWritable } from '../../prompt/frame.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import type { CandidateId, Target, MeasuredState } from '../events.ts';
import { measuredState, measureStart } from '../measuredState.ts';
import type { Proposal } from '../proposers/proposer.ts';
import { changesBetween } from '../changes.ts';
import type { MeasuredCandidate, Outcome } from '../outcome.ts';
import { after, purseOf, type Purse } from '../purse.ts';
import { tellVerdict, type Verdict } from '../verdict.ts';
import { isBetter } from '../../evaluate/ranking.ts';

/** The state of a method before a step. */
export interface Standing<M> {
  /** The number of the coming step, from 1. */
  readonly phase: number;
  readonly memory: M;
  readonly start: MeasuredState;
  readonly best: MeasuredState;
  readonly bestEvaluation: Evaluation;
  /** Tokens spent since the start. */
  readonly spent: number;
  /** What is left for the step. */
  readonly left: Purse;
}

export interface Step<M> {
  readonly target: Target;
  /** For people: what is being tried. */
  readonly because: string;
  take(): Promise<StepOutcome<M>>;
}

export interface StepOutcome<M> extends Outcome {
  readonly memory: M;
}

/** A published method. Its memory is JSON, so that a killed run can continue from it. */
export interface Method<M> {
  begin(context: OptimizationContext, start: Evaluation): M;
  /** The next step, or why the method has ended. */
  next(context: OptimizationContext, standing: Standing<M>): Step<M> | { readonly done: string };
}

interface Memory<M> {
  readonly bestEvaluation: Evaluation;
  readonly own: M;
}

export function coordinatorOf<M>(method: Method<M>): Coordinator {
  return {
    async begin(context) {
      const { start, evaluation } = await measureStart(context);
      const memory: Memory<M> = { bestEvaluation: evaluation, own: method.begin(context, evaluation) };
      return { version: 1, phase: 0, start, best: start, tokensUsed: evaluation.tokensUsed, done: false, memory };
    },
    async advance(context, state) {
      const { bestEvaluation, own } = state.memory as Memory<M>;
      // What can no longer be measured on the valset would gain nothing.
      if (context.budget - state.tokensUsed < bestEvaluation.tokensUsed) return { ...state, done: 'the budget is spent' };
      const phase = state.phase + 1;
      const { start, best, tokensUsed: spent } = state;
      const left = after(purseOf(context), spent);
      const step = method.next(context, { phase, memory: own, start, best, bestEvaluation, spent, left });
      if ('done' in step) return { ...state, done: step.done };
      const { target, because } = step;
      context.emit({ type: 'phaseStarted', phase, target, because });
      const { memory, tokensUsed: cost, measured } = await step.take();
      const tokensUsed = spent + cost;
      const kept = measured && (await settle(context, phase, best, bestEvaluation, measured));
      const next: Memory<M> = { bestEvaluation: kept?.evaluation ?? bestEvaluation, own: memory };
      context.emit({ type: 'phaseEnded', phase, target, accepted: kept !== undefined, best: kept?.state ?? best, tokensUsed });
      return { ...state, phase, best: kept?.state ?? best, tokensUsed, memory: next };
    },
  };
}

/** Keeps the candidate if its mean is the best so far. */
async function settle(
  context: OptimizationContext,
  phase: number,
  from: MeasuredState,
  best: Evaluation,
  measured: MeasuredCandidate,
): Promise<{ state: MeasuredState; evaluation: Evaluation } | undefined> {
  const { id = `${phase}.0`, prompt, adapter, evaluation } = measured;
  const state = measuredState(id, prompt, adapter, evaluation, context.objective);
  const accepted = isBetter(evaluation, best);
  const because = `without a gate: ${accepted ? 'the best mean so far' : 'not the best mean so far'}`;
  const changes = changesBetween(from, state);
  const verdict: Verdict = { ...compareEvaluations(best, evaluation), measured, state, accepted, because, changes };
  tellVerdict(context, { phase, before: best }, verdict);
  if (!accepted) return undefined;
  if (adapter) await context.adapters.put(adapter);
  return { state, evaluation };
}

/** Reports a proposal and measures it. Undefined if it is too long for the model, or cannot be written to the prompt's file. */
export async function tryOut(
  context: OptimizationContext,
  { phase, candidate, proposer, proposal }: { phase: number; candidate: CandidateId; proposer: string; proposal: Proposal },
  rows: readonly Row[] = context.valset,
): Promise<Evaluation | undefined> {
  const { prompt, reason } = proposal;
  if (!isWritable(prompt, context.prompt)) return undefined;
  context.emit({ type: 'candidateProposed', phase, candidate, proposer, reason, prompt });
  return measureIfFits(context, prompt, rows);
}

/** The cost of rows without those that were already asked under the same prompt, which a cache has. */
export function freshTokens(tokensUsed: number, rows: readonly Row[], known: ReadonlySet<string>): number {
  return Math.round((tokensUsed * rows.filter(({ id }) => !known.has(id)).length) / rows.length);
}

export async function measureIfFits(
  { evaluator, start: adapter }: OptimizationContext,
  prompt: Prompt,
  rows: readonly Row[],
): Promise<Evaluation | undefined> {
  return evaluator.evaluate({ prompt, adapter }, rows).catch((error: unknown) => {
    if (error instanceof TandemError && error.reason === 'too-long') return undefined;
    throw error;
  });
}
