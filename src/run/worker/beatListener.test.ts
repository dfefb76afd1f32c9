/** @file What the parent concludes from beats: a computing process is never called silent, a stopped one is, and sleep counts against nobody. */
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { vitalityText, type Beat } from './beat.ts';
import { listenToBeats, type BeatListener } from './beatListener.ts';

let pipe: PassThrough;
let ear: BeatListener;
let heard: Beat[];
beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] });
  pipe = new PassThrough();
  heard = [];
  ear = listenToBeats(pipe, (beat) => heard.push(beat));
});
afterEach(() => {
  ear.close();
  vi.useRealTimers();
});

/** Time passes, with or without a beat every half second. */
async function pass(seconds: number, beats?: { readonly idleFrom: number }): Promise<void> {
  for (let half = 1; half <= 2 * seconds; half++) {
    vi.advanceTimersByTime(500);
    if (!beats) continue;
    const count = heard.length;
    pipe.write(JSON.stringify({ memory: 1, idle: beats.idleFrom + half * 500 }) + '\n');
    while (heard.length === count) await turn();
  }
}

test('a process that beats without progress is well for half a minute, then busy since its last progress, and never silent', async () => {
  await pass(29, { idleFrom: 0 });
  expect(ear.vitality()).toEqual({ kind: 'well' });
  await pass(11, { idleFrom: 29_000 });
  expect(ear.vitality()).toEqual({ kind: 'busy', since: 0 });
  expect(vitalityText(ear.vitality(), Date.now())).toBe('busy, last progress 40 s ago');
  await pass(600, { idleFrom: 40_000 });
  expect(ear.vitality()).toEqual({ kind: 'busy', since: 0 });
});

test('a process that makes progress is well however long it works', async () => {
  for (let minute = 0; minute < 3; minute++) await pass(20, { idleFrom: 0 });
  expect(ear.vitality()).toEqual({ kind: 'well' });
});

test('new work resets the time since progress, even if the process had waited for long', async () => {
  await pass(60, { idleFrom: 0 });
  expect(ear.vitality().kind).toBe('busy');
  ear.noteProgress();
  expect(ear.vitality()).toEqual({ kind: 'well' });
  await pass(1, { idleFrom: 60_000 });
  expect(ear.vitality()).toEqual({ kind: 'well' });
});

test('a process whose thread stopped is silent after ten seconds, and well when it beats again', async () => {
  await pass(2, { idleFrom: 0 });
  await pass(9);
  expect(ear.vitality()).toEqual({ kind: 'well' });
  await pass(3);
  expect(ear.vitality()).toEqual({ kind: 'silent', since: 2000 });
  expect(vitalityText(ear.vitality(), Date.now())).toBe('the process has not responded for 12 s');
  await pass(1, { idleFrom: 0 });
  expect(ear.vitality()).toEqual({ kind: 'well' });
});

test('after the machine slept, or this process was blocked, no process is called busy or silent', async () => {
  await pass(2, { idleFrom: 0 });
  // No timer ran for an hour.
  const then = performance.now() + 3_600_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => then);
  vi.setSystemTime(Date.now() + 3_600_000);
  expect(ear.vitality()).toEqual({ kind: 'well' });
  clock.mockRestore();
});
