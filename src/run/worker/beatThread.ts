/** @file The worker's second thread. It beats for the main thread, which computes for minutes at a stretch, and ends the process with its parent. */
import type { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { pulseCount } from '../../pulse.ts';
import { beatMilliseconds, type Beat } from './beat.ts';

/**
 * Starts the thread. It beats on a separate pipe, because messages of the process go through the main thread. When the other end of the pipe
 * is closed, or the process has another parent, it kills the process at once: the journal is on disk, and every other file is
 * written completely or not at all.
 * @param descriptor the pipe's file descriptor; without one the parent is watched all the same
 */
export function startBeating(descriptor: number | undefined): void {
  const watched: Watched = { count: pulseCount, descriptor, parent: process.ppid, every: beatMilliseconds };
  // The thread runs from its source text: the bundle is a single file, and the thread needs nothing that it loads.
  const source = `(${beat.toString()})(require('node:worker_threads').workerData, require('node:fs').writeSync)`;
  const thread = new Worker(source, { eval: true, name: 'beat', workerData: watched, execArgv: [], env: {} });
  thread.unref();
}

interface Watched {
  /** See `beat.ts`. */
  readonly count: Int32Array;
  readonly descriptor: number | undefined;
  /** The process that started this one. */
  readonly parent: number;
  /** Milliseconds. */
  readonly every: number;
}

/** The thread's whole program. It runs from its text, so only globals and its arguments are available. */
function beat({ count, descriptor, parent, every }: Watched, write: typeof writeSync): void {
  let seen = Atomics.load(count, 0);
  let changed = performance.now();
  // On Windows too this ends the process at once. process.exit() would end only the thread.
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  const look = (): void => {
    // Not on Windows, where the number of a dead parent stays.
    if (process.ppid !== parent) end();
    const [now, current] = [performance.now(), Atomics.load(count, 0)];
    if (current !== seen) [seen, changed] = [current, now];
    if (descriptor === undefined) return;
    const sent: Beat = { memory: process.memoryUsage.rss(), idle: Math.round(now - changed) };
    try {
      write(descriptor, JSON.stringify(sent) + '\n');
    } catch (error) {
      // A parent that reads too slowly still exists.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') end();
    }
  };
  look();
  setInterval(look, every);
}
