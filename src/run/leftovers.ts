/** @file What commands that were killed left half written in `.tandem/`: files under a temporary name with the number of a process that is gone. */
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files.ts';

export interface Leftover {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
}

/** `report.md.4242.tmp`, `abcdef.4242.part`, and `abcdef.4242.old`, which was moved out of the way of a new one. */
const temporary = /^(.+)\.([1-9]\d{0,6})\.(tmp|part|old)$/;
/** Folders in `.tandem/`, one below the other: the results of a prompt file may lie deep. */
const deepest = 12;

/**
 * Removes the leftovers; what had been moved away for something that never came is moved back.
 * @param dryRun only says what it would remove
 */
export async function sweepLeftovers(workspace: string, { dryRun = false } = {}): Promise<readonly Leftover[]> {
  const swept: Leftover[] = [];
  const sweep = async (folder: string, depth: number): Promise<void> => {
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      const stats = await lstat(path).catch(() => undefined);
      if (!stats) continue;
      const [, whole, pid, kind] = temporary.exec(name) ?? [];
      if (whole === undefined) {
        if (stats.isDirectory() && depth < deepest) await sweep(path, depth + 1);
        continue;
      }
      if (isAlive(Number(pid))) continue;
      const bytes = await bytesOf(path);
      const target = join(folder, whole);
      const back = kind === 'old' && (await lstat(target).catch(() => undefined)) === undefined;
      if (!dryRun) await (back ? rename(path, target) : rm(path, { recursive: true, force: true }));
      if (!back) swept.push({ path, bytes });
    }
  };
  await sweep(join(workspace, '.tandem'), 0);
  return swept;
}

/** Bytes of a file, or of all files in a folder; links count as themselves. */
export async function bytesOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  const sizes = await Promise.all((await namesIn(path)).map((name) => bytesOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** None of what is no folder, or a link to one. */
async function namesIn(folder: string): Promise<string[]> {
  const stats = await lstat(folder).catch(() => undefined);
  if (!stats?.isDirectory()) return [];
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

/** One of another user is. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
