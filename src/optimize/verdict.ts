/** @file What becomes of a finding: the gate's decision on it as a state of its own, and what is told of that. */
import type { Comparison, Evaluation } from '../evaluate/evaluation.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import type { Finding } from './finding.ts';
import { flipsBetween } from './flips.ts';
import { decide } from './gate.ts';
import { measuredState, type Measured } from './measuredState.ts';

export interface Verdict extends Comparison, Measured {
  readonly accepted: boolean;
  /** A sentence for people. */
  readonly because: string;
}

/**
 * A likelihood that rises while the score is level may cost a row at each phase: nothing that the gate lets through is kept below the start.
 * @param before on the same rows, of what it would replace
 * @returns undefined where nothing was measured
 */
export function judge(
  { objective }: OptimizationContext,
  start: MeasuredState,
  phase: number,
  before: Evaluation,
  { candidate: proposal = `${phase}.0`, prompt, adapter, evaluation, among, reading }: Finding,
): Verdict | undefined {
  if (!evaluation) return undefined;
  const candidate = measuredState(proposal, prompt, adapter, evaluation, objective);
  const { accepted, because, ...comparison } = decide(before, evaluation, among);
  const sunk = accepted && candidate.score.mean < start.score.mean;
  const reason = sunk ? `${because}, but the score would be below the start's` : because;
  const told = reading ? `with ${reading}: ${reason}` : reason;
  return { ...comparison, candidate, adapter, evaluation, accepted: accepted && !sunk, because: told };
}

/** Tells what became of a candidate, and which rows it turned. @param before on the same rows, of what it was compared with */
export function tellVerdict(
  context: OptimizationContext,
  phase: number,
  before: Evaluation,
  { candidate, evaluation, accepted, because, score, logLikelihood }: Verdict,
): void {
  context.emit({
    type: 'gateDecided',
    phase,
    candidate: candidate.candidate,
    accepted,
    because,
    score,
    logLikelihood,
    objective: candidate.objective,
    flips: flipsBetween(before, evaluation, context.prompt, context.valset, context.trainer.output),
  });
}
