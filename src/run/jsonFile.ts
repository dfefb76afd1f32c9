/** @file JSON files with a version: written whole or not at all, refused when they are newer than this program. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { TandemError } from '../errors.ts';
import { temporaryName } from '../temporary.ts';

export interface Versioned {
  readonly version: number;
}

/** Writes to a temporary name, flushes, and renames, so that a kill leaves the old file or the new one. */
export function writeFileAtomically(file: string, text: string): void {
  const temporary = temporaryName(file);
  try {
    const handle = openSync(temporary, 'w');
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function writeVersioned<T extends Versioned>(file: string, value: T): void {
  writeFileAtomically(file, JSON.stringify(value, null, 2) + '\n');
}

/** @returns undefined where there is no such file. @throws TandemError reasons 'bad-file', 'newer-version' */
export function readVersioned<T extends Versioned>(file: string, newest: T['version']): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return requireVersion(parseJson(text, file) as T, newest, file);
}

/** The value, if it is an object whose version this program knows. @throws TandemError reasons 'bad-file', 'newer-version' */
export function requireVersion<T extends Versioned>(value: T, newest: number, file: string, line?: number): T {
  const version = (value as Partial<Versioned> | null)?.version;
  if (typeof version !== 'number')
    throw new TandemError('bad-file', 'This is not a file that Tandem wrote: it has no version.', { where: { file, line } });
  if (version > newest) {
    throw new TandemError('newer-version', `This was written by a newer Tandem (version ${version}; this program knows up to ${newest}).`, {
      where: { file, line },
      hint: 'Update Tandem.',
    });
  }
  return value;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TandemError('bad-file', 'This is not JSON.', { where: { file }, cause });
  }
}
