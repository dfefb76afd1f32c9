/** @file Temporary names for what is being written, and sweeping of what killed processes left behind. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync, type Dirent } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A name next to the file or folder that identifies the process: `<path>.<machine>-<process>.part`. */
export const temporaryName = (path: string): string => `${path}.${machine}-${process.pid}.part`;

/** The same for a file or folder that makes way for a new one. It is moved back if the new one never arrives. */
export const formerName = (path: string): string => `${path}.${machine}-${process.pid}.old`;

/** Machines that share a folder may use the same process number. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

const pattern = /^(.+)\.([0-9a-f]{8})-(\d{1,10})\.(part|old)$/;

/** Milliseconds after which a file of another machine, or of a process whose number is in use again, counts as left behind. */
const week = 7 * 24 * 3600 * 1000;

/**
 * Removes what processes of Tandem that are gone left in a folder. Links are not followed. What cannot be read or removed stays.
 * @param deep also in the folders within it
 */
export function sweepTemporaries(folder: string, { deep = false }: { deep?: boolean } = {}): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (isLeftover(path)) removeLeftover(path);
    else if (deep && entry.isDirectory()) sweepTemporaries(path, { deep });
  }
}

/** Whether a process that is gone left this half written or moved away. */
export function isLeftover(path: string): boolean {
  const [, , where, process] = pattern.exec(basename(path)) ?? [];
  if (where === undefined) return false;
  return (where === machine && !isAlive(Number(process))) || isOlderThan(path, week);
}

/** Removes a leftover, or moves it back if it had made way for something that never arrived. @returns whether it was removed */
export function removeLeftover(path: string): boolean {
  const [, whole, , , kind] = pattern.exec(basename(path))!;
  const target = join(dirname(path), whole);
  const back = kind === 'old' && lstatSync(target, { throwIfNoEntry: false }) === undefined;
  try {
    if (back) renameSync(path, target);
    else rmSync(path, { recursive: true, force: true });
  } catch {
    // It belongs to another user, or the disk is read-only. The next command tries again.
    return false;
  }
  return !back;
}

/** Whether the last change is longer ago than `age`. @param age milliseconds */
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
