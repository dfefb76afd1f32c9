/** @file How long a phase of training steps is, and what a step costs before it is taken, in tokens: forward 1, backward 2. */
import type { SoftPrompt } from '../model/softPrompt.ts';
import { tokensOf } from '../model/training.ts';
import { examplesOf, type ExampleMaker } from './batches.ts';
import type { Lesson } from './trainer.ts';

/** At most this many rows stand for all: the words of rows vary by 40 to 70% of their mean, so that the mean of so many is within 3%. */
const sample = 512;

/** Tokens of a step on a batch of the usual size, by rows that stand for all; what its rows have in common is run once. */
export function stepTokens(maker: ExampleMaker, lesson: Lesson, batchRows: number, soft?: SoftPrompt): number {
  const { rows } = lesson;
  const every = Math.ceil(rows.length / sample);
  const some = rows.filter((_, place) => place % every === 0);
  const { shared, own, answers } = tokensOf(examplesOf(maker, lesson, some, undefined, soft));
  return 3 * (shared + (own / answers) * Math.min(batchRows, rows.length));
}

/** How long a phase is. */
export interface PhaseLength {
  /** AdamW steps. */
  readonly weightSteps: number;
  /** Or as many as see the trainset so many times, where those are more. */
  readonly weightEpochs: number;
  readonly batchRows: number;
}

/** What the measurements on the way may cost beside the steps of a long phase. */
const measuringShare = 1 / 4;
const mostMeasurements = 5;
/** Steps from one to the next. */
const leastBetween = 8;

export interface PhasePlan {
  /** Steps, if they can be afforded. */
  readonly usual: number;
  /** By its many rows. */
  readonly isLong: boolean;
  /**
   * So many steps, or as many of them as can be afforded, at least one.
   * @param affordable tokens for the steps and the measurements on the way; the one at their end comes on top
   */
  readonly within: (steps: number, affordable?: number) => PhaseSteps;
}

export interface PhaseSteps {
  readonly steps: number;
  /** Steps from one measurement on the valset to the next; the last one comes at the end of the steps, after as many or fewer. */
  readonly every: number;
}

/**
 * How a phase goes on this many rows.
 * @param stepCost tokens of a step
 * @param measuring tokens of a measurement
 * @param most measurements
 */
export function planPhase(
  { weightSteps, weightEpochs, batchRows }: PhaseLength,
  rows: number,
  stepCost: number,
  measuring: number,
  most = mostMeasurements,
): PhasePlan {
  const usual = Math.max(weightSteps, Math.ceil((weightEpochs * rows) / batchRows));
  const isLong = usual > weightSteps;
  const measurementsOf = (steps: number): number => {
    // On few rows nothing decides more than when to stop. Many are not learned by heart so soon.
    const affordable = isLong ? Math.floor((measuringShare * steps * stepCost) / measuring) : most;
    return Math.max(1, Math.min(most, mostMeasurements, affordable, Math.floor(steps / leastBetween)));
  };
  const within = (longest: number, affordable = Infinity): PhaseSteps => {
    const payable = (measurements: number): number => Math.floor((affordable - (measurements - 1) * measuring) / stepCost);
    let steps = Math.max(1, Math.min(longest, payable(1)));
    while (steps > 1 && steps > payable(measurementsOf(steps))) steps--;
    const measurements = measurementsOf(steps);
    // What does not pay for one measurement more pays for steps.
    steps = Math.max(steps, Math.min(longest, payable(measurements)));
    return { steps, every: Math.ceil(steps / measurements) };
  };
  return { usual, isLong, within };
}
