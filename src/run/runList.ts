/** @file The runs of a workspace as an editor lists them, read without holding up its event loop. */
import { TandemError } from '../errors.ts';
import { readJournalInStretches, readLastLine } from './journal.ts';
import { lockHolder } from './lock.ts';
import { findRun, listRuns, readRecord, type RunDirectory } from './runDirectory.ts';
import { apply, initialState, type RunState } from './state.ts';

/** 'unfinished': it was killed, or a process is working on it. Such a run and a failed one can be resumed. */
export type Standing = 'ended' | 'failed' | 'unfinished';

export interface ListedRun {
  readonly directory: RunDirectory;
  /** Absolute path of the prompt file. */
  readonly prompt: string;
  /** ISO 8601. */
  readonly created: string;
  readonly standing: Standing;
  /** The process that works on it; 'unclear' where its lock does not tell whether there is one, e.g. because it is another machine's. */
  readonly worker?: number | 'unclear';
}

/** Newest first; a run whose record cannot be read is left out. */
export async function readRunList(workspace: string): Promise<ListedRun[]> {
  const list: ListedRun[] = [];
  for (const name of listRuns(workspace).reverse()) {
    const directory = findRun(workspace, name);
    const last = await readLastLine(directory.journal);
    try {
      const { spec, created } = readRecord(directory);
      const standing = last?.type === 'runEnded' ? 'ended' : last?.type === 'runFailed' ? 'failed' : 'unfinished';
      const worker = standing === 'ended' ? undefined : lockHolder(directory.lock);
      list.push({ directory, prompt: spec.prompt, created, standing, ...(worker !== undefined && { worker }) });
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
    }
  }
  return list;
}

/** The run as its journal tells it, and how many lines that took. @throws TandemError reasons 'bad-journal', 'newer-version' */
export async function readRun({ journal }: RunDirectory): Promise<{ state: RunState; lines: number }> {
  let state = initialState;
  let lines = 0;
  for await (const stretch of readJournalInStretches(journal)) {
    state = stretch.reduce(apply, state);
    lines += stretch.length;
  }
  return { state, lines };
}
