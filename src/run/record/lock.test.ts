/** @file Only one living process holds a lock. An unreadable lock is reported at once. A waiting process learns who holds the lock, and may give up. */
import { build } from 'esbuild';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireLock, lockHolder, type LockOptions } from './lock.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-lock-'));
const worker = join(temporary, 'lockedWork.mjs');
beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, 'lockedWork.fixture.ts')];
  await build({ entryPoints, outfile: worker, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const work = 'the run of a.prompt.md';
const take = (file: string, options: Partial<LockOptions> = {}): Promise<() => void> =>
  acquireLock(file, { patience: 0, work, ...options });
const gone = (): number => spawnSync(process.execPath, ['-e', '']).pid;

test('a lock that a living process holds is refused, and free again after its release', async () => {
  const file = join(temporary, 'held');
  const release = await take(file);
  await expect(take(file)).rejects.toMatchObject({
    reason: 'run-locked',
    message: expect.stringMatching(new RegExp(`^Process ${process.pid} is working on ${work}, since \\d\\d:\\d\\d\\.$`)) as string,
    where: { file },
  });
  release();
  expect(existsSync(file)).toBe(false);
  (await take(file))();
});

test.each([
  ['a process that is gone', () => JSON.stringify({ pid: gone() })],
  ['a process that is gone, and that said all of itself', () => JSON.stringify({ pid: gone(), started: '1', host: hostname(), work })],
  ['an earlier process of the same number', () => JSON.stringify({ pid: process.pid, started: '1' })],
  ['a process killed while it wrote the lock', () => '{"pid'],
  ['a process killed later while it wrote the lock', () => '{"pid":4711,"started":"12'],
  ['a process killed before it wrote the lock', () => ''],
  ['a machine without power', () => '\0'.repeat(200)],
])('the lock of %s is taken over', async (name, left) => {
  if (name.startsWith('an earlier') && process.platform !== 'linux') return;
  const file = join(temporary, name);
  writeFileSync(file, left());
  expect(lockHolder(file)).toBeUndefined();
  (await take(file))();
});

describe('a lock that does not say who holds it', () => {
  const written = (text: string) => (file: string) => writeFileSync(file, text);
  const fifo = (file: string): void => void spawnSync('mkfifo', [file]);
  test.each<[string, (file: string) => void, RegExp]>([
    ['a folder', (file) => mkdirSync(file), /is a folder/],
    ['a dangling link', (file) => symlinkSync(join(temporary, 'nowhere'), file), /is a link/],
    ['a link to a lock', (file) => symlinkSync(worker, file), /is a link/],
    ['a pipe', fifo, /is a pipe/],
    ['a number that means everybody', written('{"pid": -1}'), /does not name the process/],
    ['a number that means its own group', written('{"pid": 0}'), /does not name the process/],
    ['no number', written('{"pid": "1; rm -rf /"}'), /does not name the process/],
    ['something else', written('[]'), /does not name the process/],
    ['no JSON', written('locked by hand, do not touch'), /does not name the process/],
    ['a long file', written('{"pid":'.padEnd(1e6)), /is too long/],
    [
      'a number that another program may have',
      written(JSON.stringify({ pid: process.pid })),
      /names process \d+, which may be a different program/,
    ],
    [
      'another machine',
      written(JSON.stringify({ pid: process.pid, host: 'elsewhere', work: 'a\u001b[31m', since: '2026-01-02T03:04:05Z' })),
      // eslint-disable-next-line no-control-regex -- none may get through
      /belongs to another machine, 'elsewhere', where process \d+ is working on a [^\u001b]+, since 2026-01-0\d \d\d:\d\d; Tandem cannot check from here/,
    ],
  ])('is reported at once, and left alone: %s', async (name, make, message) => {
    if (process.platform !== 'linux' && /link|pipe|program/.test(name)) return;
    const file = join(temporary, `unclear ${name}`);
    make(file);
    const before = lstatSync(file).ino;
    const began = Date.now();
    const error: unknown = await take(file, { patience: 60_000 }).catch((thrown: unknown) => thrown);
    const hint = 'If no run is active here, delete the lock and start again.';
    expect(error).toMatchObject({ name: 'TandemError', reason: 'bad-lock', message: expect.stringMatching(message) as string, hint });
    expect((error as Error).message.startsWith(`The lock ${file} `)).toBe(true);
    expect(Date.now() - began).toBeLessThan(1000);
    expect(lstatSync(file).ino).toBe(before);
    expect(lockHolder(file)).toBe('unclear');
  });

  test.skipIf(process.platform === 'win32')('is reported at once: a lock of another user who lets nobody read it', () => {
    const folder = join(temporary, 'shared');
    mkdirSync(folder);
    const file = join(folder, 'lock');
    writeFileSync(file, JSON.stringify({ pid: process.pid, started: '1' }));
    chmodSync(file, 0o600);
    // Root may read everything, so it becomes a user who may not.
    const nobody = 65534;
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      chownSync(folder, nobody, nobody);
      chmodSync(temporary, 0o755);
    } else chmodSync(file, 0);
    const { status, stderr } = spawnSync(process.execPath, [worker, file, join(folder, 'mark'), '1', '1'], {
      ...(isRoot && { uid: nobody, gid: nobody }),
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/TandemError: The lock \S+ cannot be read/)]);
    if (isRoot) expect(stderr).toContain('belongs to another user (uid 0)');
  });
});

