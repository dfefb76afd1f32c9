/** @file Everything that a run tells: the journal is these events on disk, and every surface is a fold over them. */
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

/** What the run is about, as found when it started. */
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
  /** Absent where it alternates. */
  readonly coordinator?: CoordinatorName;
  readonly soft?: SoftPromptChoice;
  readonly schedule: Schedule;
  readonly strategy: Strategy | 'default';
  readonly tune: TuneChoice;
  /** Absent where nothing grows. */
  readonly curriculum?: { readonly of: Curriculum; readonly pacing: Pacing };
  /** Of a program whose steps have adapters of their own. */
  readonly adapters?: 'per-step';
  /** How long answers of free text may be and what ends them, step by step; null of a step that chooses labels. Absent where all do. */
  readonly answerEnds?: readonly (AnswerEnds | null)[];
  /** What the run is compared with after its test, each at as much compute; absent where nothing was asked. */
  readonly controls?: readonly ControlName[];
  /** The day that the chat template is told, YYYY-MM-DD; absent where it asks for none. */
  readonly chatDate?: string;
  /** What was asked of new adapters; absent where nothing was. */
  readonly lora?: Partial<LoraConfig>;
  /** When a shorter prompt is taken; absent from journals of versions that took none. */
  readonly worth?: Worth;
  /** What writes new instructions, and the tokens of its own that it may spend. Absent where nothing does. */
  readonly writer?: { readonly name: string; readonly budget: number };
  /** Rows of each split that the run uses; of validation and test rows as many as the budget pays for, once that is known. */
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
  /** A warning for people, e.g. rows that stand almost alike in two splits. */
  | { readonly type: 'noticed'; readonly message: string }
  /** The budget in tokens: of one that was given in tokens for good, of one of time for a beginning. */
  | {
      readonly type: 'rateMeasured';
      readonly tokensPerSecond: number;
      readonly budget: number;
      /** What the budget pays for, where that is less than the splits have. */
      readonly rows?: MeasuredRows;
      /** Of a budget of time: what a row costs to measure once. */
      readonly tokensPerRow?: number;
    }
  /** Of a budget of time: what the clock decides from here on. It is written before it is used, so that nothing else hangs on the clock. */
  | {
      readonly type: 'budgetPlanned';
      /** Spent so far. */
      readonly tokensUsed: number;
      /** Tokens that may be spent in all. */
      readonly budget: number;
      readonly tokensPerSecond: number;
      /** Milliseconds that are left for the optimization, and those that are kept for the test. */
      readonly left: number;
      readonly reserve: number;
    }
  /** What the writer said, before it is used. A request that the run has made before is not told again. */
  | {
      readonly type: 'writerAnswered';
      /** 0 before the first. */
      readonly phase: number;
      /** SHA-256 of the request. */
      readonly request: string;
      readonly text: string;
      /** Of the writer's own, those of the request among them. */
      readonly tokens: number;
      readonly requests: number;
    }
  | { readonly type: 'writerFailed'; readonly phase: number; readonly request: string; readonly reason: string; readonly message: string }
  | { readonly type: 'stopRequested' }
  | { readonly type: 'testOpened'; readonly rows: number }
  | {
      /** What one answer costs at the start and at the end. `time` alone is the clock's. */
      readonly type: 'priceMeasured';
      readonly split: Split;
      /** Over which the tokens are means. */
      readonly rows: number;
      readonly before: AnswerTokens;
      readonly after: AnswerTokens;
      /** Milliseconds of an answer that is asked for alone: medians. Absent where the time did not pay for any. */
      readonly time?: { readonly rows: number; readonly before: number; readonly after: number };
    }
  | {
      readonly type: 'controlStarted';
      readonly control: ControlName;
      readonly because: string;
      /** Tokens: those of the run. */
      readonly budget: number;
    }
  | {
      readonly type: 'controlProgressed';
      readonly control: ControlName;
      /** 0: its start is measured; else a phase of it has ended. */
      readonly phase: number;
      readonly target?: PhaseTarget;
      readonly accepted?: boolean;
      /** Its best so far, on the valset. */
      readonly score: Estimate;
      readonly tokensUsed: number;
    }
  | ({ readonly type: 'controlMeasured'; readonly control: ControlName; readonly tokensUsed: number } & MeasuredControl)
  | { readonly type: 'runEnded'; readonly because: string }
  | { readonly type: 'runFailed'; readonly reason: string; readonly message: string };

export type PriceMeasured = Extract<RunEvent, { type: 'priceMeasured' }>;

export const journalVersion = 2;

/** An event as it stands in the journal. */
export type JournalLine = RunEvent & {
  readonly version: typeof journalVersion;
  /** 0, 1, 2, ... without gaps. */
  readonly seq: number;
  /** Milliseconds since the user began to wait for the run, preflight and loading among them; the time between a kill and the resume does not count. */
  readonly at: number;
};
