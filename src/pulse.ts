/** @file Counts this process's progress in memory that another thread can see: `run/worker/beatThread.ts` reports it to the parent. */

/** One number that wraps around. It only matters whether it changed. */
export const pulseCount = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Call this after each piece of long work: a graph run, a batch, a row, a line of the journal. It costs nanoseconds. */
export function pulse(): void {
  Atomics.add(pulseCount, 0, 1);
}
