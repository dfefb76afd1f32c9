/** @file Controls run after the test at equal compute and are journalled. A run killed during its controls ends in the same journal. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chooseControl } from '../optimize/baselines/controls.ts';
import type { JournalLine } from './record/events.ts';
import { eventText } from './words/eventText.ts';
import { executeRun } from './execute.ts';
import { fakeExecution, fakeSpec, withFakeControls } from './fakeRun.fixture.ts';
import { readJournal } from './record/journal.ts';
import { reportOf } from './words/report.ts';
import { createRun, findRun, type RunDirectory } from './record/runDirectory.ts';
import { apply } from './record/fold.ts';
import { initialState, progressOf, type RunState } from './record/state.ts';
import { doing } from './words/words.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-controls-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const newRun = (): RunDirectory => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  const prompt = join(workspace, 'intent.prompt.md');
  writeFileSync(prompt, '');
  return createRun({ prompt, ...fakeSpec, controls: true }, { source: '', data: {} }, new Date(0));
};
const timeless = (directory: RunDirectory): JournalLine[] => readJournal(directory.journal).map((line) => ({ ...line, at: 0 }));
const statesOf = (directory: RunDirectory): RunState[] => {
  let state = initialState;
  return readJournal(directory.journal).map((line) => (state = apply(state, line)));
};
const whole = async (onLine: (line: JournalLine) => void = () => {}, directory = newRun()): Promise<RunDirectory> => {
  await executeRun(withFakeControls(fakeExecution(directory, onLine)));
  return directory;
};

test('three controls follow the test, each from the start to its comparison on the test rows', async () => {
  const lines = timeless(await whole());
  const tail = lines.slice(lines.findIndex(({ type }) => type === 'attributed') + 1);
  const one = ['controlStarted', 'controlProgressed', 'controlProgressed', 'controlProgressed', 'controlMeasured'];
  expect(tail.map(({ type }) => type)).toEqual([...one, ...one, ...one, 'runEnded']);
  const started = tail.flatMap((line) => (line.type === 'controlStarted' ? [line] : []));
  expect(started.map(({ control }) => control)).toEqual(['p -> p', 'w -> w', 'best alone']);
  const budget = lines.find((line) => line.type === 'rateMeasured')!.budget;
  expect(started.map((line) => line.budget)).toEqual([budget, budget, budget]);
});

test('a run that is killed at any line of its controls and resumed ends in the same journal', async () => {
  const kept: RunDirectory[] = [];
  const running = newRun();
  let measured = false;
  await whole((line) => {
    measured ||= line.type === 'attributed';
    if (!measured || line.type === 'runEnded') return;
    // What a kill at this moment would leave on disk.
    const copy = newRun();
    cpSync(running.path, copy.path, { recursive: true, filter: (path) => path !== running.lock });
    kept.push(findRun(copy.path, copy.path));
  }, running);
  expect(kept.length).toBeGreaterThan(14);
  const expected = timeless(running);
  for (const directory of kept) {
    await whole(() => {}, directory);
    expect(timeless(directory).map((line) => (line.type === 'runStarted' ? { ...line, config: undefined } : line))).toEqual(
      expected.map((line) => (line.type === 'runStarted' ? { ...line, config: undefined } : line)),
    );
  }
});

test('a stop during the controls ends the run, and its result stays measured', async () => {
  const stop = new AbortController();
  const directory = newRun();
  const onLine = (line: JournalLine): void => {
    if (line.type === 'controlProgressed' && line.control === 'w -> w') stop.abort();
  };
  const state = await executeRun({ ...withFakeControls(fakeExecution(directory, onLine)), signal: stop.signal });
  expect(state).toMatchObject({ status: 'ended', because: 'the budget is spent; its controls were stopped by the user' });
  expect(state.controls.map(({ control, measured }) => [control, measured !== undefined])).toEqual([
    ['p -> p', true],
    ['w -> w', false],
  ]);
  expect(reportOf(state)).toContain('not measured');
});

test('a run that was stopped before its test has no controls', async () => {
  const stop = new AbortController();
  const onLine = (line: JournalLine): void => {
    if (line.type === 'gateDecided') stop.abort();
  };
  const state = await executeRun({ ...withFakeControls(fakeExecution(newRun(), onLine)), signal: stop.signal });
  expect([state.because, state.controls]).toEqual(['stopped by the user', []]);
});

test('their cost is announced beforehand, their progress is reported, and the report compares them', async () => {
  const directory = await whole();
  const states = statesOf(directory);
  const lines = readJournal(directory.journal);
  const at = lines.findIndex(({ type }) => type === 'rateMeasured');
  expect(eventText(lines[at], states[at])).toBe(
    'Budget: about 1 min 00 s, 60.0k tokens at 1.0k per second; then 3 controls with the same budget each, 3 min 00 s more',
  );
  const under = states[lines.findIndex((line) => line.type === 'controlStarted' && line.control === 'w -> w')];
  expect(doing(under)).toBe('control 2 of 3, w -> w: phase 1');
  const shares = states.map((state) => progressOf(state) ?? 0);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(progressOf(under)).toBe(0.5);
  const report = reportOf(states.at(-1)!);
  expect(report).toContain('## Controls at equal compute\n\n3 controls, each with the same start');
  for (const control of ['p -> p', 'w -> w', 'best alone']) expect(report).toMatch(new RegExp(`\\| ${control} \\| .*points`));
  for (const state of states) expect(reportOf(state)).not.toMatch(/undefined|NaN|Infinity/);
});

test('the best alone is the chain with the better validation score', () => {
  const because = (prompt?: number, weights?: number): string =>
    chooseControl('best alone', (control) => (control === 'p -> p' ? prompt : weights)).because;
  expect(because(0.7, 0.6)).toMatch(/^the prompt alone/);
  expect(because(0.6, 0.7)).toMatch(/^the weights alone/);
  expect(because(0.6, 0.6)).toMatch(/^the weights alone/);
});
