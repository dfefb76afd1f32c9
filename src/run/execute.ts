/** @file Drives one run from its current position to its end: phases with a checkpoint after each, then the sealed test. */
import { existsSync } from 'node:fs';
import type { Row } from '../data/dataset.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from '../optimize/coordinator.ts';
import { TandemError } from '../errors.ts';
import type { Writer } from '../model/writer.ts';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './record/checkpoint.ts';
import { runControls, type ControlCheckpoint, type Controls } from './controls.ts';
import type { JournalLine, RunConfig, RunEvent } from './record/events.ts';
import { explainedError } from './record/fileErrors.ts';
import { finalTest, type FinalTest } from './finalTest.ts';
import { noInterrupt, type Interrupt } from './worker/interrupt.ts';
import { clockFrom, openJournal, readJournal, truncateJournal, type Journal } from './record/journal.ts';
import { acquireLock } from './record/lock.ts';
import { measurePrice, priceClock, pricedStates, type PriceMeter } from './price.ts';
import type { Rate } from './rate.ts';
import { recordingWriter } from './recordingWriter.ts';
import { affordableRows, atMost, rowsNotice } from './rowPlan.ts';
import type { RunDirectory } from './record/runDirectory.ts';
import { apply } from './record/fold.ts';
import { initialState, type RunState } from './record/state.ts';
import { noStepReason, planOf, spent, timesOf } from './record/times.ts';
import { stoppedByUser } from './words/words.ts';
import { openAnswers } from './writerAnswers.ts';

export interface Execution {
  readonly directory: RunDirectory;
  readonly config: RunConfig;
  /** Warnings for people about data and prompt. */
  readonly notices: readonly string[];
  readonly coordinator: Coordinator;
  /** Everything of the coordinator's context that a run does not set itself. */
  readonly context: Omit<OptimizationContext, 'budget' | 'emit' | 'signal' | 'writer'>;
  /** Writes new instructions. Its answers are recorded before they are used. */
  readonly writer?: RunWriter;
  /** How fast this machine is on this task. Measured once per run. */
  readonly measureRate: () => Promise<Rate>;
  /** The least cost of the start and a first step, in measurements on the validation rows. Used for the hint if the budget pays for no step. */
  readonly leastMeasurements?: number;
  /** Absent if there are no test rows. */
  readonly test?: FinalTest;
  /** Measures at the end what an answer costs. Absent if nobody asks for that. */
  readonly price?: PriceMeter;
  /** Run after the test, at equal compute. Without a test they do not run. */
  readonly controls?: Controls;
  /** Called with the lines that a previous process left, then with each new line. */
  readonly onLine: (line: JournalLine, replayed: boolean) => void;
  /** Drops cached answers. Called before each phase, because a resumed run begins its phase with nothing but the checkpoint. */
  readonly forget?: () => void;
  /** Warnings that can only be given at the end. */
  readonly lateNotices?: () => readonly string[];
  /** Aborting it ends the current phase at once. What was accepted before is tested and kept. */
  readonly signal?: AbortSignal;
  /** Ends the model's current work. */
  readonly interrupt?: Interrupt;
  /** Milliseconds since the user began to wait for this process's part of the run. By default the count starts now. */
  readonly waited?: () => number;
}

export interface RunWriter {
  readonly writer: Writer;
  /** Tokens of the writer that the run may spend. */
  readonly budget: number;
  /** Called when the writer is asked. */
  readonly onBusy?: (what: string) => void;
}

/**
 * Starts the run, or continues it after a kill. The journal is cut back to the last checkpoint and continued, so that it ends the same as
 * the journal of a run that was never killed, except for what the clock decides with a budget of time.
 * @throws TandemError reasons 'run-ended', 'run-locked', 'bad-run', and whatever the optimizer throws, after it is recorded in the journal
 */
