/** @file The list of runs for an editor. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { executeRun } from '../execute.ts';
import { fakeExecution } from '../fakeRun.fixture.ts';
import { truncateJournal } from './journal.ts';
import { acquireLock } from './lock.ts';
import { createRun, readState, type RunDirectory } from './runDirectory.ts';
import { readRun, readRunList, unreadableText } from './runList.ts';
import { runDefaults } from '../spec.ts';

const workspace = mkdtempSync(join(tmpdir(), 'tandem-list-'));
mkdirSync(join(workspace, '.tandem'));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

const prompt = join(workspace, 'prompts', 'intent.prompt.md');
const newRun = (minute: number): RunDirectory =>
  createRun({ ...runDefaults, prompt }, { source: '', data: {} }, new Date(Date.UTC(2026, 0, 1, 0, minute)));

test('runs come newest first, each with its prompt and whether it ended, failed or can be resumed', async () => {
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

test('what cannot be read is named once and hides nothing else', async () => {
  const own = mkdtempSync(join(workspace, 'own-'));
  mkdirSync(join(own, '.tandem'));
  const at = (minute: number): RunDirectory =>
    createRun({ ...runDefaults, prompt: join(own, 'a.prompt.md') }, { source: '', data: {} }, new Date(Date.UTC(2026, 0, 1, 0, minute)));
  const bad: Readonly<Record<string, (file: string) => void>> = {
    '{"version":1}': (file) => writeFileSync(file, '{"version":1}'),
    'no JSON': (file) => writeFileSync(file, '{"version":1'),
    'deep JSON': (file) => writeFileSync(file, `{"version":1,"spec":${'['.repeat(5000)}${']'.repeat(5000)}}`),
    'a folder': (file) => mkdirSync(file),
    'a link to a device': (file) => symlinkSync('/dev/zero', file),
    'a link to nowhere': (file) => symlinkSync(join(own, 'nowhere'), file),
    ...(process.platform !== 'win32' && { 'a pipe': (file: string) => void spawnSync('mkfifo', [file]) }),
  };
  const good = at(0);
  const directories = Object.values(bad).map((spoil, place) => {
    const directory = at(place + 1);
    const file = join(directory.path, 'run.json');
    rmSync(file);
    spoil(file);
    return directory;
  });
  const unreadable: string[] = [];
  const list = await readRunList(own, (each) => unreadable.push(unreadableText(each)));
  expect(list.map(({ directory }) => directory.run)).toEqual([good.run]);
  expect(unreadable.reverse().map((text) => text.split(' ', 1)[0])).toEqual(directories.map(({ run }) => run));
  for (const text of unreadable) expect(text).toContain('run.json: ');
});
