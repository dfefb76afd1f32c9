/**
 * @file Workspaces that anyone may have written, on the command line. Problems are reported at once with exit code 2, and nothing outside the
 * workspace is touched.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { executeRun } from '../src/run/execute.ts';
import { fakeExecution, fakeSpec } from '../src/run/fakeRun.fixture.ts';
import { createRun, readState, type RunDirectory } from '../src/run/record/runDirectory.ts';
import { root } from './support/paths.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const tandem = join(root, 'dist', 'cli.js');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-foreign-cli-'));
const env = { ...process.env, TANDEM_HOME: join(temporary, 'tandem-home') };

beforeAll(() => {
  if (!existsSync(tandem)) throw new Error('Build first: npm run build');
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let home: string;
let workspace: string;
let directory: RunDirectory;
beforeEach(async () => {
  const folder = mkdtempSync(join(temporary, 'case-'));
  [home, workspace] = [join(folder, 'home'), join(folder, 'ws')];
  mkdirSync(join(home, '.ssh'), { recursive: true });
  mkdirSync(join(workspace, '.tandem'), { recursive: true });
  writeFileSync(join(home, '.bashrc'), 'alias ll="ls -l"\n');
  writeFileSync(join(home, '.ssh', 'id_rsa'), 'SECRET-KEY');
  writeTinyTask(workspace);
  const source = readFileSync(join(workspace, 'kind.prompt.md'), 'utf8');
  directory = createRun({ ...fakeSpec, prompt: join(workspace, 'kind.prompt.md') }, { source, data: {} }, new Date(0));
  await executeRun(fakeExecution(directory, () => {}));
});

const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [tandem, ...args], { cwd: workspace, encoding: 'utf8', env, timeout: 60_000 });
const edit = (file: string, from: string, to: string): void => writeFileSync(file, readFileSync(file, 'utf8').replaceAll(from, to));

function expectRefused(args: readonly string[], words: RegExp): void {
  const { status, stdout, stderr } = run(...args);
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(words) as string });
  expect(stderr).not.toMatch(/^ +at /m);
  expect(readFileSync(join(home, '.bashrc'), 'utf8')).toBe('alias ll="ls -l"\n');
  expect(readdirSync(join(workspace, '.tandem'))).not.toContain('adapters');
}

describe('a run that came with the workspace', () => {
  test.each(['accept', 'resume', 'export', 'report'])('is refused by %s if its prompt is a file outside the workspace', (command) => {
    edit(join(directory.path, 'run.json'), '"kind.prompt.md"', '"../home/.bashrc"');
    expectRefused([command], /run\.json: The run names .*\.bashrc as its prompt file, but that is outside the workspace/);
  });

  test('is refused if its adapter is a folder outside the workspace', () => {
    edit(directory.journal, JSON.stringify(readState(directory).best!.adapter), '"../../../../../home/.ssh"');
    for (const command of ['accept', 'report', 'export'])
      expectRefused([command], /journal\.jsonl:\d+: "[\w.]+" should be a name of letters/);
  });

  test('is refused if its adapter is a link', () => {
    symlinkSync(join(home, '.ssh'), join(directory.adapters, readState(directory).best!.adapter!));
    expectRefused(['accept'], /This is a link, not the folder of an adapter/);
  });
});

test('a run that cannot be read is reported, and the others are listed', () => {
  const bad = join(workspace, '.tandem', 'runs', '2026-01-02-000000-bad');
  mkdirSync(bad);
  writeFileSync(join(bad, 'run.json'), '{"version":1}');
  expect(run('report', '--list')).toMatchObject({
    status: 0,
    stdout: `${directory.run}\n`,
    stderr: expect.stringMatching(
      /^2026-01-02-000000-bad cannot be read: .*run\.json: "spec" is missing\. It should be an object\.$/m,
    ) as string,
  });
  expectRefused(['report'], /run\.json: "spec" is missing\. It should be an object\./);
});

test('old runs are removed after a dry run has listed them', () => {
  for (let day = 1; day <= 3; day++) {
    createRun({ ...fakeSpec, prompt: join(workspace, 'kind.prompt.md') }, { source: '', data: {} }, new Date(Date.UTC(2026, 0, day)));
  }
  const runs = (): string[] => readdirSync(join(workspace, '.tandem', 'runs'));
  const dry = run('clean', '--keep', '2', '--dry-run');
  expect(dry.stdout).toMatch(
    /^Would remove the run 1970-01-01-000000-kind \(\d+ kB\)\nWould remove the run 2026-01-01.*\nWould free \d+ kB\. Runs left: 2\.\n$/,
  );
  expect(runs()).toHaveLength(4);
  expect(run('clean', '--keep', '2').stdout).toBe(dry.stdout.replaceAll('Would remove', 'Removed').replace('Would free', 'Freed'));
  expect(runs()).toEqual(['2026-01-02-000000-kind', '2026-01-03-000000-kind']);
  expect(run('clean').stdout).toBe('Nothing to remove: this workspace has 2 runs.\n');
});

describe('anything that is not a regular file is refused at once', () => {
  test('a file as an adapter', () => {
    writeFileSync(join(workspace, 'adapter'), '');
    expectRefused(['evaluate', 'kind.prompt.md', '--adapter', 'adapter'], /There is no adapter here/);
  });
  test.skipIf(process.platform === 'win32')('a device as a prompt, and a pipe as data', () => {
    expectRefused(['evaluate', '/dev/zero'], /\/dev\/zero: This is a device, not a file/);
    const data = readdirSync(workspace).find((name) => name.endsWith('.jsonl'))!;
    rmSync(join(workspace, data));
    spawnSync('mkfifo', [join(workspace, data)]);
    expectRefused(['evaluate', 'kind.prompt.md'], /This is a pipe, not a file/);
  });
});