export async function executeRun(execution: Execution): Promise<RunState> {
  const { directory, signal, onLine, waited = clockFrom() } = execution;
  const release = await acquireLock(directory.lock, { work: `the run ${directory.run}`, ...(signal && { signal }) });
  try {
    const { checkpoint, lines, before } = recover(directory);
    const elapsed = (): number => before + waited();
    const journal = openJournal(directory.journal, lines, elapsed);
    let view = initialState;
    const told = new Set<string>();
    const follow = (line: JournalLine, replayed: boolean): void => {
      view = apply(view, line);
      if (line.type === 'writerAnswered' || line.type === 'writerFailed') told.add(line.request);
      onLine(line, replayed);
    };
    for (const line of lines) follow(line, true);
    const emit = (event: RunEvent): void => follow(journal.append(event), false);
    const onStop = (): void => emit({ type: 'stopRequested' });
    try {
      if (signal?.aborted && !view.stopRequested) onStop();
      signal?.addEventListener('abort', onStop, { once: true });
      await drive(execution, { journal, saved: checkpoint, emit, view: () => view, told, elapsed });
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

/** Writing an adapter recreates its folders, but nothing recreates the journal. */
const isThere = ({ journal }: RunDirectory): boolean => existsSync(journal);

/** Nothing that a run does without its journal could ever be read. */
const removed = ({ run, path }: RunDirectory, cause?: unknown): TandemError =>
  new TandemError('run-removed', `The folder of the run ${run} was removed during the run.`, {
    where: { file: path },
    hint: 'Start the run again. To free space during a run, use: tandem clean',
    cause,
  });

/** If the disk is full there may be no room to record the failure. */
function withoutThrowing(act: () => void): void {
  try {
    act();
  } catch {
    // The error that led here is the one to report.
  }
}

interface Driving {
  readonly journal: Journal;
  readonly saved: Checkpoint | undefined;
  readonly emit: (event: RunEvent) => void;
  readonly view: () => RunState;
  /** Requests to the writer that are in the journal. */
  readonly told: ReadonlySet<string>;
  /** Milliseconds of running time. */
  readonly elapsed: () => number;
}

async function drive(execution: Execution, driving: Driving): Promise<void> {
  const {
    directory,
    config,
    notices,
    coordinator,
    context,
    test,
    price,
    controls,
    forget = () => {},
    lateNotices = () => [],
    signal,
  } = execution;
  const { journal, saved, emit, view, told, elapsed } = driving;
  if (!view().config) {
    emit({ type: 'runStarted', config });
    for (const message of notices) emit({ type: 'noticed', message });
  }
  if (view().budget === undefined) await measureBudget(execution, driving);
  const { splits } = view().config!;
  const time = timesOf(view(), price !== undefined);
  const plan = time && planOf(view(), time, saved?.state.tokensUsed ?? 0, { elapsed, emit });
  const valset = atMost(context.valset, splits.val);
  const writer =
    execution.writer &&
    recordingWriter(execution.writer.writer, {
      ...execution.writer,
      answers: openAnswers(directory.answers),
      view,
      told,
      emit,
      flush: () => journal.flush(),
    });
  const whole: OptimizationContext = {
    ...context,
    valset,
    budget: view().budget!,
    emit,
    ...(writer && { writer }),
    ...(signal && { signal }),
  };
  const now = (spent: number): OptimizationContext => (plan ? { ...whole, budget: plan.budget(spent), clock: plan.budget } : whole);
  const save = (state: OptimizationState, control?: ControlCheckpoint): OptimizationState => {
    if (!isThere(directory)) throw removed(directory);
    journal.flush();
    writeCheckpoint(directory.path, { lines: journal.count(), state, ...(control && { control }) });
    forget();
    return state;
  };
  const unlessStopped = untilStopped(execution);
  forget();
  let state = saved?.state ?? (await unlessStopped(async () => save(await coordinator.begin(now(0)))));
  while (state && !state.done && !view().stopRequested) {
    const { tokensUsed } = state;
    // The coordinator would report this too, but only after spending tokens that are not left.
    const isSpent = plan !== undefined && plan.budget(tokensUsed) - tokensUsed < (view().history.at(0)?.tokensUsed ?? 0);
    // The answers are forgotten, so the phase measures its start again. Published methods keep their measurements.
    if (!config.schedule.startsWith('baseline:')) plan?.uncounted(view().history.at(0)?.tokensUsed ?? 0);
    if (isSpent) {
      state = save({ ...state, done: spent });
      break;
    }
    state = (await unlessStopped(async () => save(await coordinator.advance(now(tokensUsed), state!)))) ?? state;
  }
  // After a stop the sealed rows are opened only for something that would be applied.
  const isWorthIt = state && (!view().stopRequested || state.best.candidate !== state.start.candidate);
  const states = state && isWorthIt && { start: state.start, best: state.best };
  // After a stop the user is already waiting for this work, so another stop must not end it.
  const atEnd = <T>(work: () => Promise<T>): Promise<T | undefined> => (view().stopRequested ? work() : unlessStopped(work));
  let measured: readonly Row[] = valset;
  if (states && test && splits.test > 0 && !view().attribution) {
    const clock = view().stopRequested
      ? { elapsed, deadline: elapsed() + stopPatience, speed: view().tokensPerSecond!, tokensPerRow: startCost(view()) }
      : plan && { elapsed, deadline: time.test, speed: plan.speed(), tokensPerRow: time.tokensPerRow };
    forget();
    measured = (await atEnd(() => finalTest(test, { ...whole, signal: undefined }, splits.test, states, emit, clock))) ?? [];
  }
  if (states && price && !view().price && measured.length > 0) {
    const split = measured === valset ? 'val' : 'test';
    await atEnd(async () => emit(await measurePrice(price, split, measured, await pricedStates(whole, states), priceClock(view()))));
  }
  if (state && isWorthIt && test && splits.test > 0) {
    if (controls && view().attribution && !view().stopRequested) {
      const { best, tokensUsed } = save(state, saved?.control);
      const keep = (control: ControlCheckpoint | undefined): void => void save(state, control);
      // With a budget of time each control gets the tokens that the run has spent, because compute must be equal, not time.
      const [budget, rows] = time ? [Math.round(tokensUsed), view().attribution!.total.rows] : [whole.budget, splits.test];
      // The writer's budget belongs to the run. Its remainder would be a different budget for each control.
      const asked = { context: { ...whole, budget, writer: undefined }, rows, run: best, saved: saved?.control, view, emit, save: keep };
      await unlessStopped(() => runControls(controls, asked), time && (() => elapsed() > time.all));
      const left = controls.names.filter((name) => !view().controls.find(({ control }) => control === name)?.measured);
      if (time && left.length > 0 && !view().stopRequested) emit({ type: 'noticed', message: leftOutNotice(left) });
    }
  }
  for (const message of lateNotices()) emit({ type: 'noticed', message });
  emit({ type: 'runEnded', because: reasonOf(state, view(), execution) });
}

/** The most milliseconds that the test may take after a stop. It takes fewer rows then. */
const stopPatience = 15_000;

/** Tokens that one row cost at the start. */
const startCost = ({ history, start }: RunState): number => (history.at(0)?.tokensUsed ?? 0) / Math.max(1, start?.score.rows ?? 1);

/** The budget in tokens, which is a first plan for a budget of time, and the rows that it pays for. */
async function measureBudget({ config, measureRate, price }: Execution, { journal, emit, view, elapsed }: Driving): Promise<void> {
  const { tokensPerSecond, tokensPerRow } = await measureRate();
  const time = timesOf({ ...view(), tokensPerRow }, price !== undefined);
  const budget = time
    ? Math.round((Math.max(0, time.run - time.reserve(tokensPerSecond) - elapsed()) * tokensPerSecond) / 1000)
    : (config.budget as { tokens: number }).tokens;
  const affordable = affordableRows(config.splits, config.limits, budget, tokensPerRow);
  // With a budget of time, the time that is left at the end pays for some or all of the test rows.
  const rows = time ? { ...affordable, test: config.splits.test } : affordable;
  const notice = rowsNotice(config.splits, rows);
  // Before the rate, because a killed run keeps the journal up to the rate.
  if (notice !== undefined) emit({ type: 'noticed', message: notice });
  emit({ type: 'rateMeasured', tokensPerSecond, budget, ...(notice !== undefined && { rows }), ...(time && { tokensPerRow }) });
  journal.flush();
}

/**
 * Does work that a stop ends at once, even in the middle of a batch.
 * @returns undefined if it was ended, by the user or because time is up
 */
function untilStopped({ signal, interrupt = noInterrupt() }: Execution) {
  return async <T>(work: () => Promise<T>, isOver = (): boolean => false): Promise<T | undefined> => {
    const over = new Error('The time is up.');
    interrupt.check = () => {
      signal?.throwIfAborted();
      if (isOver()) throw over;
    };
    try {
      return await work();
    } catch (error) {
      if (error === over || (signal?.aborted && error === signal.reason)) return undefined;
      throw error;
    } finally {
      interrupt.check = () => {};
    }
  };
}

function reasonOf(
  state: OptimizationState | undefined,
  { stopRequested, controls, history, config, elapsed, tokensPerSecond }: RunState,
  { leastMeasurements = 4 }: Pick<Execution, 'leastMeasurements'>,
): string {
  const start = history.at(0)?.tokensUsed ?? 0;
  const took =
    state?.phase === 0 && state.done === spent ? noStepReason(config!, leastMeasurements * start, elapsed, tokensPerSecond!) : undefined;
  const because = took ?? ((state && state.done) || 'ended');
  if (!stopRequested) return because;
  return state?.done && controls.length > 0 ? `${because}; its controls were ${stoppedByUser}` : stoppedByUser;
}

const leftOutNotice = (names: readonly string[]): string =>
  `There was not enough time for ${names.length === 1 ? 'the control' : 'the controls'} ${names.join(' and ')} with equal compute.`;

/**
 * Cuts the journal back to the last checkpoint, or to the measured rate if there is no checkpoint yet.
 * @returns also the milliseconds of running time that have passed, including those of the lines that are cut
 */
function recover(directory: RunDirectory): { checkpoint: Checkpoint | undefined; lines: JournalLine[]; before: number } {
  const checkpoint = readCheckpoint(directory.path);
  const written = readJournal(directory.journal);
  if (written.some(({ type }) => type === 'runEnded')) {
    throw new TandemError('run-ended', `The run ${directory.run} has already ended.`, {
      hint: `See its report: tandem report ${directory.run}`,
    });
  }
  const count = checkpoint?.lines ?? written.findIndex(({ type }) => type === 'rateMeasured') + 1;
  if (count > written.length) {
    throw new TandemError('bad-run', `The journal has ${written.length} lines, but its checkpoint expects ${count}.`, {
      where: { file: directory.journal },
    });
  }
  return { checkpoint, lines: truncateJournal(directory.journal, count), before: written.at(-1)?.at ?? 0 };
}
