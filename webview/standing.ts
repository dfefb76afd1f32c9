/** @file Where a run stands, in words: its status, a sentence that explains it, and what the user can do. */
import type { Vitals } from '../src/extension/panelMessages.ts';
import { bytes, count, duration } from '../src/run/words/format.ts';
import { isTimed, progressOf, remainingTime, type RunState } from '../src/run/record/state.ts';
import { doing, endedText, wasStopped } from '../src/run/words/words.ts';
import type { ShownRun } from './follow.ts';

export type Tone = 'busy' | 'good' | 'bad' | 'idle';

export interface Standing {
  readonly label: string;
  readonly tone: Tone;
  /** The name of a codicon. */
  readonly icon: string;
}

const names: Readonly<Record<RunState['status'], Standing>> = {
  starting: { label: 'Starting', tone: 'busy', icon: 'loading' },
  running: { label: 'Running', tone: 'busy', icon: 'loading' },
  stopping: { label: 'Stopping', tone: 'busy', icon: 'loading' },
  testing: { label: 'Testing', tone: 'busy', icon: 'loading' },
  ended: { label: 'Ended', tone: 'good', icon: 'check' },
  failed: { label: 'Failed', tone: 'bad', icon: 'error' },
};

export function standingOf({ state, live }: Pick<ShownRun, 'state' | 'live'>): Standing {
  if (live && state.status === 'failed') return { ...names.starting, label: 'Resuming' };
  if (wasStopped(state)) return { label: 'Stopped', tone: 'idle', icon: 'debug-stop' };
  if (live || state.status === 'ended' || state.status === 'failed') return names[state.status];
  return { label: 'Interrupted', tone: 'bad', icon: 'warning' };
}

/** What the status means for the reader. */
export function explanation({ state, live, vitals }: Pick<ShownRun, 'state' | 'live' | 'vitals'>): string {
  const { status, failure, config } = state;
  if (status === 'ended') return endedText(state);
  if (!live) {
    const kept = 'Everything up to its last finished phase is kept. Resume continues from there.';
    return status === 'failed' ? `${failure?.message ?? ''} ${kept}`.trim() : `Its process ended before the run was finished. ${kept}`;
  }
  if (vitals.busy !== undefined) return `${vitals.busy}…`;
  if (status === 'failed') return 'Continuing where it stopped…';
  return config ? `${sentence(doing(state))}…` : 'Opening prompt, data and model…';
}

export interface Progress {
  /** 0 to 1; absent while the budget is unknown. */
  readonly share?: number;
  /** Budget, time, memory and the state of the process, as far as they are known. */
  readonly facts: readonly string[];
}

/** The progress of a live run. */
export function progress(state: RunState, { memory, process }: Pick<Vitals, 'memory' | 'process'> = {}): Progress {
  const share = progressOf(state);
  // The estimate uses the speed so far, which says nothing about a process that makes no progress.
  const left = state.status === 'running' && process === undefined ? remainingTime(state) : undefined;
  const facts = [
    share !== undefined && state.budget !== undefined ? `${Math.floor(share * 100)}% of ${budgetText(state)}` : undefined,
    `${duration(state.elapsed)} so far`,
    process,
    left !== undefined ? `about ${duration(left)} left` : undefined,
    memory !== undefined ? `${bytes(memory)} of memory` : undefined,
  ];
  return { ...(share !== undefined && { share }), facts: facts.filter((fact) => fact !== undefined) };
}

/** The budget as it was given: a time or a number of tokens. */
const budgetText = (state: RunState): string => {
  const asked = state.config?.budget;
  return asked && 'seconds' in asked && isTimed(state) ? duration(asked.seconds * 1000) : `${count(state.budget ?? 0)} tokens`;
};

export const canStop = ({ state, live }: ShownRun): boolean => live && state.status !== 'ended' && state.status !== 'failed';
export const canResume = ({ state, live }: ShownRun): boolean => !live && state.status !== 'ended';

/** What to announce to someone who does not see the page; undefined if only numbers changed. */
export function announcement(before: RunState, after: RunState): string | undefined {
  if (after.status !== before.status) {
    const spoken: Partial<Record<RunState['status'], string>> = {
      stopping: 'Stopping. The best result so far is kept.',
      testing: `Measuring on ${after.testRows ?? 0} test rows.`,
      ended: `The run ended: ${after.because ?? ''}.`,
      failed: `The run failed: ${after.failure?.message ?? ''}`,
    };
    if (spoken[after.status]) return spoken[after.status];
  }
  const phase = after.phases.at(-1);
  if (!phase) return undefined;
  const known = before.phases.find((other) => other.phase === phase.phase);
  if (!known) return `Phase ${phase.phase}, ${phase.block ?? phase.target}, started.`;
  return phase.ended && !known.ended
    ? `Phase ${phase.phase}, ${phase.block ?? phase.target}, ${phase.ended.accepted ? 'kept' : 'not kept'}.`
    : undefined;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
