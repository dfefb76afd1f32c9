/** @file A lock file, so that two processes never write one run. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../errors.ts';

/**
 * Takes the lock, waiting a little for a holder that is just dying; a lock whose process is gone is taken over.
 * @returns the function that gives it back
 * @throws TandemError reason 'run-locked'
 */
export async function acquireLock(file: string, patience = 5000): Promise<() => void> {
  const own = JSON.stringify({ pid: process.pid, started: processStart(process.pid) });
  for (let waited = 0; ; waited += 100) {
    const holder = tryLock(file, own);
    if (holder === undefined) return () => rmSync(file, { force: true });
    if (waited >= patience) {
      throw new TandemError('run-locked', `Process ${holder} is working on this run.`, {
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

/** @returns undefined when the lock is ours, else the process that holds it */
function tryLock(file: string, own: string): number | undefined {
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = readLock(file);
    if (text === undefined) continue;
    const pid = liveHolder(text);
    if (pid !== undefined) return pid;
    takeAway(file, text);
  }
}

/** Removes the dead process's lock, unless another process has replaced it since it was read. */
function takeAway(file: string, dead: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readLock(aside) !== dead) linkSync(aside, file);
  rmSync(aside, { force: true });
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
