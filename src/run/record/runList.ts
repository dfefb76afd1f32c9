/** @file The list of a workspace's runs for an editor, read without blocking its event loop. */
import { join } from 'node:path';
import { describeError, TandemError } from '../../errors.ts';
import { explainedError } from './fileErrors.ts';
import { readJournalInStretches, readLastLine } from './journal.ts';
import { lockHolder } from './lock.ts';
import { findRun, listRuns, readRecord, runsOf, type RunDirectory } from './runDirectory.ts';
import { apply } from './fold.ts';
import { initialState, type RunState } from './state.ts';

/** 'unfinished': it was killed, or a process is working on it. An unfinished or failed run can be resumed. */
export type Standing = 'ended' | 'failed' | 'unfinished';

export interface ListedRun {
  readonly directory: RunDirectory;
  /** Absolute path of the prompt file. */
  readonly prompt: string;
  /** ISO 8601. */
  readonly created: string;
  readonly standing: Standing;
  /** The process that is working on it; 'unclear' if its lock does not say, e.g. because it belongs to another machine. */
  readonly worker?: number | 'unclear';
}

/** The folder of a run that cannot be read, and why. */
export interface UnreadableRun {
  readonly run: string;
  /** Absolute path. */
  readonly path: string;
  readonly error: TandemError;
}

/** Newest first. @param onUnreadable called for each run that is left out */
export async function readRunList(workspace: string, onUnreadable: (unreadable: UnreadableRun) => void = () => {}): Promise<ListedRun[]> {
  const list: ListedRun[] = [];
  for (const run of listRuns(workspace).reverse()) {
    const path = join(runsOf(workspace), run);
    try {
      list.push(await listed(findRun(workspace, path)));
    } catch (thrown) {
      const error = explainedError(thrown);
      if (!(error instanceof TandemError)) throw error;
      onUnreadable({ run, path, error });
    }
  }
  return list;
}

async function listed(directory: RunDirectory): Promise<ListedRun> {
  const { spec, created } = readRecord(directory);
  const last = await readLastLine(directory.journal);
  const standing = last?.type === 'runEnded' ? 'ended' : last?.type === 'runFailed' ? 'failed' : 'unfinished';
  const worker = standing === 'ended' ? undefined : lockHolder(directory.lock);
  return { directory, prompt: spec.prompt, created, standing, ...(worker !== undefined && { worker }) };
}

/** `2026-01-01-000000-intent cannot be read: …`, for people. */
export const unreadableText = ({ run, error }: UnreadableRun): string => `${run} cannot be read: ${describeError(error)}`;

/** The run's state from its journal, and the number of lines. @throws TandemError reasons 'bad-journal', 'newer-version' */
export async function readRun({ journal }: RunDirectory): Promise<{ state: RunState; lines: number }> {
  let state = initialState;
  let lines = 0;
  for await (const stretch of readJournalInStretches(journal)) {
    state = stretch.reduce(apply, state);
    lines += stretch.length;
  }
  return { state, lines };
}
