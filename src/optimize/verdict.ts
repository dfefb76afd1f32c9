/** @file What becomes of a finding: the gate's decision on it as a state of its own, and what is told of that. */
import { compareEvaluations, scoreDifference, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import { changesBetween, type Pair } from './changes.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Change, MeasuredState } from './events.ts';
import type { Finding } from './finding.ts';
import { changedBetween } from './changedPredictions.ts';
import { decideCheaper } from './cheaper.ts';
import { decide, distinctLikelihoods, type GateDecision } from './gate.ts';
import { tokenCounter } from './promptTokens.ts';
import { measuredState, type Measured } from './measuredState.ts';

export interface Verdict extends Comparison, Measured {
  readonly accepted: boolean;
  /** A sentence for people. */
  readonly because: string;
  /** Of the state that it would replace. */
  readonly changes: readonly Change[];
}

/** What a phase is judged against. */
export interface Turn {
  readonly phase: number;
  /** Of the run. */
  readonly start: MeasuredState;
  /** What the finding would replace, and that on the valset. */
  readonly from: Pair & Partial<MeasuredState>;
  readonly before: Evaluation;
  /** The best that was ever measured, if that is not `before`. */
  readonly peak?: Evaluation;
}

/**
 * A likelihood that rises while the score is level may cost a row at each phase: nothing that the gate lets through is kept below the start.
 * A state that is not clearly better may still be accepted as the cheaper one.
 * @returns undefined where nothing was measured
 */
export function judge(
  context: OptimizationContext,
  { phase, start, from, before, peak = before }: Turn,
  finding: Finding,
): Verdict | undefined {
  const { candidate: proposal = `${phase}.0`, prompt, adapter, evaluation, among, scorings, scoring, absorbed } = finding;
  if (!evaluation) return undefined;
  const candidate = measuredState(proposal, prompt, adapter, evaluation, context.objective);
  const { evidence } = finding;
  const [former, latter, best] = evidence ? [evidence.before, evidence.after, evidence.before] : [before, evaluation, peak];
  const better = finding.decision ?? decide(former, latter, among, scorings);
  const cheaper =
    better.accepted || finding.decision
      ? undefined
      : cheaperThan(context, from, former, best, { candidate, evaluation: latter, tried: distinctLikelihoods(among, scorings) });
  const { accepted, because, ...asked } = cheaper ?? better;
  // More rows may decide, but the numbers of a run are those of the valset.
  const comparison = evidence ? compareEvaluations(before, evaluation) : asked;
  // A cheaper state is held against the best that was ever measured.
  const sunk = accepted && better.accepted && !finding.decision && candidate.score.mean < start.score.mean;
  const reason = sunk ? `${because}, but the score would fall below the start` : because;
  const told = [absorbed, scoring && `with ${scoring}`, evidence?.told, reason]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
  const changes = partsOf(changesBetween(from, candidate, tokenCounter(context)), before, evaluation, finding);
  return { ...comparison, candidate, adapter, evaluation, accepted: accepted && !sunk, because: told, changes };
}

/** The gate's second question, of a state with fewer tokens; undefined where the answer is no. */
function cheaperThan(
  { worth }: OptimizationContext,
  { objective }: Partial<MeasuredState>,
  before: Evaluation,
  peak: Evaluation,
  { candidate, evaluation, tried }: { readonly candidate: MeasuredState; readonly evaluation: Evaluation; readonly tried: number },
): GateDecision | undefined {
  if (evaluation.promptTokens >= before.promptTokens) return undefined;
  const weightPenalty = objective ? candidate.objective.weightPenalty - objective.weightPenalty : 0;
  const decision = decideCheaper(before, evaluation, { peak, weightPenalty, ...(worth && { worth }), tried });
  return decision.accepted ? decision : undefined;
}

/** The changes with their own reasons and numbers, as far as those can be told apart. */
function partsOf(changes: readonly Change[], before: Evaluation, after: Evaluation, { scoring, absorbed, without }: Finding): Change[] {
  const isApart = ({ part }: Change): boolean => part === 'decoding' || (without?.part === 'prompt' && part !== 'adapter');
  return changes.map((change): Change => {
    const why = change.part === 'decoding' ? scoring : change.part === 'adapter' ? undefined : absorbed;
    const reason = why === undefined ? {} : { reason: why };
    const together = changes.filter((other) => isApart(other) === isApart(change));
    const isAlone = without && together.length === 1 && changes.length > 1 && (change.hunks?.length ?? 1) === 1;
    if (!isAlone) return { ...change, ...reason };
    const own = isApart(change) ? scoreDifference([without.evaluation], [after]) : scoreDifference([before], [without.evaluation]);
    return { ...change, ...reason, own };
  });
}

/** Reports what became of a candidate, and which predictions it changed. */
export function tellVerdict(
  context: OptimizationContext,
  { phase, before }: Pick<Turn, 'phase' | 'before'>,
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
    changedPredictions: changedBetween(before, evaluation, context.prompt, context.valset, context.trainer.outputColumn),
  });
}
