/** @file How often this process has got on with its work, in memory that another thread can see: `run/beatThread.ts` tells it to the parent. */

/** One number that wraps round: whether it changed is all that matters. */
export const pulseCount = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** To be called after each piece of work that takes its time: a graph that ran, a batch, a row, a line of the journal. It costs nanoseconds. */
export function pulse(): void {
  Atomics.add(pulseCount, 0, 1);
}
