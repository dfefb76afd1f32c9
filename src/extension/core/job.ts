/** @file A job of the editor: what it was asked to do, how far it is, and how that reads. */
import { basename } from 'node:path';
import { vitalityText, type Vitality } from '../../run/worker/beat.ts';
import { duration, percent } from '../../run/words/format.ts';
import type { Preflight } from '../../optimize/preflight.ts';
import type { Exported, ExportSpec } from '../../run/exportAdapter.ts';
import type { LineMeasurement, PromptMeasurement } from '../../run/measure.ts';
import type { AnsweringWeights, RowAnswer } from '../../run/answerRow.ts';
import type { AnswerParams, MeasureParams } from '../../run/worker/protocol.ts';
import type { RunDirectory } from '../../run/record/runDirectory.ts';
import type { RunSpec } from '../../run/spec.ts';
import { progressOf, remainingTime, type RunState } from '../../run/record/state.ts';
import { doing } from '../../run/words/words.ts';

export type Task =
  /** `preflight`: what it found before this run. */
  | { readonly kind: 'optimize'; readonly prompt: string; readonly spec: RunSpec; readonly preflight?: Preflight }
  /** `within`: milliseconds after which nothing more is tried. */
  | { readonly kind: 'preflight'; readonly prompt: string; readonly spec: RunSpec; readonly within?: number }
  | ({ readonly kind: 'resume'; readonly prompt: string; readonly directory: RunDirectory } & Pick<
      RunSpec,
      'allowModules' | 'writerConsent'
    >)
  | { readonly kind: 'export'; readonly prompt: string; readonly spec: ExportSpec }
  | ({ readonly kind: 'answer'; readonly prompt: string } & AnswerParams)
  | ({ readonly kind: 'evaluate' | 'attribute'; readonly prompt: string } & MeasureParams);

/** 'stopping': asked to end, and not there yet. The last three are final. */
export type JobStatus = 'waiting' | 'running' | 'stopping' | 'done' | 'stopped' | 'failed';

export interface Job {
  readonly id: number;
  /** Jobs of one folder are done one after the other. */
  readonly folder: string;
  readonly task: Task;
  readonly status: JobStatus;
  /** Date.now() when its turn came. */
  readonly startedAt?: number;
  /** What takes time while there is no event; `share` of it is done, since `at`. */
  readonly busy?: { readonly what: string; readonly share?: number; readonly at: number };
  /** Of a run: the path of its directory, and its state after the lines so far, the latest of which came at `lineAt`. */
  readonly directory?: string;
  readonly run?: RunState;
  readonly lines?: number;
  readonly lineAt?: number;
  /** Resident memory of its process, in bytes. */
  readonly memory?: number;
  /** How its process is; absent while all is well. */
  readonly vitality?: Vitality;
  /** What a process that is silent or gone wrote last. */
  readonly lastLines?: string;
  readonly measured?: PromptMeasurement | LineMeasurement;
  readonly preflight?: Preflight;
  readonly exported?: Exported;
  /** Of a row: what is written of its answer so far, and its answers. */
  readonly written?: { readonly weights: AnsweringWeights; readonly text: string };
  readonly answers?: readonly RowAnswer[];
  /** Of a measurement: warnings about the prompt and its data. */
  readonly notices?: readonly string[];
  readonly error?: Error;
}

/** Whether it is a run on disk, which can be resumed, and not a measurement. */
export const isRun = ({ task }: Pick<Job, 'task'>): boolean => task.kind === 'optimize' || task.kind === 'resume';

export const isOver = ({ status }: Pick<Job, 'status'>): boolean => status === 'done' || status === 'stopped' || status === 'failed';

/** `Evaluating intent.prompt.md`. */
export function jobTitle({ task }: Pick<Job, 'task'>): string {
  return `${verbs[task.kind]} ${basename(task.prompt)}`;
}

const verbs: Readonly<Record<Task['kind'], string>> = {
  optimize: 'Optimizing',
  resume: 'Optimizing',
  preflight: 'Running preflight on',
  export: 'Exporting the adapter of',
  answer: 'Answering a row of',
  evaluate: 'Evaluating',
  attribute: 'Measuring the lines of',
};

export interface JobProgress {
  /** What is being done, e.g. `phase 3 weights 24/60 loss 0.512`. */
  readonly what: string;
  /** 0 to 1, where it is known. */
  readonly share?: number;
  /** Milliseconds, where they are known. */
  readonly remaining?: number;
  /** The state of its process where it is worth showing, e.g. `busy, last progress 40 s ago`. */
  readonly process?: string;
}

export function jobProgress(job: Job, now: number): JobProgress {
  const state = stateOf(job, now);
  const process = job.vitality && vitalityText(job.vitality, now);
  if (process === undefined) return state;
  // The remaining time was estimated from its speed so far.
  const { what, share } = state;
  return { what, ...(share !== undefined && { share }), process };
}

/** Whether even its second thread sends nothing: the process may be ended. */
export const isSilent = ({ vitality }: Pick<Job, 'vitality'>): boolean => vitality?.kind === 'silent';

/** What is known of a silent process. */
export const silentText = ({ lastLines }: Job): string =>
  `Its process is not responding. It was stopped, or the system does not let it run.${lastLines ? `\nLast output:\n${lastLines}` : ''}`;

function stateOf(job: Job, now: number): JobProgress {
  const { status, busy, run, lineAt = now } = job;
  if (status === 'waiting') return { what: 'waiting for its turn' };
  if (busy) {
    const waited = now - busy.at;
    const what = `${status === 'stopping' ? 'stopping, ' : ''}${lowerFirst(busy.what)}${waited < 2000 || busy.share ? '' : `… ${duration(waited)}`}`;
    if (busy.share === undefined) return { what };
    return { what, share: busy.share, ...(busy.share > 0 && !run && { remaining: (waited * (1 - busy.share)) / busy.share }) };
  }
  if (!run?.config) return { what: status === 'stopping' ? 'stopping' : 'starting' };
  const share = progressOf(run);
  const remaining = run.status === 'running' ? remainingTime({ ...run, elapsed: run.elapsed + now - lineAt }) : undefined;
  return { what: doing(run), ...(share !== undefined && { share }), ...(remaining !== undefined && { remaining }) };
}

/** `43% · phase 3 weights 24/60 loss 0.512 · 2 min 05 s left`. */
export function progressText({ what, share, remaining, process }: JobProgress): string {
  const parts = [
    share === undefined ? [] : [`${Math.floor(share * 100)}%`],
    // Before what may be cut off: the status bar has no room for all of it.
    process ?? [],
    what,
    remaining === undefined ? [] : `${duration(remaining)} left`,
  ];
  return parts.flat().join(' · ');
}

/** `best 72.0% on 80 validation rows`, once there is one. */
export function bestText({ run }: Job): string | undefined {
  return run?.best && `best ${percent(run.best.score.mean)} on ${run.best.score.rows} validation rows`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
