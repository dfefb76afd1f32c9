/** @file Takes and releases a lock file, so that two processes never write one run. lockFile.ts says who holds a lock. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../../errors.ts';
import { holderText, ownLock, readLock, requireReadable, standingOf, type Holder } from './lockFile.ts';

export interface LockOptions {
  /** Milliseconds to wait for a holder, which may be about to end. */
  readonly patience?: number;
  /** What the lock is for, as shown to others: `the run of intent.prompt.md`. */
  readonly work: string;
  /** Why there is a lock, in a sentence for people who have to wait. */
  readonly rule?: string;
  /** Called with a description of the holder that it waits for. */
  readonly onWait?: (what: string) => void;
  /** Aborting it ends the wait with an AbortError. */
  readonly signal?: AbortSignal;
}

/** Milliseconds between two checks. Nothing signals that a file was removed. */
const pause = 100;

/**
 * Takes the lock. A lock of a dead process is removed first. A lock that cannot be read is left alone.
 * @returns a function that releases it
 * @throws TandemError reasons 'run-locked', 'bad-lock'; an AbortError
 */
export async function acquireLock(file: string, { patience = 5000, work, rule, onWait, signal }: LockOptions): Promise<() => void> {
  const own = ownLock(work, randomUUID());
  const begun = performance.now();
  let announced: Holder | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const attempt = tryLock(file, own);
    if (attempt.kind === 'ours') {
      return () => {
        if (readLock(file).text === own) rmSync(file, { force: true });
      };
    }
    if (attempt.kind === 'held' && attempt.holder.token !== announced?.token) {
      announced = attempt.holder;
      onWait?.(`Waiting for ${holderText(announced, ', which')}`);
    }
    if (performance.now() - begun >= patience) throw locked(file, attempt, rule);
    await sleep(pause, undefined, { signal });
  }
}

/** The live process that holds the lock, if there is one; 'unclear' if the lock does not say or belongs to another machine. */
export function lockHolder(file: string): number | 'unclear' | undefined {
  const standing = standingOf(readLock(file));
  if (standing.kind === 'held') return standing.holder.pid;
  return standing.kind === 'unclear' ? 'unclear' : undefined;
}

type Attempt = { readonly kind: 'ours' } | { readonly kind: 'held'; readonly holder: Holder } | { readonly kind: 'changing' };

/** One check, which never waits. @throws TandemError reason 'bad-lock' */
function tryLock(file: string, own: string): Attempt {
  if (createWhole(file, own)) return { kind: 'ours' };
  const standing = requireReadable(file, standingOf(readLock(file)));
  switch (standing.kind) {
    case 'held':
      return standing;
    case 'left':
      return takeAway(file) && createWhole(file, own) ? { kind: 'ours' } : { kind: 'changing' };
    case 'free':
      return { kind: 'changing' };
  }
}

function locked(file: string, attempt: Exclude<Attempt, { kind: 'ours' }>, rule: string | undefined): TandemError {
  const who = attempt.kind === 'held' ? holderText(attempt.holder) : 'other processes keep taking and releasing this lock';
  const message = `${who.charAt(0).toUpperCase()}${who.slice(1)}.${rule === undefined ? '' : ` ${rule}`}`;
  const unsure = attempt.kind === 'held' && attempt.holder.started === undefined;
  const hint = `Stop it first, or wait until it ends.${unsure ? ' If that process is not Tandem, remove the lock.' : ''}`;
  return new TandemError('run-locked', message, { where: { file }, hint });
}

/** The lock appears with its content or not at all, so that nobody can mistake a half-written lock for a dead process's. */
function createWhole(file: string, own: string): boolean {
  const temporary = `${file}.${process.pid}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  writeFileSync(temporary, own, { flag: 'wx' });
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // Some file systems have no links.
    return createPlainly(file, own);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Under the guard, so a half-written file can only come from a dead process. */
function createPlainly(file: string, own: string): boolean {
  return guarded(file, () => {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** Removes a dead process's lock after checking it again. Otherwise two processes that saw it could remove each other's new locks. */
const takeAway = (file: string): boolean =>
  guarded(file, () => {
    if (standingOf(readLock(file)).kind === 'left') rmSync(file, { force: true });
    return true;
  });

/** Lets one process at a time change a lock. @returns false if another process is changing it */
function guarded(file: string, change: () => boolean): boolean {
  const guard = `${file}.takeover`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const begun = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    // A change takes milliseconds. A guard that is much older, or from the future after the clock was set back, is from a dead process.
    if (Math.abs(Date.now() - begun) > 2000) rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    return change();
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}
