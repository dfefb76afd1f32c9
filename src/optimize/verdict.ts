/** @file The verdict on what a phase measured: the gate's decision, the candidate as a state, and the events that report it. */
import { compareEvaluations, scoreDifference, type Evaluation } from '../evaluate/evaluation.ts';
import { changesBetween, type Pair } from './changes.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Change, MeasuredState } from './events.ts';
import { changedBetween } from './changedPredictions.ts';
import { decideCheaper } from './cheaper.ts';
import { decide, distinctLikelihoods, type GateDecision } from './gate.ts';
import { tokenCounter } from './promptTokens.ts';
import { measuredState } from './measuredState.ts';
import type { MeasuredCandidate } from './outcome.ts';

/** The decision on what a phase measured. */
export interface Verdict extends GateDecision {
  readonly measured: MeasuredCandidate;
  /** The same candidate in the form that events use. */
  readonly state: MeasuredState;
  /** Changes to the state that it would replace. */
  readonly changes: readonly Change[];
}

/** What a phase is judged against. */
export interface Turn {
  readonly phase: number;
  /** The start of the run. */
  readonly start: MeasuredState;
  /** What the candidate would replace, and the evaluation of that on the valset. */
  readonly from: Pair & Partial<MeasuredState>;
  readonly before: Evaluation;
  /** The best evaluation ever measured, if it is not `before`. */
  readonly peak?: Evaluation;
}

/**
 * A likelihood that increases while the score is equal may lose a row in each phase, so nothing that the gate accepts is kept below the start. A
 * state that is not clearly better may still be accepted as the cheaper one.
 */
export function judge(
  context: OptimizationContext,
  { phase, start, from, before, peak = before }: Turn,
  measured: MeasuredCandidate,
): Verdict {
  const { id = `${phase}.0`, prompt, adapter, evaluation, evidence, decision, among, scorings, scoring, absorbed } = measured;
  const state = measuredState(id, prompt, adapter, evaluation, context.objective);
  const [former, latter, best] = evidence ? [evidence.before, evidence.after, evidence.before] : [before, evaluation, peak];
  const better = decision ?? decide(former, latter, among, scorings);
  const cheaper =
    better.accepted || decision
      ? undefined
      : cheaperThan(context, from, former, best, { state, evaluation: latter, tried: distinctLikelihoods(among, scorings) });
  const { accepted, because, ...asked } = cheaper ?? better;
  // More rows may decide, but the numbers of a run are those of the valset.
  const comparison = evidence ? compareEvaluations(before, evaluation) : asked;
  // A cheaper state is compared with the best ever measured.
  const sunk = accepted && better.accepted && !decision && state.score.mean < start.score.mean;
  const reason = sunk ? `${because}, but the score would fall below the start` : because;
  const explanation = [absorbed, scoring && `with ${scoring}`, evidence?.told, reason]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
  const changes = partsOf(changesBetween(from, state, tokenCounter(context)), before, measured);
  return { ...comparison, measured, state, accepted: accepted && !sunk, because: explanation, changes };
}

/** The gate's second question, for a state with fewer tokens. Undefined if the answer is no. */
function cheaperThan(
  { worth }: OptimizationContext,
  { objective }: Partial<MeasuredState>,
  before: Evaluation,
  peak: Evaluation,
  { state, evaluation, tried }: { readonly state: MeasuredState; readonly evaluation: Evaluation; readonly tried: number },
): GateDecision | undefined {
  if (evaluation.promptTokens >= before.promptTokens) return undefined;
  const weightPenalty = objective ? state.objective.weightPenalty - objective.weightPenalty : 0;
  const decision = decideCheaper(before, evaluation, { peak, weightPenalty, ...(worth && { worth }), tried });
  return decision.accepted ? decision : undefined;
}

/** The changes with their own reasons and numbers, as far as those can be separated. */
function partsOf(
  changes: readonly Change[],
  before: Evaluation,
  { evaluation: after, scoring, absorbed, without }: MeasuredCandidate,
): Change[] {
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

/** Reports the decision on a candidate, and which predictions it changed. */
export function tellVerdict(
  context: OptimizationContext,
  { phase, before }: Pick<Turn, 'phase' | 'before'>,
  { measured, state, accepted, because, score, logLikelihood, changes }: Verdict,
): void {
  context.emit({
    type: 'gateDecided',
    phase,
    candidate: state.candidate,
    accepted,
    because,
    score,
    ...(logLikelihood && { logLikelihood }),
    changes,
    objective: state.objective,
    changedPredictions: changedBetween(before, measured.evaluation, context.prompt, context.valset, context.trainer.outputColumn),
  });
}
