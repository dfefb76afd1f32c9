/** @file Listens in the parent for the beats of a worker. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { beatMilliseconds, usualPatience, vitalityOf, type Beat, type Vitality } from './beat.ts';

export interface BeatListener {
  readonly vitality: () => Vitality;
  /** The process sent another message, or was given work. */
  noteProgress(): void;
  close(): void;
}

/**
 * @param pipe the pipe that the worker's second thread writes to
 * @param onBeat called for each beat
 */
export function listenToBeats(pipe: Readable, onBeat: (beat: Beat) => void, patience = usualPatience): BeatListener {
  const clock = makeWakingClock();
  let beatAt = clock.now();
  /** The conclusion from the beats and from other messages. */
  let [beaten, noted] = [beatAt, beatAt];
  const lines = createInterface({ input: pipe });
  // The pipe breaks when the process ends, which is detected elsewhere.
  pipe.on('error', () => {});
  lines.on('line', (line) => {
    const beat = JSON.parse(line) as Beat;
    beatAt = clock.now();
    beaten = beatAt - beat.idle;
    onBeat(beat);
  });
  return {
    vitality: () => {
      const now = clock.now();
      return vitalityOf({ silence: now - beatAt, idle: now - Math.max(beaten, noted) }, patience, Date.now());
    },
    noteProgress: () => (noted = clock.now()),
    close: () => {
      clock.close();
      lines.close();
    },
  };
}

/**
 * Milliseconds in which this process ran. While the machine sleeps or this process is blocked it hears no beats, and that time must not
 * count against the worker.
 */
function makeWakingClock(): { now(): number; close(): void } {
  let [time, looked] = [0, performance.now()];
  const now = (): number => {
    const at = performance.now();
    time += Math.min(at - looked, 2 * beatMilliseconds);
    looked = at;
    return time;
  };
  const timer = setInterval(now, beatMilliseconds);
  timer.unref();
  return { now, close: () => clearInterval(timer) };
}
