/** @file How many training steps a phase has, and what a step costs before it is taken, in tokens: forward 1, backward 2. */
import type { SoftPrompt } from '../model/softPrompt.ts';
import { tokensOf } from '../model/training.ts';
import { examplesOf, type ExampleMaker } from './batches.ts';
import type { Lesson } from './trainer.ts';

/** At most this many rows stand for all. The lengths of rows vary by 40 to 70% of their mean, so the mean of this many is within 3%. */
const sample = 512;

/** Tokens of a step on a batch of the usual size, estimated from a sample of the rows. What a batch's rows have in common is computed once. */
export function stepTokens(maker: ExampleMaker, lesson: Lesson, batchRows: number, soft?: SoftPrompt): number {
  const { rows } = lesson;
  const every = Math.ceil(rows.length / sample);
  const some = rows.filter((_, place) => place % every === 0);
  const { shared, own, answers } = tokensOf(examplesOf(maker, lesson, some, undefined, soft));
  return 3 * (shared + (own / answers) * Math.min(batchRows, rows.length));
}

/** The length of a phase. */
export interface PhaseLength {
  /** AdamW steps. */
  readonly weightSteps: number;
  /** Or enough steps to see the trainset this many times, if that is more. */
  readonly weightEpochs: number;
  readonly batchRows: number;
}

/** What the measurements during a long phase may cost, relative to its steps. */
const measuringShare = 1 / 4;
const mostMeasurements = 5;
/** The fewest steps between two measurements. */
const leastBetween = 8;

export interface PhasePlan {
  /** The number of steps, if they can be afforded. */
  readonly usual: number;
  /** Whether the phase is long because it has many rows. */
  readonly isLong: boolean;
  /**
   * This many steps, or as many of them as can be afforded, at least one.
   * @param affordable tokens for the steps and the measurements between them; the measurement at the end is added
   */
  readonly within: (steps: number, affordable?: number) => PhaseSteps;
}

export interface PhaseSteps {
  readonly steps: number;
  /** Steps from one measurement on the valset to the next. The last one comes at the end, after the same number of steps or fewer. */
  readonly every: number;
}

/**
 * The plan of a phase on this many rows.
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
    // With few rows, when to stop matters most. Many rows are not memorized as quickly.
    const affordable = isLong ? Math.floor((measuringShare * steps * stepCost) / measuring) : most;
    return Math.max(1, Math.min(most, mostMeasurements, affordable, Math.floor(steps / leastBetween)));
  };
  const within = (longest: number, affordable = Infinity): PhaseSteps => {
    const payable = (measurements: number): number => Math.floor((affordable - (measurements - 1) * measuring) / stepCost);
    let steps = Math.max(1, Math.min(longest, payable(1)));
    while (steps > 1 && steps > payable(measurementsOf(steps))) steps--;
    const measurements = measurementsOf(steps);
    // What does not pay for another measurement pays for steps.
    steps = Math.max(steps, Math.min(longest, payable(measurements)));
    return { steps, every: Math.ceil(steps / measurements) };
  };
  return { usual, isLong, within };
}
