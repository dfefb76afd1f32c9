/** @file Everything that a run reports. The journal is these events on disk, and every surface shows a fold over them. */
import type { AnswerTokens } from '../../evaluate/answerTokens.ts';
import type { LoraConfig } from '../../model/adapter.ts';
import type { MeasuredControl } from '../../optimize/baselines/controls.ts';
import type { ControlName } from '../../optimize/baselines/names.ts';
import type { Curriculum, Pacing } from '../../optimize/curriculum.ts';
import type { Estimate, OptimizationEvent, PhaseTarget } from '../../optimize/events.ts';
import type { Worth } from '../../optimize/worth.ts';
import type { AnswerEnds } from '../../prompt/decoding.ts';
import type { MeasuredRows } from '../rowPlan.ts';
import type { Budget, CoordinatorName, ExecutorName, TuneChoice, RowLimits, Schedule, SoftPromptChoice, Split, Strategy } from '../spec.ts';

/** What the run is about, as found at its start. */
export interface RunConfig {
  /** Name of the run's directory. */
  readonly run: string;
  /** Path of the prompt file, relative to the workspace. */
  readonly prompt: string;
  /** Paths of the data files, relative to the workspace. */
  readonly data: readonly string[];
  readonly model: { readonly name: string; readonly fingerprint: string };
  readonly metric: string;
  readonly seed: number;
  readonly budget: Budget;
  /** Absent for the alternating coordinator. */
  readonly coordinator?: CoordinatorName;
  readonly soft?: SoftPromptChoice;
  readonly schedule: Schedule;
  readonly strategy: Strategy | 'default';
  readonly tune: TuneChoice;
  /** Absent if nothing grows. */
  readonly curriculum?: { readonly of: Curriculum; readonly pacing: Pacing };
  /** For a program whose steps have separate adapters. */
  readonly adapters?: 'per-step';
  /** How long free-text answers may be and what ends them, step by step; null for a step that chooses labels. Absent if all steps do. */
  readonly answerEnds?: readonly (AnswerEnds | null)[];
  /** The controls that the run is compared with after its test, each at the same compute. Absent if none were requested. */
  readonly controls?: readonly ControlName[];
  /** The date that the chat template is given, YYYY-MM-DD. Absent if it reads none. */
  readonly chatDate?: string;
  /** The requested shape of new adapters. Absent without a request. */
  readonly lora?: Partial<LoraConfig>;
  /** When a shorter prompt is kept. Absent from journals of versions that did not do this. */
  readonly worth?: Worth;
  /** What writes new instructions, and its separate token budget. Absent if nothing does. */
  readonly writer?: { readonly name: string; readonly budget: number };
  /** Rows of each split that the run uses. Of validation and test rows it uses as many as the budget pays for, once that is known. */
  readonly splits: { readonly train: number; readonly val: number; readonly test: number };
  readonly limits: RowLimits;
  readonly executor: ExecutorName;
  readonly threads: number;
  readonly versions: { readonly tandem: string; readonly node: string; readonly platform: string };
  /** ISO 8601. */
  readonly startedAt: string;
}

export type RunEvent =
  | OptimizationEvent
  | { readonly type: 'runStarted'; readonly config: RunConfig }
  /** A warning for people, e.g. about nearly identical rows in two splits. */
  | { readonly type: 'noticed'; readonly message: string }
  /** The budget in tokens: final if it was given in tokens, a first plan if it was given as a time. */
  | {
      readonly type: 'rateMeasured';
      readonly tokensPerSecond: number;
      readonly budget: number;
      /** The rows that the budget pays for, if they are fewer than the splits have. */
      readonly rows?: MeasuredRows;
      /** With a budget of time, what a row costs to measure once. */
      readonly tokensPerRow?: number;
    }
  /** With a budget of time, what the clock decides from here on. It is written before it is used, so that nothing else depends on the clock. */
  | {
      readonly type: 'budgetPlanned';
      /** Tokens spent so far. */
      readonly tokensUsed: number;
      /** Tokens that may be spent in total. */
      readonly budget: number;
      readonly tokensPerSecond: number;
      /** Milliseconds that are left for the optimization, and milliseconds that are reserved for the test. */
      readonly left: number;
      readonly reserve: number;
    }
  /** What the writer answered, recorded before it is used. A repeated request of the run is not recorded again. */
  | {
      readonly type: 'writerAnswered';
      /** 0 before the first phase. */
      readonly phase: number;
      /** SHA-256 of the request. */
      readonly request: string;
      readonly text: string;
      /** The writer's own tokens, including those of the request. */
      readonly tokens: number;
      readonly requests: number;
    }
  | { readonly type: 'writerFailed'; readonly phase: number; readonly request: string; readonly reason: string; readonly message: string }
  | { readonly type: 'stopRequested' }
  | { readonly type: 'testOpened'; readonly rows: number }
  | {
      /** What one answer costs at the start and at the end. Only `time` depends on the clock. */
      readonly type: 'priceMeasured';
      readonly split: Split;
      /** The number of rows over which the tokens are means. */
      readonly rows: number;
      readonly before: AnswerTokens;
      readonly after: AnswerTokens;
      /** Median milliseconds of an answer that is requested alone. Absent if there was no time for any. */
      readonly time?: { readonly rows: number; readonly before: number; readonly after: number };
    }
  | {
      readonly type: 'controlStarted';
      readonly control: ControlName;
      readonly because: string;
      /** The run's tokens. */
      readonly budget: number;
    }
  | {
      readonly type: 'controlProgressed';
      readonly control: ControlName;
      /** 0 when its start has been measured, otherwise the phase that has ended. */
      readonly phase: number;
      readonly target?: PhaseTarget;
      readonly accepted?: boolean;
      /** Its best score so far, on the validation rows. */
      readonly score: Estimate;
      readonly tokensUsed: number;
    }
  | ({ readonly type: 'controlMeasured'; readonly control: ControlName; readonly tokensUsed: number } & MeasuredControl)
  | { readonly type: 'runEnded'; readonly because: string }
  | { readonly type: 'runFailed'; readonly reason: string; readonly message: string };

export type PriceMeasured = Extract<RunEvent, { type: 'priceMeasured' }>;

export const journalVersion = 2;

/** An event as a line of the journal. */
export type JournalLine = RunEvent & {
  readonly version: typeof journalVersion;
  /** 0, 1, 2, ... without gaps. */
  readonly seq: number;
  /** Milliseconds since the user began to wait for the run, including preflight and loading. The time between a kill and the resume does not count. */
  readonly at: number;
};
