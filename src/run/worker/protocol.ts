/** @file The messages between a run's process and the process that started it. */
import { TandemError, type Place } from '../../errors.ts';
import type { WriteOptions, WriterMessage } from '../../model/writer.ts';
import type { Preflight } from '../../optimize/preflight.ts';
import type { AnsweringWeights, AnswerRowOptions, RowAnswer } from '../answerRow.ts';
import type { Exported, ExportSpec } from '../exportAdapter.ts';
import type { JournalLine } from '../record/events.ts';
import { explainedError } from '../record/fileErrors.ts';
import type { LineMeasurement, PromptMeasurement } from '../measure.ts';
import type { ListOptions, RowList } from '../measuredRows.ts';
import type { Rendered, RenderOptions } from '../render.ts';
import type { RunSpec, SessionSpec, Split } from '../spec.ts';
import type { WriterExample } from '../writerExample.ts';

/** The worker's methods. It takes one request at a time, except for `stop`. */
export interface Methods {
  optimize: { readonly params: { readonly spec: RunSpec }; readonly result: RunResult };
  resume: { readonly params: { readonly directory: string } & Pick<RunSpec, 'allowModules' | 'writerConsent'>; readonly result: RunResult };
  /** Measures a prompt and keeps its numbers in `.tandem/results/`. The model stays loaded for the next time. */
  evaluate: { readonly params: MeasureParams; readonly result: PromptMeasurement };
  /** The same for each line of a prompt. */
  attribute: { readonly params: MeasureParams; readonly result: LineMeasurement };
  /** Writes an adapter in a form that other programs load. */
  export: { readonly params: { readonly spec: ExportSpec }; readonly result: Exported };
  /** Whether tuning the prompt or the weights is likely to help. */
  preflight: { readonly params: { readonly spec: RunSpec; /** Milliseconds. */ readonly within?: number }; readonly result: Preflight };
  /** The rows that a prompt is measured on, at most this many of each split. Nothing is measured and no model is loaded. */
  rows: { readonly params: { readonly spec: SessionSpec } & ListOptions; readonly result: readonly RowList[] };
  /** What a writer would be sent. Nothing is sent and no model is loaded. */
  writerExample: { readonly params: { readonly spec: SessionSpec }; readonly result: WriterExample };
  /** The model's input for one row. Nothing is measured. */
  render: { readonly params: RenderParams; readonly result: Rendered };
  /** Answers one row that is not measured, and reports the answer while it is written. */
  answer: { readonly params: AnswerParams; readonly result: readonly RowAnswer[] };
  /** Ends the current run gracefully, keeping the best state so far. A measurement is cancelled, with a TandemError of reason 'stopped'. */
  stop: { readonly params: Record<never, never>; readonly result: Record<never, never> };
}
export type MethodName = keyof Methods;

export interface MeasureParams {
  readonly spec: SessionSpec;
  readonly split: Split;
  /** Measures the prompt only on the rows of these lines of the data file, and keeps nothing, because the prompt's number covers all rows. */
  readonly lines?: readonly number[];
}

export interface AnswerParams extends AnswerRowOptions {
  readonly spec: SessionSpec;
}

export interface RenderParams extends RenderOptions {
  readonly spec: SessionSpec;
}

export interface RunResult {
  /** Path of the run's directory. Its journal has the rest. */
  readonly directory: string;
}

/** What the worker can ask the process that started it while it works on a request. */
export interface HostMethods {
  /** A language model of the editor answers. */
  write: {
    readonly params: WriteParams;
    readonly result: { readonly text: string; /** Where the editor counts them. */ readonly tokens?: number };
  };
}
export type HostMethodName = keyof HostMethods;

export interface WriteParams extends Omit<WriteOptions, 'signal'> {
  /** The editor's id of the model. */
  readonly model: string;
  readonly messages: readonly WriterMessage[];
}

/** A question of the worker, or its withdrawal, after which no answer is expected. */
export type Question =
  | {
      [M in HostMethodName]: {
        readonly type: 'question';
        readonly id: number;
        readonly method: M;
        readonly params: HostMethods[M]['params'];
      };
    }[HostMethodName]
  | { readonly type: 'questionDropped'; readonly id: number };

/** The answer to a question of the worker. */
export type Answer =
  | { readonly type: 'answer'; readonly id: number; readonly result: HostMethods[HostMethodName]['result'] }
  | { readonly type: 'answerFailed'; readonly id: number; readonly error: SentError };

export type ToWorker = Request | Answer;

export type Request = {
  [M in MethodName]: { readonly type: 'request'; readonly id: number; readonly method: M; readonly params: Methods[M]['params'] };
}[MethodName];

/** What the worker reports without being asked. Heartbeats come from its second thread through a separate pipe, see `beat.ts`. */
export type Notification =
  | { readonly type: 'heartbeat'; /** Resident memory in bytes. */ readonly memory: number }
  | { readonly type: 'runOpened'; readonly directory: string }
  | { readonly type: 'line'; readonly line: JournalLine; /** A former process wrote it. */ readonly replayed: boolean }
  /** A warning for people about what is measured. A run has its warnings among its events. */
  | { readonly type: 'noticed'; readonly message: string }
  /** The answer to a row, as far as it is written. */
  | { readonly type: 'written'; readonly weights: AnsweringWeights; readonly text: string }
  /** The worker's current work while there is no event to report, e.g. loading the model. `share` of it is done, 0 to 1. */
  | { readonly type: 'busy'; readonly what: string; readonly share?: number };

export type Reply =
  | { readonly type: 'result'; readonly id: number; readonly result: Methods[MethodName]['result'] }
  | { readonly type: 'error'; readonly id: number; readonly error: SentError };

export type FromWorker = Notification | Reply | Question;

/** An error in the form that is sent as JSON. A user's error has a reason, any other has a stack. */
export interface SentError {
  readonly message: string;
  readonly reason?: string;
  readonly where?: Place;
  readonly hint?: string;
  readonly stack?: string;
}

export function sendableError(thrown: unknown): SentError {
  const error = explainedError(thrown);
  if (error instanceof TandemError) return { reason: error.reason, message: error.message, where: error.where, hint: error.hint };
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) };
}

export function receivedError({ reason, message, where, hint, stack }: SentError): Error {
  if (reason !== undefined) return new TandemError(reason, message, { where, hint });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
