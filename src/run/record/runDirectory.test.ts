/** @file Runs have their own directories in the nearest `.tandem`, and are found again. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, win32 } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fakeSpec } from '../fakeRun.fixture.ts';
import { createRun, findRun, listRuns, noteResumed, portable, promptName, readRecord } from './runDirectory.ts';
import { workspaceOf } from './tandemFolder.ts';
import type { RunSpec } from '../spec.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-directory-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const newWorkspace = (): string => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(workspace, 'prompts'));
  writeFileSync(join(workspace, 'prompts', 'intent.prompt.md'), 'x');
  mkdirSync(join(workspace, '.tandem'));
  return workspace;
};
const specOf = (workspace: string): RunSpec => ({
  prompt: join(workspace, 'prompts', 'intent.prompt.md'),
  ...fakeSpec,
});
const facts = { source: 'x', data: { 'data.jsonl': 'abc' } };

test('two runs in the same second get two directories. The latest is found without a name, each by its name or path', () => {
  const workspace = newWorkspace();
  const now = new Date('2026-03-04T05:06:07Z');
  const [first, second] = [createRun(specOf(workspace), facts, now), createRun(specOf(workspace), facts, now)];
  expect([first.run, second.run]).toEqual(['2026-03-04-050607-intent', '2026-03-04-050607-intent-2']);
  expect(listRuns(workspace)).toEqual([first.run, second.run]);
  expect(findRun(workspace)).toEqual(second);
  expect(findRun(join(workspace, 'prompts'), first.run)).toEqual(first);
  expect(findRun('/', first.path)).toEqual(first);
  expect(() => findRun(workspace, 'nope')).toThrow(expect.objectContaining({ reason: 'no-run' }) as Error);
});

test('a workspace that was moved still has its runs, with paths in the new place', () => {
  const workspace = newWorkspace();
  const directory = createRun(specOf(workspace), facts);
  expect(readFileSync(join(directory.path, 'run.json'), 'utf8')).not.toContain(workspace);
  noteResumed(directory);
  expect(readRecord(directory)).toMatchObject({ spec: specOf(workspace), ...facts, resumed: [expect.any(String)] });
});

test('a run written by a newer version is refused', () => {
  const directory = createRun(specOf(newWorkspace()), facts);
  writeFileSync(join(directory.path, 'run.json'), '{"version":3}');
  expect(() => readRecord(directory)).toThrow(expect.objectContaining({ reason: 'newer-version' }) as Error);
});

test('a prompt belongs to the nearest folder with a .tandem, else to the git repository, else to its own folder', () => {
  const workspace = newWorkspace();
  expect(workspaceOf(join(workspace, 'prompts', 'intent.prompt.md'))).toBe(workspace);
  rmSync(join(workspace, '.tandem'), { recursive: true });
  expect(workspaceOf(join(workspace, 'prompts', 'intent.prompt.md'))).toBe(join(workspace, 'prompts'));
  mkdirSync(join(workspace, '.git'));
  expect(workspaceOf(join(workspace, 'prompts', 'intent.prompt.md'))).toBe(workspace);
});

test.each([
  ['prompts/intent.prompt.md', 'intent'],
  ['Ticket triage.prompty', 'Ticket-triage'],
  ['über.prompt.md', 'über'],
])('%s is named %s', (file, name) => expect(promptName(file)).toBe(name));

test.each([
  ['C:\\work\\prompts\\intent.prompt.md', 'prompts/intent.prompt.md'],
  ['c:\\Work\\data\\rows.csv', 'data/rows.csv'],
  ['C:\\shared\\rows.csv', '../shared/rows.csv'],
  ['D:\\data\\rows.csv', 'D:/data/rows.csv'],
])('on Windows %s is stored as %s, and resolved to the same path again', (file, kept) => {
  expect(portable('C:\\work', file, win32)).toBe(kept);
  expect(win32.resolve('C:\\work', kept).toLowerCase()).toBe(file.toLowerCase());
});