test('a waiting process learns who holds the lock, and continues as soon as the lock is free', async () => {
  const file = join(temporary, 'awaited');
  const release = await take(file);
  const said: string[] = [];
  const second = take(file, { patience: 60_000, onWait: (what) => said.push(what) });
  await sleep(350);
  release();
  (await second)();
  expect(said).toEqual([expect.stringMatching(new RegExp(`^Waiting for process ${process.pid}, .*${work}, since`))]);
});

test('a waiting process may give up at any time, and leaves the lock alone', async () => {
  const file = join(temporary, 'left');
  const release = await take(file);
  const stop = new AbortController();
  const waiting = take(file, { patience: 60_000, signal: stop.signal, onWait: () => stop.abort() });
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(lockHolder(file)).toBe(process.pid);
  release();
});

test('the living holder of a lock can be queried without taking the lock', async () => {
  const file = join(temporary, 'asked');
  expect(lockHolder(file)).toBeUndefined();
  const release = await take(file);
  expect(lockHolder(file)).toBe(process.pid);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname(), work });
  release();
  expect(lockHolder(file)).toBeUndefined();
});

test.skipIf(process.platform !== 'linux')('a zombie process holds nothing', async () => {
  const file = join(temporary, 'zombie');
  // The shell starts a child and then becomes a program that does not reap children, so that the dead child stays a zombie.
  const parent = spawn('sh', ['-c', '(sleep 0.2) & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!;
  writeFileSync(file, JSON.stringify({ pid, started: stat().split(' ')[19] }));
  expect(lockHolder(file)).toBe(pid);
  while (!stat().startsWith('Z')) await sleep(20);
  expect(lockHolder(file)).toBeUndefined();
  (await take(file))();
  parent.kill('SIGKILL');
});

test.skipIf(process.platform !== 'linux')(
  'of many processes that want it, some of them killed while they hold it, never two have it',
  { tags: 'long', timeout: 60_000 },
  async () => {
    const [lock, mark] = [join(temporary, 'wanted'), join(temporary, 'mark')];
    let kills = 0;
    // A killed process is replaced by another.
    const line = async (seed: number): Promise<string> => {
      for (let attempt = 0; ; attempt++) {
        const { killed, said } = await new Promise<{ killed: boolean; said: string }>((resolve) => {
          execFile(process.execPath, [worker, lock, mark, '12', String(100 * seed + attempt)], (error, stdout, stderr) =>
            resolve({ killed: error?.signal === 'SIGKILL', said: stdout + stderr }),
          );
        });
        if (!killed) return said;
        if (++kills > 40) return 'done\n';
      }
    };
    expect(await Promise.all([1, 2, 3, 4].map(line))).toEqual(['done\n', 'done\n', 'done\n', 'done\n']);
    expect(kills).toBeGreaterThan(3);
    expect(lockHolder(lock)).toBeUndefined();
  },
);
