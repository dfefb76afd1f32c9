/** @file Drives one run from wherever it stands to its end: phases with a checkpoint after each, then the sealed test. */
import { existsSync } from 'node:fs';
import type { Coordinator, OptimizationContext, OptimizationState } from '../optimize/coordinator.ts';
import type { MeasuredState, OptimizationEvent } from '../optimize/events.ts';
import { TandemError } from '../errors.ts';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { runControls, type ControlCheckpoint, type Controls } from './controls.ts';
import type { JournalLine, RunConfig, RunEvent } from './events.ts';
import { explainedError } from './fileErrors.ts';
import { openJournal, readJournal, truncateJournal, type Journal } from './journal.ts';
import { acquireLock } from './lock.ts';
import { affordableRows, atMost, rowsNotice } from './rowPlan.ts';
import type { RunDirectory } from './runDirectory.ts';
import type { Budget } from './spec.ts';
import { apply, initialState, type RunState } from './state.ts';
import { testNotice } from './words.ts';

export interface Execution {
  readonly directory: RunDirectory;
  readonly config: RunConfig;
  /** Warnings for people about data and prompt. */
  readonly notices: readonly string[];
  readonly coordinator: Coordinator;
  /** Everything of the coordinator's context that a run does not set itself. */
  readonly context: Omit<OptimizationContext, 'budget' | 'emit' | 'signal'>;
  /** How fast this machine is on this task. Asked once in the life of a run. */
  readonly measureRate: () => Promise<Rate>;
  /** Opens the sealed test split and compares the four pairs of old and new; absent when there are no test rows. */
  readonly test?: {
    /** @param rows at most so many of them */
    readonly attribute: (context: OptimizationContext, rows: number, start: MeasuredState, best: MeasuredState) => Promise<AttributedEvent>;
  };
  /** Run after the test, at equal compute; without a test there are none. */
  readonly controls?: Controls;
  /** Hears the lines that a former process left, then each new line. */
  readonly onLine: (line: JournalLine, replayed: boolean) => void;
  /** Drops what is remembered: called before each phase, since a resumed run begins its phase with nothing else but the checkpoint. */
  readonly forget?: () => void;
  /** Warnings that can only be given at the end. */
  readonly lateNotices?: () => readonly string[];
  /** Aborting it stops gracefully: the best so far is tested and stands. */
  readonly signal?: AbortSignal;
}

export interface Rate {
  /** Nominal token passes. */
  readonly passesPerSecond: number;
  /** What a row costs to measure once with the prompt as it is. */
  readonly passesPerRow: number;
}

export type AttributedEvent = Extract<OptimizationEvent, { type: 'attributed' }>;

/**
 * Starts the run, or goes on with it after a kill: the journal is cut back to the last checkpoint and continued, so that its end is
 * the same as that of a run that was never killed.
 * @throws TandemError reasons 'run-ended', 'run-locked', 'bad-run', and whatever the optimizer throws, after it is noted in the journal
 */
export async function executeRun(execution: Execution): Promise<RunState> {
  const { directory, signal, onLine } = execution;
  const release = await acquireLock(directory.lock, { work: `the run ${directory.run}`, ...(signal && { signal }) });
  try {
    const { checkpoint, lines } = recover(directory);
    const journal = openJournal(directory.journal, lines);
    let view = initialState;
    const follow = (line: JournalLine, replayed: boolean): void => {
      view = apply(view, line);
      onLine(line, replayed);
    };
    for (const line of lines) follow(line, true);
    const emit = (event: RunEvent): void => follow(journal.append(event), false);
    const onStop = (): void => emit({ type: 'stopRequested' });
    try {
      if (signal?.aborted && !view.stopRequested) onStop();
      signal?.addEventListener('abort', onStop, { once: true });
      await drive(execution, journal, checkpoint, emit, () => view);
      if (!isThere(directory)) throw removed(directory);
      journal.flush();
    } catch (thrown) {
      const error = isThere(directory) ? explainedError(thrown) : removed(directory, thrown);
      const { reason, message } =
        error instanceof TandemError ? error : { reason: 'crashed', message: error instanceof Error ? error.message : String(error) };
      withoutThrowing(() => {
        emit({ type: 'runFailed', reason, message });
        journal.flush();
      });
      throw error;
    } finally {
      signal?.removeEventListener('abort', onStop);
      journal.close();
    }
    return view;
  } finally {
    release();
  }
}

