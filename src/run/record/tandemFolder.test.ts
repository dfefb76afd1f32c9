/** @file Where `.tandem` is created for a prompt in a folder that is open in an editor. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { makeTandemFolder, stayWithin, workspaceOf } from './tandemFolder.ts';

const all = mkdtempSync(join(tmpdir(), 'tandem-within-'));
afterAll(() => rmSync(all, { recursive: true, force: true }));

let repository: string;
/** The open folder, and a prompt in one of its folders. */
let opened: string;
let prompt: string;
beforeEach(() => {
  repository = mkdtempSync(join(all, 'repository-'));
  opened = join(repository, 'packages', 'support');
  prompt = join(opened, 'prompts', 'intent.prompt.md');
  for (const folder of [join(repository, '.git'), join(opened, 'prompts')]) mkdirSync(folder, { recursive: true });
});

test('a prompt in a folder of a repository whose root is not open is recorded in the open folder', () => {
  expect(workspaceOf(prompt)).toBe(repository);
  stayWithin(opened, prompt);
  expect(workspaceOf(prompt)).toBe(opened);
  expect(existsSync(join(repository, '.tandem'))).toBe(false);
});

test('this also holds if the repository already has a .tandem, which stays for its other prompts', () => {
  mkdirSync(join(repository, '.tandem'));
  stayWithin(opened, prompt);
  expect(workspaceOf(prompt)).toBe(opened);
  expect(workspaceOf(join(repository, 'other.prompt.md'))).toBe(repository);
});

test('no .tandem is created if the open folder, or one inside it, is the workspace anyway', () => {
  stayWithin(repository, prompt);
  expect(existsSync(join(repository, '.tandem'))).toBe(false);
  mkdirSync(join(opened, 'prompts', '.tandem'));
  stayWithin(opened, prompt);
  expect(existsSync(join(opened, '.tandem'))).toBe(false);
});

test('the .gitignore of an older version is brought up to date, and one that somebody has changed stays', () => {
  const file = join(makeTandemFolder(repository), '.gitignore');
  const current = readFileSync(file, 'utf8');
  expect(current).toContain('answers.jsonl');
  writeFileSync(file, '/runs/\n/cache/\n');
  makeTandemFolder(repository);
  expect(readFileSync(file, 'utf8')).toBe(current);
  writeFileSync(file, '/runs/\n');
  makeTandemFolder(repository);
  expect(readFileSync(file, 'utf8')).toBe('/runs/\n');
});
