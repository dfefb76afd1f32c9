/** @file Old runs go: which of `.tandem/runs/` stay, and which are removed. Accepted adapters and results lie elsewhere and stay. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { TandemError } from '../../errors.ts';
import { explainedError } from './fileErrors.ts';
import { bytesOf, sweepLeftovers, type Leftover } from './leftovers.ts';
import { acquireLock } from './lock.ts';
import type { RunDirectory } from './runDirectory.ts';
import { readRunList, type ListedRun, type UnreadableRun } from './runList.ts';
import { keptRuns } from '../spec.ts';

export interface Pruned {
  /** Oldest first. */
  readonly runs: readonly { readonly run: string; readonly bytes: number }[];
  readonly leftovers: readonly Leftover[];
  /** What was left although it is old, and why. */
  readonly left: readonly (UnreadableRun | { readonly run: string; readonly error: TandemError })[];
  /** How many runs there are afterwards, those that cannot be read not counted. */
  readonly kept: number;
  /** Freed, or to be freed. */
  readonly bytes: number;
}

export interface PruneOptions {
  /** How many runs stay, the newest first; 0 for all. Default: `keptRuns`. */
  readonly keep?: number;
  /** Only says what it would remove. */
  readonly dryRun?: boolean;
}

/**
 * Removes the runs of a workspace but for the newest, and what killed commands left. These stay too, however many there are: the newest run
 * of each prompt file that is still there, with what it proposes; a run that a process works on; and what cannot be read as a run.
 */
export async function pruneWorkspace(workspace: string, { keep = keptRuns, dryRun = false }: PruneOptions = {}): Promise<Pruned> {
  const left: Pruned['left'][number][] = [];
  const list = await readRunList(workspace, (each) => left.push(each));
  const newestFirst = [...list].sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
  const old = keep === 0 ? [] : newestFirst.filter((run, place) => place >= keep && !isNewestOfPrompt(run, newestFirst)).reverse();
  const runs: Pruned['runs'][number][] = [];
  for (const { directory, worker } of old) {
    const { run, path } = directory;
    const bytes = await bytesOf(path);
    try {
      if (worker !== undefined) throw inWork(run, worker);
      if (!dryRun) await remove(directory);
      runs.push({ run, bytes });
    } catch (thrown) {
      const error = explainedError(thrown);
      if (!(error instanceof TandemError)) throw error;
      left.push({ run, error });
    }
  }
  const leftovers = await sweepLeftovers(workspace, { dryRun });
  const bytes = [...runs, ...leftovers].reduce((sum, each) => sum + each.bytes, 0);
  return { runs, leftovers, left, kept: list.length - runs.length, bytes };
}

const isNewestOfPrompt = (run: ListedRun, newestFirst: readonly ListedRun[]): boolean =>
  newestFirst.find(({ prompt }) => prompt === run.prompt) === run && existsSync(run.prompt);

/** Nobody may begin to work on it meanwhile. */
async function remove({ path, lock }: RunDirectory): Promise<void> {
  const release = await acquireLock(lock, { patience: 0, work: 'removing old runs' });
  try {
    await rm(path, { recursive: true, force: true });
  } finally {
    release();
  }
}

const inWork = (run: string, holder: number | 'unclear'): TandemError =>
  new TandemError(
    'run-locked',
    holder === 'unclear'
      ? `Tandem cannot tell from its lock whether a process is working on the run ${run}.`
      : `Process ${holder} is working on the run ${run}.`,
  );
