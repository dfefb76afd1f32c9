/**
 * @file The port through which weights are trained. A job describes as data what is to be trained on which rows, and its hooks say what happens
 * meanwhile. The implementation decides how and where. `localTrainer.ts` is one.
 */
import type { Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { AdapterFreedom } from '../model/adapterTraining.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Purse } from './purse.ts';
import type { SoftTuner } from './softTuner.ts';

/** Makes and trains the weights for one task, or for the steps of a program. */
export interface Trainer {
  /** The column to predict. For a program, the last step's. */
  readonly outputColumn: string;
  /** An adapter that has no effect yet. */
  fresh(seed: number): Adapter;
  /** Tokens of a step on a batch of this many rows: forward 1, backward 2. @param soft needed if the prompt has a {{soft}} line */
  stepCost(lesson: Lesson, batchRows: number, soft?: SoftPrompt): number;
  /** Trains and returns the weights of the best measurement: by score, and by likelihood if scores are equal. */
  train(job: TrainingJob, hooks: TrainingHooks): Promise<Trained>;
  readonly soft: SoftTuner;
}

/** Rows to learn under a prompt. JSON. */
export interface Lesson {
  readonly prompt: Prompt;
  readonly rows: readonly Row[];
  /** Answered rows that precede each row in its training sequence. */
  readonly shots: number;
  /** The steps, if the rows are for a program. */
  readonly program?: ProgramLesson;
}

/** Which step of a program each row is for. */
export interface ProgramLesson {
  /** The step that has the lesson's prompt, from 0. */
  readonly step: number;
  /** Ids of the rows that are for another step, with that step. */
  readonly others: Readonly<Record<string, number>>;
  /** The prompts of all steps, first to last. */
  readonly prompts: readonly Prompt[];
}

/** What is to be trained. JSON, so that it can be recorded, compared and run elsewhere. */
export interface TrainingJob {
  /** Id of the weights that it starts from, which keep their shape. */
  readonly from: string;
  /** Batches use them in turn. Lessons with the same rows share one order of the rows. */
  readonly lessons: readonly Lesson[];
  readonly steps: number;
  /** The most steps if the clock allows more than planned. Default: the planned number. */
  readonly mostSteps?: number;
  readonly batchRows: number;
  /** The highest rate of the schedule: a warm-up over a tenth of the steps, then a cosine down to a tenth. */
  readonly learningRate: number;
  readonly weightPenalty: number;
  /** For the weights' soft prompt, on the same schedule. Without it the soft prompt does not change. */
  readonly soft?: { readonly learningRate: number; readonly penalty: number };
  /** The part of the weights that may change. Default: all. */
  readonly freedom?: AdapterFreedom;
  readonly seed: number;
  /** Steps from one measurement to the next. The last step is always followed by one. */
  readonly measureEvery: number;
  /** The training ends after this many measurements in a row without improvement. Default: nothing ends it early. */
  readonly patience?: number;
}

/** What happens while a job runs: everything that is not data. */
export interface TrainingHooks {
  /** The weights that the job names. */
  readonly start: Adapter;
  /** What may be spent, measurements included. If the clock changes it, the number of steps is adjusted. */
  readonly budget: Purse;
  /** Tokens of a measurement, used until one has been made. */
  readonly measuring?: number;
  /** Measures the weights on the valset. */
  readonly measure: (weights: Adapter) => Promise<Evaluation>;
  /** Called after every measurement except the last. Returns its cost in tokens, which is charged to the training. */
  readonly afterMeasurement?: (weights: Adapter) => Promise<number>;
  /** Draws the batches of a curriculum. Default: every row once before any twice. */
  readonly batches?: (count: number) => readonly Row[];
  readonly onStep?: (step: TrainingStep) => void;
  readonly signal?: AbortSignal;
}

export interface TrainingStep {
  /** The number that is currently planned. */
  readonly steps: number;
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Tokens of the training so far. */
  readonly tokensUsed: number;
  /** The soft prompt's own numbers, if the step moved it. */
  readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
}

export interface Trained {
  readonly adapter: Adapter;
  /** The evaluation of the adapter on the valset. Absent if nothing could be measured within the budget. */
  readonly evaluation?: Evaluation;
  readonly tokensUsed: number;
  /** How many measurements it is the best of. */
  readonly measurements: number;
  /** The number of steps after which it was measured. */
  readonly steps: number;
}
