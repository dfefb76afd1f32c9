/** @file What is written under a temporary name first, and what of that is left by processes that were killed. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync, type Dirent } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A name next to the file or folder that says whose it is: `<path>.<machine>-<process>.part`. */
export const temporaryName = (path: string): string => `${path}.${machine}-${process.pid}.part`;

/** The same for what is moved out of the way of a new one, and comes back if no new one does. */
export const formerName = (path: string): string => `${path}.${machine}-${process.pid}.old`;

/** Folders may be shared between machines, whose processes have numbers of their own. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

const pattern = /^(.+)\.([0-9a-f]{8})-(\d{1,10})\.(part|old)$/;

/** Milliseconds after which what another machine left, or a process whose number is used again, is no longer waited for. */
const week = 7 * 24 * 3600 * 1000;

/**
 * Removes what processes of Tandem that are gone left in a folder, and in the folders in it. Links are not followed, and what cannot be
 * read or removed stays.
 */
export function sweepTemporaries(folder: string, { deep = false }: { deep?: boolean } = {}): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (isLeftover(path)) removeLeftover(path);
    else if (deep && entry.isDirectory()) sweepTemporaries(path, { deep });
  }
}

/** Whether a process that is gone left it half written or moved away. */
export function isLeftover(path: string): boolean {
  const [, , where, process] = pattern.exec(basename(path)) ?? [];
  if (where === undefined) return false;
  return (where === machine && !isAlive(Number(process))) || isOlderThan(path, week);
}

/** Removes a leftover, or moves back what had been moved away for something that never came. @returns whether it was removed */
export function removeLeftover(path: string): boolean {
  const [, whole, , , kind] = pattern.exec(basename(path))!;
  const target = join(dirname(path), whole);
  const back = kind === 'old' && lstatSync(target, { throwIfNoEntry: false }) === undefined;
  try {
    if (back) renameSync(path, target);
    else rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's, or on a disk that cannot be written: the next command tries again.
    return false;
  }
  return !back;
}

/** Whether nobody has written to it for so long. @param age milliseconds */
export function isOlderThan(path: string, age: number): boolean {
  try {
    return Date.now() - lstatSync(path).mtimeMs > age;
  } catch {
    return false;
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
