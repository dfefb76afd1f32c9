/** @file A lock file, so that two processes never write one run. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../errors.ts';

/**
 * Takes the lock, waiting a little for a holder that is just dying; a lock whose process is gone is taken over.
 * @param what the holder is said to work on
 * @returns the function that gives it back
 * @throws TandemError reason 'run-locked'
 */
export async function acquireLock(file: string, { patience = 5000, what = 'this run' } = {}): Promise<() => void> {
  const own = JSON.stringify({ pid: process.pid, started: processStart(process.pid), token: randomUUID() });
  for (let waited = 0; ; waited += 100) {
    const holder = tryLock(file, own);
    if (holder === undefined) {
      return () => {
        if (readLock(file) === own) rmSync(file, { force: true });
      };
    }
    if (waited >= patience) {
      throw new TandemError('run-locked', `Process ${holder} is working on ${what}.`, {
        where: { file },
        hint: 'Stop it first, or wait for its end.',
      });
    }
    await sleep(100);
  }
}

/** The live process that holds the lock, if there is one. */
export function lockHolder(file: string): number | undefined {
  const text = readLock(file);
  return text === undefined ? undefined : liveHolder(text);
}

/** @returns undefined when the lock is ours, else the process that holds it, or that is just taking it over */
function tryLock(file: string, own: string): number | undefined {
  for (;;) {
    if (createWhole(file, own)) return undefined;
    const text = readLock(file);
    if (text === undefined) continue;
    const pid = liveHolder(text);
    if (pid !== undefined) return pid;
    if (!takeAway(file)) return process.pid;
  }
}

/** The lock appears with its content, or not at all: nobody may read one that is half written and take it for a dead one's. */
function createWhole(file: string, own: string): boolean {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, own);
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some file systems have no links.
    return createPlainly(file, own);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function createPlainly(file: string, own: string): boolean {
  try {
    writeFileSync(file, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead process's lock. One process at a time may do that, and it looks again before: else two that have seen the dead one's
 * could remove each other's. @returns false where another is at it
 */
function takeAway(file: string): boolean {
  const guard = `${file}.takeover`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const begun = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    // Taking over takes milliseconds: whoever began that long ago is dead.
    if (Date.now() - begun > 2000) rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    const text = readLock(file);
    if (text !== undefined && liveHolder(text) === undefined) rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** An empty or broken lock was left by a process that died while it wrote it. */
function liveHolder(text: string): number | undefined {
  let holder: { pid: number; started?: string };
  try {
    holder = JSON.parse(text) as typeof holder;
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
    holder = JSON.parse(text) as typeof holder;
  }
  const started = processStart(holder.pid);
  if (started === 'dead' || (started && holder.started && started !== holder.started)) return undefined;
  return holder.pid;
}

/** When the process began, where the system tells (Linux): numbers of processes are used again, and the dead may linger as zombies. */
function processStart(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}
