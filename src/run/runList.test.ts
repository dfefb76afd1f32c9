/** @file Runs as an editor lists them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { executeRun } from './execute.ts';
import { fakeExecution } from './fakeRun.fixture.ts';
import { truncateJournal } from './journal.ts';
import { acquireLock } from './lock.ts';
import { createRun, readState, type RunDirectory } from './runDirectory.ts';
import { readRun, readRunList } from './runList.ts';
import { runDefaults } from './spec.ts';

const workspace = mkdtempSync(join(tmpdir(), 'tandem-list-'));
mkdirSync(join(workspace, '.tandem'));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

const prompt = join(workspace, 'prompts', 'intent.prompt.md');
const newRun = (minute: number): RunDirectory =>
  createRun({ ...runDefaults, prompt }, { source: '', data: {} }, new Date(Date.UTC(2026, 0, 1, 0, minute)));

test('runs come newest first, each with its prompt and whether it ended, failed or can go on', async () => {
  const [ended, killed, begun, broken] = [1, 2, 3, 4].map(newRun);
  for (const directory of [ended, killed]) await executeRun(fakeExecution(directory, () => {}));
  truncateJournal(killed.journal, 4);
  writeFileSync(join(broken.path, 'run.json'), '{}');
  const release = await acquireLock(begun.lock, { work: 'a run' });
  const list = await readRunList(workspace);
  release();
  expect(list).toEqual([
    expect.objectContaining({ directory: begun, prompt, standing: 'unfinished', worker: process.pid }),
    { directory: killed, prompt, created: '2026-01-01T00:02:00.000Z', standing: 'unfinished' },
    { directory: ended, prompt, created: '2026-01-01T00:01:00.000Z', standing: 'ended' },
  ]);
  expect(await readRun(ended)).toEqual({ state: readState(ended), lines: expect.any(Number) as number });
});
