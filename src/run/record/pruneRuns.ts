/** @file Removes old runs from `.tandem/runs/`. Accepted adapters and results are elsewhere and stay. */
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
  /** Old runs that were not removed, and why. */
  readonly left: readonly (UnreadableRun | { readonly run: string; readonly error: TandemError })[];
  /** The number of runs afterwards, without those that cannot be read. */
  readonly kept: number;
  /** Bytes that were freed, or would be. */
  readonly bytes: number;
}

export interface PruneOptions {
  /** How many of the newest runs stay; 0 for all. Default: `keptRuns`. */
  readonly keep?: number;
  /** Only reports what it would remove. */
  readonly dryRun?: boolean;
}

/**
 * Removes all but the newest runs of a workspace, and the leftovers of killed commands. These always stay: the newest run of each existing
 * prompt file, with its proposal; a run that a process is working on; and what cannot be read as a run.
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

/** Locked, so that no process can begin to work on it meanwhile. */
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
