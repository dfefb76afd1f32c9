/** @file Old runs and leftovers are removed. Whatever is new, in use, unknown or not ours stays. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { temporaryName } from '../../temporary.ts';
import { acquireLock } from './lock.ts';
import { pruneWorkspace } from './pruneRuns.ts';
import { createRun, listRuns, type RunDirectory } from './runDirectory.ts';
import { keptRuns, runDefaults } from '../spec.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-prune-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'ws-'));
  mkdirSync(join(workspace, '.tandem', 'adapters', 'intent-01234567'), { recursive: true });
});

/** The number of a process that is gone. */
const gone = spawnSync(process.execPath, ['--version']).pid;
const newRun = (minute: number, name = 'intent'): RunDirectory => {
  const prompt = join(workspace, `${name}.prompt.md`);
  writeFileSync(prompt, '');
  return createRun({ ...runDefaults, prompt }, { source: 'x'.repeat(1000), data: {} }, new Date(Date.UTC(2026, 0, 1, 0, minute)));
};
const newRuns = (count: number): RunDirectory[] => Array.from({ length: count }, (_, minute) => newRun(minute));
const namesOf = (runs: readonly { readonly run: string }[]): string[] => runs.map(({ run }) => run);

test('the newest runs stay, twenty by default', async () => {
  const runs = newRuns(keptRuns + 2);
  const pruned = await pruneWorkspace(workspace);
  expect(namesOf(pruned.runs)).toEqual(namesOf(runs.slice(0, 2)));
  expect(pruned.kept).toBe(keptRuns);
  expect(listRuns(workspace)).toEqual(namesOf(runs.slice(2)));
  expect(existsSync(join(workspace, '.tandem', 'adapters', 'intent-01234567'))).toBe(true);
});

test('a dry run reports the same, with the bytes, and removes nothing', async () => {
  newRuns(4);
  const dry = await pruneWorkspace(workspace, { keep: 2, dryRun: true });
  expect(listRuns(workspace)).toHaveLength(4);
  expect(dry.bytes).toBeGreaterThan(2000);
  expect(await pruneWorkspace(workspace, { keep: 2 })).toEqual(dry);
  expect(listRuns(workspace)).toHaveLength(2);
});

test('0 keeps all', async () => {
  newRuns(3);
  expect((await pruneWorkspace(workspace, { keep: 0 })).runs).toEqual([]);
});

test('the newest run of a prompt stays, however old, as long as the prompt exists', async () => {
  const [first, last] = [newRun(0, 'other'), newRun(1, 'lost')];
  rmSync(join(workspace, 'lost.prompt.md'));
  newRuns(3);
  const pruned = await pruneWorkspace(workspace, { keep: 1 });
  expect(namesOf(pruned.runs)).toContain(last.run);
  expect(namesOf(pruned.runs)).not.toContain(first.run);
});

test('a run that a process is working on stays, and is named', async () => {
  const [first, ...others] = newRuns(3);
  const release = await acquireLock(first.lock, { work: 'a test' });
  const pruned = await pruneWorkspace(workspace, { keep: 1 });
  release();
  expect(pruned.left).toEqual([{ run: first.run, error: expect.objectContaining({ reason: 'run-locked' }) as Error }]);
  expect(listRuns(workspace)).toEqual([first.run, others[1].run]);
});

test('what cannot be read as a run stays, and is named. The target of a link is not touched', async () => {
  const [bad, linked] = newRuns(4);
  writeFileSync(join(bad.path, 'run.json'), '{"version":1}');
  const elsewhere = join(workspace, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'run.json'), '{}');
  rmSync(linked.path, { recursive: true });
  symlinkSync(elsewhere, linked.path);
  const pruned = await pruneWorkspace(workspace, { keep: 1 });
  expect(pruned.left.map(({ run, error }) => [run, error.reason])).toEqual([
    [linked.run, 'bad-run-folder'],
    [bad.run, 'bad-file'],
  ]);
  expect(readdirSync(elsewhere)).toEqual(['run.json']);
  expect(existsSync(bad.path)).toBe(true);
});

/** The temporary path at which a process that is gone was writing a file. */
const leftAt = (path: string): string => temporaryName(path).replace(`-${process.pid}.`, `-${gone}.`);

test('half-written files of dead processes are removed, and nothing else', async () => {
  const { path, adapters } = newRun(0);
  const [swept, kept] = [
    [leftAt(join(path, 'report.md')), leftAt(join(adapters, '0123456789abcdef')), leftAt(join(workspace, '.tandem', 'x.json'))],
    [
      temporaryName(join(path, 'report.md')),
      join(path, 'report.part'),
      join(path, `mine.${gone}.part`),
      leftAt(join(workspace, 'a.prompt.md')),
      leftAt(join(workspace, 'outside', 'x')),
    ],
  ];
  mkdirSync(join(workspace, 'outside'));
  mkdirSync(swept[1]);
  writeFileSync(join(swept[1], 'adapter_config.json'), '12345');
  for (const file of [swept[0], swept[2], ...kept]) writeFileSync(file, '12345');
  symlinkSync(join(workspace, 'outside'), join(workspace, '.tandem', 'link'));
  const { leftovers, bytes } = await pruneWorkspace(workspace);
  expect(leftovers.map((each) => each.path).sort()).toEqual([...swept].sort());
  expect(bytes).toBe(15);
  for (const file of swept) expect(existsSync(file)).toBe(false);
  for (const file of kept) expect(existsSync(file), file).toBe(true);
});

test('a file that was moved away for a replacement that never came is moved back', async () => {
  const folder = join(workspace, '.tandem', 'warm-start');
  mkdirSync(leftAt(join(folder, 'nano')).replace(/part$/, 'old'), { recursive: true });
  mkdirSync(leftAt(join(folder, 'nano')));
  await pruneWorkspace(workspace);
  expect(readdirSync(folder)).toEqual(['nano']);
});
