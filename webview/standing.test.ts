/** @file Where a run stands, in words. */
import { expect, test } from 'vitest';
import { journal, linesUntil, midway, snapshotAfter, stateAfter } from './journal.fixture.ts';
import { announcement, canResume, canStop, explanation, progress, standingOf } from './standing.ts';
import type { ShownRun } from './follow.ts';

const shown = (lines: number, rest: Partial<ShownRun> = {}): ShownRun => ({
  run: 'run',
  ...snapshotAfter(lines),
  behind: false,
  vitals: {},
  heardAt: 0,
  ...rest,
});
const failed = { ...stateAfter(midway), status: 'failed', failure: { reason: 'no-memory', message: 'Out of memory.' } } as const;

test.each([
  ['before its first line', shown(0, { live: true }), 'Starting', 'Opening prompt, data and model…'],
  ['while the model loads', shown(0, { live: true, vitals: { busy: 'Loading the model' } }), 'Starting', 'Loading the model…'],
  ['in a phase', shown(midway, { live: true }), 'Running', 'Phase 4 weights 40/60 loss 0.008…'],
  [
    'at its end',
    shown(journal.length),
    'Ended',
    'Ended after 16 min 41 s (405.0k tokens): the budget is spent. The held-out test rows were used once, at the end.',
  ],
  [
    'killed',
    shown(midway),
    'Interrupted',
    'Its process ended before the run was finished. Everything up to its last finished phase is kept. Resume continues from there.',
  ],
  [
    'failed',
    shown(midway, { state: failed }),
    'Failed',
    'Out of memory. Everything up to its last finished phase is kept. Resume continues from there.',
  ],
  ['failed, and resumed', shown(midway, { state: failed, live: true }), 'Resuming', 'Continuing where it stopped…'],
])('%s', (_, run, label, text) => {
  expect([standingOf(run).label, explanation(run)]).toEqual([label, text]);
});

test('a live run can be stopped; a run that is not live and has not ended can be resumed', () => {
  expect([canStop(shown(midway, { live: true })), canResume(shown(midway, { live: true }))]).toEqual([true, false]);
  expect([canStop(shown(midway)), canResume(shown(midway))]).toEqual([false, true]);
  expect([canStop(shown(journal.length)), canResume(shown(journal.length))]).toEqual([false, false]);
  expect(canResume(shown(midway, { state: failed }))).toBe(true);
});

test('progress shows budget, time and memory as far as they are known', () => {
  const { share, facts } = progress(stateAfter(midway), { memory: 1_912_000_000 });
  expect(share).toBeCloseTo(0.75, 2);
  expect(facts).toEqual(['75% of 400.0k tokens', '11 min 53 s so far', 'about 3 min 50 s left', '1.9 GB of memory']);
  expect(progress(stateAfter(1))).toEqual({ facts: ['0 s so far'] });
  const { facts: ofBusy } = progress(stateAfter(midway), { process: 'busy, last progress 40 s ago' });
  expect(ofBusy).toEqual(['75% of 400.0k tokens', '11 min 53 s so far', 'busy, last progress 40 s ago']);
});

test('the start and end of phases and the end of the run are announced, single steps are not', () => {
  const said = journal.map((_, i) => announcement(stateAfter(i), stateAfter(i + 1))).filter((text) => text !== undefined);
  expect(said).toEqual([
    'Phase 1, prompt, started.',
    'Phase 1, prompt, kept.',
    'Phase 2, weights, started.',
    'Phase 2, weights, kept.',
    'Phase 3, prompt, started.',
    'Phase 3, prompt, kept.',
    'Phase 4, weights, started.',
    'Phase 4, weights, not kept.',
    'Phase 5, prompt, started.',
    'Phase 5, prompt, not kept.',
    'Measuring on 86 test rows.',
    'The run ended: the budget is spent.',
  ]);
  const opened = linesUntil(({ type }) => type === 'baselineMeasured');
  expect(announcement(stateAfter(opened), stateAfter(journal.length))).toBe('The run ended: the budget is spent.');
});
