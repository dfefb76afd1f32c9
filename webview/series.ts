/** @file A run's numbers as chart data: lines with their bands, marks, and the time spans of the phases. */
import type { Difference, Estimate, PhaseTarget } from '../src/optimize/events.ts';
import type { PhaseState, RunState, WeightStep } from '../src/run/record/state.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** The outcome of a phase, relative to the state that it started from. */
export interface Mark {
  readonly at: number;
  readonly phase: number;
  readonly target: PhaseTarget;
  readonly accepted: boolean;
  readonly value: number;
  /** The interval of the paired difference, around the state that the phase started from; absent if the journal does not have it. */
  readonly low?: number;
  readonly high?: number;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly target: PhaseTarget;
}

/** The best state over the running time, with its interval. */
export interface History {
  /** Milliseconds of running time. */
  readonly at: readonly number[];
  readonly best: readonly Estimate[];
  readonly marks: readonly Mark[];
  readonly stretches: readonly Stretch[];
}

export type Measure = 'score' | 'objective';

/**
 * The history of the metric or of J. J has the interval of its log-likelihood, or of its score if there are no right answers: the penalties
 * have no interval.
 */
export function historyOf(state: RunState, measure: Measure): History {
  const best = state.history.map(({ score, logLikelihood, objective: { total } }): Estimate => {
    if (measure === 'score') return score;
    const first = logLikelihood ?? score;
    const shift = total - first.mean;
    return { ...first, mean: total, low: first.low + shift, high: first.high + shift };
  });
  const at = state.history.map((point) => point.at);
  const last = best.at(-1);
  const goesOn = last && state.elapsed > at.at(-1)!;
  return {
    at: goesOn ? [...at, state.elapsed] : at,
    best: goesOn ? [...best, last] : best,
    marks: marksOf(state, measure),
    stretches: state.phases.map(({ startedAt, ended, target }) => ({ from: startedAt, to: ended?.at ?? state.elapsed, target })),
  };
}

/** What the gate decided on. Each value is relative to the state that its phase started from, which is the latest kept one. */
function marksOf({ start, phases }: RunState, measure: Measure): Mark[] {
  if (!start) return [];
  let from = measure === 'score' ? start.score.mean : start.objective.total;
  const marks: Mark[] = [];
  for (const { phase, target, candidates, ended } of phases) {
    const decision = candidates.find((candidate) => candidate.decision)?.decision;
    if (!decision || !ended) continue;
    const value = measure === 'score' ? from + decision.score.mean : decision.objective?.total;
    if (value === undefined) continue;
    const { accepted } = decision;
    const around = (difference: Difference): Pick<Mark, 'low' | 'high'> => ({ low: from + difference.low, high: from + difference.high });
    marks.push({ at: ended.at, phase, target, accepted, value, ...(measure === 'score' && around(decision.score)) });
    if (accepted) from = value;
  }
  return marks;
}

/** The loss curves of a phase: one in a weight phase, one for each prompt if a prompt phase looks ahead. */
export interface LossCurves {
  /** Steps, from 1. */
  readonly steps: readonly number[];
  readonly lines: readonly Line[];
  /** The steps themselves, by line and by place in `steps`. */
  readonly taken: readonly (readonly (WeightStep | undefined)[])[];
}

export function lossCurves({ target, weightSteps }: Pick<PhaseState, 'target' | 'weightSteps'>): LossCurves {
  const trainings: WeightStep[][] = [];
  for (const step of weightSteps) {
    const latest = trainings.at(-1)?.at(-1);
    if (!latest || latest.step >= step.step || latest.candidate !== step.candidate) trainings.push([]);
    trainings.at(-1)!.push(step);
  }
  const longest = Math.max(0, ...trainings.map((training) => training.at(-1)!.step));
  const steps = Array.from({ length: longest }, (_, i) => i + 1);
  const taken = trainings.map((training) => {
    const byStep = new Map(training.map((step) => [step.step, step]));
    return steps.map((step) => byStep.get(step));
  });
  const lines = taken.map((training, i) => ({
    name: trainingName(target, trainings[i][0]),
    values: training.map((step) => step?.loss ?? null),
  }));
  return { steps, lines, taken };
}

const trainingName = (target: PhaseTarget, { candidate }: WeightStep): string =>
  target !== 'prompt' ? 'loss' : candidate === undefined ? 'the current prompt' : `candidate ${candidate}`;