/** An adapter that is written makes its folders anew; the journal does not come back. */
const isThere = ({ journal }: RunDirectory): boolean => existsSync(journal);

/** What a run goes on to do without its journal could never be read. */
const removed = ({ run, path }: RunDirectory, cause?: unknown): TandemError =>
  new TandemError('run-removed', `The folder of the run ${run} was removed while it was worked on.`, {
    where: { file: path },
    hint: 'Start the run again. To make room while one is on: tandem clean',
    cause,
  });

/** Where the disk is full there may be no room to say so. */
function withoutThrowing(act: () => void): void {
  try {
    act();
  } catch {
    // The error that led here is the one to tell.
  }
}

async function drive(
  {
    directory,
    config,
    notices,
    coordinator,
    context,
    measureRate,
    test,
    controls,
    forget = () => {},
    lateNotices = () => [],
    signal,
  }: Execution,
  journal: Journal,
  saved: Checkpoint | undefined,
  emit: (event: RunEvent) => void,
  view: () => RunState,
): Promise<void> {
  if (!view().config) {
    emit({ type: 'runStarted', config });
    for (const message of notices) emit({ type: 'noticed', message });
  }
  if (view().budget === undefined) {
    const { passesPerSecond, passesPerRow } = await measureRate();
    const budget = toPasses(config.budget, passesPerSecond);
    const rows = affordableRows(config.splits, config.limits, budget, passesPerRow);
    const notice = rowsNotice(config.splits, rows);
    // Before the rate, up to which the journal stands after a kill.
    if (notice !== undefined) emit({ type: 'noticed', message: notice });
    emit({ type: 'rateMeasured', passesPerSecond, budget, ...(notice !== undefined && { rows }) });
    journal.flush();
  }
  const { splits } = view().config!;
  const valset = atMost(context.valset, splits.val);
  const whole: OptimizationContext = { ...context, valset, budget: view().budget!, emit, ...(signal && { signal }) };
  const save = (state: OptimizationState, control?: ControlCheckpoint): OptimizationState => {
    if (!isThere(directory)) throw removed(directory);
    journal.flush();
    writeCheckpoint(directory.path, { lines: journal.count(), state, ...(control && { control }) });
    forget();
    return state;
  };
  forget();
  let state = saved?.state ?? save(await coordinator.begin(whole));
  while (!state.done && !view().stopRequested) state = save(await coordinator.advance(whole, state));
  if (test && splits.test > 0) {
    if (!view().attribution) {
      emit({ type: 'testOpened', rows: splits.test });
      const attributed = await test.attribute({ ...whole, signal: undefined }, splits.test, state.start, state.best);
      const notice = testNotice(attributed);
      // Before the event up to which a resumed run takes the test as done.
      if (notice !== undefined) emit({ type: 'noticed', message: notice });
      emit(attributed);
    }
    if (controls && !view().stopRequested) {
      save(state, saved?.control);
      const keep = (control: ControlCheckpoint | undefined): void => void save(state, control);
      await runControls(controls, { context: whole, rows: splits.test, run: state.best, saved: saved?.control, view, emit, save: keep });
    }
  }
  for (const message of lateNotices()) emit({ type: 'noticed', message });
  const because = state.done || 'ended';
  const stopped = state.done && view().controls.length > 0 ? `${because}; its controls were stopped by the user` : 'stopped by the user';
  emit({ type: 'runEnded', because: view().stopRequested ? stopped : because });
}

/** Cuts the journal back to what the last checkpoint stands for; before the first one, to the measured rate. */
function recover(directory: RunDirectory): { checkpoint: Checkpoint | undefined; lines: JournalLine[] } {
  const checkpoint = readCheckpoint(directory.path);
  const written = readJournal(directory.journal);
  if (written.some(({ type }) => type === 'runEnded')) {
    throw new TandemError('run-ended', `The run ${directory.run} has ended.`, { hint: `Read it with: tandem report ${directory.run}` });
  }
  const count = checkpoint?.lines ?? written.findIndex(({ type }) => type === 'rateMeasured') + 1;
  if (count > written.length) {
    throw new TandemError('bad-run', `The journal has ${written.length} lines, its checkpoint speaks of ${count}.`, {
      where: { file: directory.journal },
    });
  }
  return { checkpoint, lines: truncateJournal(directory.journal, count) };
}

function toPasses(budget: Budget, passesPerSecond: number): number {
  return 'passes' in budget ? budget.passes : Math.round(budget.seconds * passesPerSecond);
}
