/** @file Half-written files of killed commands in `.tandem/`: their temporary names have the number of a process that is gone. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../../files.ts';
import { isLeftover, removeLeftover } from '../../temporary.ts';

export interface Leftover {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
}

/** Folders in `.tandem/`, at any depth, because the results of a prompt file may be in a deep folder. */
const deepest = 12;

/**
 * Removes the leftovers. A file that was moved away for a replacement that never came is moved back.
 * @param dryRun only reports what it would remove
 */
export async function sweepLeftovers(workspace: string, { dryRun = false } = {}): Promise<readonly Leftover[]> {
  const swept: Leftover[] = [];
  const sweep = async (folder: string, depth: number): Promise<void> => {
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      const stats = await lstat(path).catch(() => undefined);
      if (!stats) continue;
      if (!isLeftover(path)) {
        if (stats.isDirectory() && depth < deepest) await sweep(path, depth + 1);
        continue;
      }
      const bytes = await bytesOf(path);
      if (dryRun || removeLeftover(path)) swept.push({ path, bytes });
    }
  };
  await sweep(join(workspace, '.tandem'), 0);
  return swept;
}

/** Bytes of a file, or of all files in a folder. Links count as themselves. */
export async function bytesOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  const sizes = await Promise.all((await namesIn(path)).map((name) => bytesOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Empty if it is not a folder, or is a link to one. */
async function namesIn(folder: string): Promise<string[]> {
  const stats = await lstat(folder).catch(() => undefined);
  if (!stats?.isDirectory()) return [];
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}
