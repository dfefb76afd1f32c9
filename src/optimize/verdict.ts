/** @file What becomes of a finding: the gate's decision on it as a state of its own, and what is told of that. */
import { scoreDifference, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import { changesBetween, type Pair } from './changes.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Change, MeasuredState } from './events.ts';
import type { Finding } from './finding.ts';
import { flipsBetween } from './flips.ts';
import { decide } from './gate.ts';
import { measuredState, type Measured } from './measuredState.ts';

export interface Verdict extends Comparison, Measured {
  readonly accepted: boolean;
  /** A sentence for people. */
  readonly because: string;
  /** Of the state that it would replace. */
  readonly changes: readonly Change[];
}

/**
 * A likelihood that rises while the score is level may cost a row at each phase: nothing that the gate lets through is kept below the start.
 * @param before on the same rows, of `from`, which it would replace
 * @returns undefined where nothing was measured
 */
export function judge(
  { objective }: OptimizationContext,
  start: MeasuredState,
  phase: number,
  before: Evaluation,
  from: Pair,
  finding: Finding,
): Verdict | undefined {
  const { candidate: proposal = `${phase}.0`, prompt, adapter, evaluation, among, reading } = finding;
  if (!evaluation) return undefined;
  const candidate = measuredState(proposal, prompt, adapter, evaluation, objective);
  const { accepted, because, ...comparison } = decide(before, evaluation, among);
  const sunk = accepted && candidate.score.mean < start.score.mean;
  const reason = sunk ? `${because}, but the score would be below the start's` : because;
  const told = reading ? `with ${reading}: ${reason}` : reason;
  const changes = partsOf(changesBetween(from, candidate), before, evaluation, finding);
  return { ...comparison, candidate, adapter, evaluation, accepted: accepted && !sunk, because: told, changes };
}

/** The changes with their own reasons and numbers, as far as those can be told apart. */
function partsOf(changes: readonly Change[], before: Evaluation, after: Evaluation, { reading, without }: Finding): Change[] {
  const isApart = ({ part }: Change): boolean => part === 'decoding' || (without?.part === 'prompt' && part !== 'adapter');
  return changes.map((change): Change => {
    const reason = change.part === 'decoding' && reading !== undefined ? { reason: reading } : {};
    const together = changes.filter((other) => isApart(other) === isApart(change));
    const isAlone = without && together.length === 1 && changes.length > 1 && (change.hunks?.length ?? 1) === 1;
    if (!isAlone) return { ...change, ...reason };
    const own = isApart(change) ? scoreDifference([without.evaluation], [after]) : scoreDifference([before], [without.evaluation]);
    return { ...change, ...reason, own };
  });
}

/** Tells what became of a candidate, and which rows it turned. @param before on the same rows, of what it was compared with */
export function tellVerdict(
  context: OptimizationContext,
  phase: number,
  before: Evaluation,
  { candidate, evaluation, accepted, because, score, logLikelihood, changes }: Verdict,
): void {
  context.emit({
    type: 'gateDecided',
    phase,
    candidate: candidate.candidate,
    accepted,
    because,
    score,
    ...(logLikelihood && { logLikelihood }),
    changes,
    objective: candidate.objective,
    flips: flipsBetween(before, evaluation, context.prompt, context.valset, context.trainer.outputColumn),
  });
}
