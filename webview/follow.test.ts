/** @file The page reaches the same state whether lines come at once, in pieces, twice, or from a resumed run. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ToPage } from '../src/extension/panelMessages.ts';
import { clockOf, hear, type Known } from './follow.ts';
import { journal, midway, run, snapshotAfter, stateAfter, summaries } from './journal.fixture.ts';

const runs: ToPage = { type: 'runs', runs: summaries, queue: [] };
const opened = (lines: number): ToPage => ({ type: 'opened', run, snapshot: snapshotAfter(lines, { live: true }) });
const lines = (from: number, to: number, of = run): ToPage => ({ type: 'lines', run: of, lines: journal.slice(from, to) });
const told = (...messages: ToPage[]): Known => messages.reduce((known, message) => hear(known, message, 0), {} as Known);

test('a snapshot and the lines after it give the whole run, wherever the cut is and even if lines repeat', () => {
  const whole = stateAfter(journal.length);
  fc.assert(
    fc.property(fc.nat(journal.length), fc.nat(journal.length), fc.nat(20), (a, b, again) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)];
      const { shown } = told(runs, opened(first), lines(Math.max(0, first - again), second), lines(second, journal.length));
      expect(shown!.state).toEqual(whole);
      expect(shown).toMatchObject({ lines: journal.length, behind: false });
    }),
    { numRuns: 50 },
  );
});

test('a resumed run starts over from its first line', () => {
  const { shown } = told(runs, opened(midway), lines(0, midway - 10));
  expect(shown!.state).toEqual(stateAfter(midway - 10));
  expect(shown).toMatchObject({ lines: midway - 10, behind: false });
});

test('after a gap in the lines, the page is behind until the run is opened again', () => {
  const behind = told(runs, opened(10), lines(12, 20));
  expect(behind.shown).toMatchObject({ lines: 10, behind: true });
  expect(hear(behind, opened(20), 0).shown).toMatchObject({ lines: 20, behind: false });
});

test('lines and vitals of another run change nothing', () => {
  const before = told(runs, opened(10));
  expect(hear(before, lines(10, 20, 'another'), 1)).toBe(before);
  expect(hear(before, { type: 'vitals', run: 'another', vitals: { memory: 1 } }, 1)).toBe(before);
});

test('a new line clears what the run was busy with, and keeps its memory', () => {
  const busy = hear(told(runs, opened(0)), { type: 'vitals', run, vitals: { memory: 5, busy: 'Loading the model' } }, 0);
  expect(busy.shown!.vitals).toEqual({ memory: 5, busy: 'Loading the model' });
  expect(hear(busy, lines(0, 1), 0).shown!.vitals).toEqual({ memory: 5, busy: undefined });
  const stuck = hear(busy, { type: 'vitals', run, vitals: { memory: 5, process: 'busy, last progress 40 s ago' } }, 0);
  expect(hear(stuck, { type: 'vitals', run, vitals: { memory: 6 } }, 0).shown!.vitals).toEqual({ memory: 6 });
});

test('a deleted run is no longer shown', () => {
  const known = told(runs, opened(10), { type: 'runs', runs: summaries.slice(1), queue: [] });
  expect(known.shown).toBeUndefined();
  expect(known.runs).toHaveLength(1);
});

test('running time continues between lines while the run is live, and stops at its end', () => {
  const at = (count: number, live: boolean): number => {
    const known = hear({}, { type: 'opened', run, snapshot: snapshotAfter(count, { live }) }, 1000);
    return clockOf(known.shown!, 6000).elapsed - known.shown!.state.elapsed;
  };
  expect(at(midway, true)).toBe(5000);
  expect(at(midway, false)).toBe(0);
  expect(at(journal.length, true)).toBe(0);
});
