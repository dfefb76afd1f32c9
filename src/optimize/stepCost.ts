/** @file How long a phase of training steps is, and what a step costs before it is taken, in token passes: forward 1, backward 2. */
import type { Row } from '../data/dataset.ts';
import { commonPrefix } from '../model/packing.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { WeightTrainer } from './weightTuner.ts';

/** So many rows at most stand for all. */
const sample = 32;

export interface BatchKind {
  readonly trainer: WeightTrainer;
  readonly prompt: Prompt;
  readonly rows: readonly Row[];
  readonly batchRows: number;
  readonly soft?: SoftPrompt;
}

/** Token passes of a step on a batch of the usual size, by some rows that stand for all; what its rows have in common is run once. */
export function stepPasses({ trainer, prompt, rows, batchRows, soft }: BatchKind): number {
  const every = Math.ceil(rows.length / sample);
  const examples = rows.filter((_, place) => place % every === 0).map((row) => trainer.example(prompt, row, soft));
  const shared = commonPrefix(examples.map((example) => example.prompt));
  const own = examples.reduce((sum, example) => sum + example.prompt.length - shared + example.answer.length - 1, 0) / examples.length;
  return 3 * (shared + own * Math.min(batchRows, rows.length));
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
  /** After so many of its steps each measurement on the valset comes; the last one comes at their end, whether or not that is as many. */
  readonly every: (steps: number) => number;
  /** Token passes of so many steps and of the measurements on the way; the last one, at their end, comes on top. */
  readonly passes: (steps: number) => number;
}

/**
 * How a phase goes on so many rows.
 * @param stepCost token passes of a step
 * @param measuring token passes of a measurement
 */
export function planPhase(
  { weightSteps, weightEpochs, batchRows }: PhaseLength,
  rows: number,
  stepCost: number,
  measuring: number,
): PhasePlan {
  const usual = Math.max(weightSteps, Math.ceil((weightEpochs * rows) / batchRows));
  const isLong = usual > weightSteps;
  const every = (steps: number): number => {
    // On few rows nothing decides more than when to stop. Many are not learned by heart so soon.
    const affordable = isLong ? Math.floor((measuringShare * steps * stepCost) / measuring) : mostMeasurements;
    return Math.ceil(steps / Math.max(1, Math.min(mostMeasurements, affordable, Math.floor(steps / leastBetween))));
  };
  return { usual, isLong, every, passes: (steps) => steps * stepCost + (Math.ceil(steps / every(steps)) - 1) * measuring };
}

/** As many steps as fit, at least one. @param most no more than these */
export function mostSteps(most: number, fits: (steps: number) => boolean): number {
  let steps = most;
  while (steps > 1 && !fits(steps)) steps--;
  return steps;
}
