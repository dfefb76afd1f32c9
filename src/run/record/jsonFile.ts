/** @file JSON files with a version: written completely or not at all, refused if they are newer than this program. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { TandemError } from '../../errors.ts';
import { isMissing, readTextFile, type ReadLimits } from '../../files.ts';
import { parseJson } from '../../json.ts';
import { shaped, type Shape } from '../../shape.ts';
import { temporaryName } from '../../temporary.ts';

export interface Versioned {
  readonly version: number;
}

/** Writes to a temporary name, flushes, and renames, so that a kill leaves the old file or the new one. */
export function writeFileAtomically(file: string, text: string): void {
  const temporary = temporaryName(file);
  try {
    // Never into the target of a link with this name.
    rmSync(temporary, { force: true });
    const handle = openSync(temporary, 'wx');
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

/** In bytes: far more than any file that is written here. */
const most = 2 ** 26;

export interface ReadVersioned extends ReadLimits {
  /** Converts a value of an older version to this version. Without it, older files are refused. */
  readonly upgrade?: (value: unknown) => unknown;
}

/**
 * Reads a file of this version, or of an older one that can be upgraded. By default no link is followed, because Tandem writes none.
 * @returns undefined if there is no such file
 * @throws TandemError reasons 'bad-file', 'newer-version', 'older-version', 'not-a-file', 'too-large'
 */
export function readVersioned<T extends Versioned>(
  file: string,
  newest: T['version'],
  shape: Shape<T>,
  { upgrade, ...limits }: ReadVersioned = {},
): T | undefined {
  let text: string;
  try {
    text = readTextFile(file, { most, links: 'refused', ...limits });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const value = requireVersion(parseJson(text, { file }, 'bad-file') as Versioned, newest, file);
  if (value.version >= newest) return shaped(shape, value, { file }, 'bad-file');
  if (upgrade) return shaped(shape, upgrade(value), { file }, 'bad-file');
  throw new TandemError(
    'older-version',
    `An older Tandem wrote this file (version ${value.version}; this program needs version ${newest}).`,
    {
      where: { file },
      hint: 'Start the run again.',
    },
  );
}

/** The value, if it is an object of a version that this program knows. @throws TandemError reasons 'bad-file', 'newer-version' */
export function requireVersion<T extends Versioned>(value: T, newest: number, file: string, line?: number): T {
  const version = (value as Partial<Versioned> | null)?.version;
  if (typeof version !== 'number')
    throw new TandemError('bad-file', 'Tandem did not write this file: it has no version.', { where: { file, line } });
  if (version > newest) {
    throw new TandemError('newer-version', `A newer Tandem wrote this file (version ${version}; this program supports up to ${newest}).`, {
      where: { file, line },
      hint: 'Update Tandem.',
    });
  }
  return value;
}
