/**
 * @file The port through which weights are trained: a job says as data what is to be trained on which rows, its hooks what happens meanwhile.
 * How and where it is done is the implementation's; `localTrainer.ts` is one.
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
  /** The column to predict; of a program the last step's. */
  readonly outputColumn: string;
  /** Weights that change nothing yet. */
  fresh(seed: number): Adapter;
  /** Tokens of a step on a batch of this many rows: forward 1, backward 2. @param soft where the prompt has a {{soft}} line */
  stepCost(lesson: Lesson, batchRows: number, soft?: SoftPrompt): number;
  /** Trains and returns the weights of the best measurement: score first, likelihood where scores are level. */
  train(job: TrainingJob, hooks: TrainingHooks): Promise<Trained>;
  readonly soft: SoftTuner;
}

/** Rows to learn under a prompt; JSON. */
export interface Lesson {
  readonly prompt: Prompt;
  readonly rows: readonly Row[];
  /** Answered rows that stand before each row in its training sequence. */
  readonly shots: number;
  /** Of a program. */
  readonly program?: ProgramLesson;
}

/** Which step of a program each row is for. */
export interface ProgramLesson {
  /** The step that the lesson's prompt is of, from 0. */
  readonly step: number;
  /** Ids of the rows that are for another step, with that step. */
  readonly others: Readonly<Record<string, number>>;
  /** The prompts of all steps, first to last. */
  readonly prompts: readonly Prompt[];
}

/** What is to be trained; JSON, so that it can be recorded, compared and done elsewhere. */
export interface TrainingJob {
  /** Id of the weights that it starts from, which keep their shape. */
  readonly from: string;
  /** Batches take turns among them. Lessons with the same rows share one order of the rows. */
  readonly lessons: readonly Lesson[];
  readonly steps: number;
  /** Where the clock allows more steps than planned, they become this many at most; by default not more than planned. */
  readonly mostSteps?: number;
  readonly batchRows: number;
  /** At the top of the schedule: warm-up over a tenth of the steps, then a cosine down to a tenth. */
  readonly learningRate: number;
  readonly weightPenalty: number;
  /** Of the weights' soft prompt, on the same schedule; without it the soft prompt stays as it is. */
  readonly soft?: { readonly learningRate: number; readonly penalty: number };
  /** What of the weights may move; all by default. */
  readonly freedom?: AdapterFreedom;
  readonly seed: number;
  /** Steps from one measurement to the next; the last step is always followed by one. */
  readonly measureEvery: number;
  /** Measurements in a row without a better one that end the training; by default nothing ends it early. */
  readonly patience?: number;
}

/** What happens while a job is done: all that is not data. */
export interface TrainingHooks {
  /** The weights that the job names. */
  readonly start: Adapter;
  /** What may be spent, measuring included. Where the clock changes it, the steps become as many as it pays for. */
  readonly budget: Purse;
  /** Tokens of a measurement, until one has been made. */
  readonly measuring?: number;
  /** Measures the weights on the valset. */
  readonly measure: (weights: Adapter) => Promise<Evaluation>;
  /** Called after a measurement that is not the last; what it costs, in tokens, belongs to the training. */
  readonly afterMeasurement?: (weights: Adapter) => Promise<number>;
  /** Draws the batches of a curriculum; by default every row once before any twice. */
  readonly batches?: (count: number) => readonly Row[];
  readonly onStep?: (step: TrainingStep) => void;
  readonly signal?: AbortSignal;
}

export interface TrainingStep {
  /** As many as are planned now. */
  readonly steps: number;
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Tokens of the training so far. */
  readonly tokensUsed: number;
  /** The soft prompt's own, of a step that moved it. */
  readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
}

export interface Trained {
  readonly adapter: Adapter;
  /** Of the adapter, on the valset; absent where nothing could be measured within the budget. */
  readonly evaluation?: Evaluation;
  readonly tokensUsed: number;
  /** Among how many it is the best. */
  readonly measurements: number;
  /** After which it was measured. */
  readonly steps: number;
}
