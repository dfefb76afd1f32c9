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

/** Steps of a phase on so many rows, if it can afford them. */
export const usualSteps = ({ weightSteps, weightEpochs, batchRows }: PhaseLength, rows: number): number =>
  Math.max(weightSteps, Math.ceil((weightEpochs * rows) / batchRows));

/** What the measurements on the way may cost beside the steps. */
const measuringShare = 1 / 4;

/** Five measurements on the valset over a phase, fewer in a short one and where they would cost more than their share. */
export function measureEvery(steps: number, stepCost: number, measuring: number): number {
  const measurements = Math.max(1, Math.min(5, Math.floor((measuringShare * steps * stepCost) / measuring)));
  return Math.max(8, Math.round(steps / measurements));
}

/** Token passes of a phase with its measurements. */
export const phasePasses = (steps: number, stepCost: number, measuring: number): number =>
  steps * stepCost + Math.floor(steps / measureEvery(steps, stepCost, measuring)) * measuring;

/** As many steps as fit, at least one. @param most no more than these */
export function mostSteps(most: number, fits: (steps: number) => boolean): number {
  let steps = most;
  while (steps > 1 && !fits(steps)) steps--;
  return steps;
}
