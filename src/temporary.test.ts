/** @file Sweeping removes what killed processes left behind, and nothing else. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sweepTemporaries, temporaryName } from './temporary.ts';

const root = mkdtempSync(join(tmpdir(), 'tandem-temporary-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The temporary name that a process gave which no longer exists. */
const ofTheDead = (path: string): string => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  return temporaryName(path).replace(/-\d+\.part$/, `-${pid}.part`);
};
const ofAnotherMachine = (path: string): string => temporaryName(path).replace(/\.[0-9a-f]{8}-\d+\.part$/, '.00000000-1.part');

test('files and whole folders of processes that are gone are removed', () => {
  const folder = join(root, 'a');
  mkdirSync(join(folder, 'runs', 'one'), { recursive: true });
  mkdirSync(join(ofTheDead(join(folder, 'model')), 'within'), { recursive: true });
  writeFileSync(join(folder, 'kept.part'), '');
  const [shallow, deep] = [ofTheDead(join(folder, 'a.json')), ofTheDead(join(folder, 'runs', 'one', 'b.json'))];
  for (const file of [shallow, deep]) writeFileSync(file, '');
  sweepTemporaries(folder);
  expect([existsSync(shallow), existsSync(deep)]).toEqual([false, true]);
  sweepTemporaries(folder, { deep: true });
  expect(existsSync(deep)).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(['kept.part', 'runs']);
});

test('files of this process, of a live process, and of another machine within a week stay, as do files with similar names', () => {
  const folder = join(root, 'b');
  mkdirSync(folder);
  const live = temporaryName('live').replace(/-\d+\.part$/, `-${process.ppid}.part`);
  const kept = [temporaryName('own'), live, ofAnotherMachine('new'), 'model.gguf.part', 'a.12345.part', 'x.0123456-1.part'].sort();
  const old = ofAnotherMachine('old');
  for (const name of [...kept, old]) writeFileSync(join(folder, name), '');
  utimesSync(join(folder, old), new Date(), new Date(Date.now() - 8 * 24 * 3600 * 1000));
  sweepTemporaries(folder);
  expect(readdirSync(folder).sort()).toEqual(kept);
});

test('links are not followed', () => {
  const [folder, outside] = [join(root, 'c'), join(root, 'd')];
  mkdirSync(folder);
  mkdirSync(outside);
  const victim = ofTheDead(join(outside, 'a'));
  writeFileSync(victim, '');
  symlinkSync(outside, join(folder, 'link'), 'junction');
  symlinkSync(outside, join(folder, basename(ofTheDead('folder'))), 'junction');
  sweepTemporaries(folder, { deep: true });
  expect([existsSync(victim), readdirSync(folder)]).toEqual([true, ['link']]);
});

test('sweeping a missing folder or a file does nothing', () => {
  writeFileSync(join(root, 'file'), '');
  for (const name of ['none', 'file']) expect(() => sweepTemporaries(join(root, name), { deep: true })).not.toThrow();
});
