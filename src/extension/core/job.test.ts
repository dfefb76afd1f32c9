/** @file How far a job is, in words. */
import { expect, test } from 'vitest';
import { runDefaults, sessionDefaults } from '../../run/spec.ts';
import { initialState, type RunState } from '../../run/record/state.ts';
import { fakeConfig } from '../../run/fakeRun.fixture.ts';
import { jobProgress, jobTitle, progressText, type Job } from './job.ts';

const prompt = '/w/intent.prompt.md';
const now = 1_000_000;
const measuring: Job = {
  id: 0,
  folder: '/w',
  task: { kind: 'attribute', prompt, spec: { ...sessionDefaults, prompt }, split: 'val' },
  status: 'running',
  startedAt: now - 10_000,
};
const running: Job = { ...measuring, task: { kind: 'optimize', prompt, spec: { ...runDefaults, prompt } } };
const text = (job: Job): string => progressText(jobProgress(job, now));

test('a job is named by what it does and to which prompt', () => {
  expect([jobTitle(measuring), jobTitle(running)]).toEqual(['Measuring the lines of intent.prompt.md', 'Optimizing intent.prompt.md']);
});

test('a job that waits, starts or is busy says so', () => {
  expect(text({ ...measuring, status: 'waiting' })).toBe('waiting for its turn');
  expect(text(measuring)).toBe('starting');
  expect(text({ ...measuring, busy: { what: 'Loading the model', at: now - 5000 } })).toBe('loading the model… 5 s');
  expect(text({ ...measuring, status: 'stopping', busy: { what: 'Loading the model', at: now } })).toBe('stopping, loading the model');
});

test('a measurement whose share is known says how long it still takes', () => {
  // The model was loaded before.
  const busy = { what: 'Measured 1 of 4 lines', share: 0.25, at: now - 4000 };
  expect(text({ ...measuring, busy })).toBe('25% · measured 1 of 4 lines · 12 s left');
});

test('a run says what its reducer says, and how long its budget still lasts', () => {
  const run: RunState = {
    ...initialState,
    status: 'running',
    config: fakeConfig,
    budget: 1000,
    tokensPerSecond: 10,
    tokensUsed: 400,
    elapsed: 40_000,
  };
  expect(text({ ...running, run, lineAt: now })).toBe('40% · measuring the starting point · 1 min 00 s left');
});

test('a process that is busy says since when, in place of how long it still takes; so does one that does not answer', () => {
  const busy = { what: 'Measured 1 of 4 lines', share: 0.25, at: now - 60_000 };
  const vitality = { kind: 'busy', since: now - 40_000 } as const;
  expect(text({ ...measuring, busy, vitality })).toBe('25% · busy, last progress 40 s ago · measured 1 of 4 lines');
  expect(text({ ...measuring, busy, vitality: { kind: 'silent', since: now - 12_000 } })).toBe(
    '25% · the process has not responded for 12 s · measured 1 of 4 lines',
  );
  expect(text({ ...measuring, busy, vitality: { kind: 'well' } })).toBe('25% · measured 1 of 4 lines · 3 min 00 s left');
});
