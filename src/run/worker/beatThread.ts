/** @file The worker's second thread. It beats for the main thread, which computes for minutes at a stretch, and ends the process with its parent. */
import type { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { pulseCount } from '../../pulse.ts';
import { beatMilliseconds, type Beat } from './beat.ts';

/**
 * Starts the thread. It beats on a pipe of its own, for messages of the process go through the main thread. When the pipe has nobody at its
 * other end any more, or the process another parent, it kills the process at once: the journal is on the disk, and every other file is
 * written whole or not at all.
 * @param descriptor of the pipe; a parent that gives none is watched all the same
 */
export function startBeating(descriptor: number | undefined): void {
  const watched: Watched = { count: pulseCount, descriptor, parent: process.ppid, every: beatMilliseconds };
  // From its text: the bundle has one file, and the thread needs nothing of what that loads.
  const source = `(${beat.toString()})(require('node:worker_threads').workerData, require('node:fs').writeSync)`;
  const thread = new Worker(source, { eval: true, name: 'beat', workerData: watched, execArgv: [], env: {} });
  thread.unref();
}

interface Watched {
  /** See `pulse.ts`. */
  readonly count: Int32Array;
  readonly descriptor: number | undefined;
  /** The process that started this one. */
  readonly parent: number;
  /** Milliseconds. */
  readonly every: number;
}

/** The thread's whole program. Nothing but globals and its arguments is there: it runs from its text. */
function beat({ count, descriptor, parent, every }: Watched, write: typeof writeSync): void {
  let seen = Atomics.load(count, 0);
  let changed = performance.now();
  // On Windows too this ends the process at once; process.exit() would end the thread alone.
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  const look = (): void => {
    // Not on Windows, where the number of a dead parent stays.
    if (process.ppid !== parent) end();
    const [now, current] = [performance.now(), Atomics.load(count, 0)];
    if (current !== seen) [seen, changed] = [current, now];
    if (descriptor === undefined) return;
    const told: Beat = { memory: process.memoryUsage.rss(), idle: Math.round(now - changed) };
    try {
      write(descriptor, JSON.stringify(told) + '\n');
    } catch (error) {
      // A parent that reads too slowly is there.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') end();
    }
  };
  look();
  setInterval(look, every);
}
