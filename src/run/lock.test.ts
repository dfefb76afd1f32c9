/** @file Only one living process holds a lock. */
import { build } from 'esbuild';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { acquireLock, lockHolder } from './lock.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-lock-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

test('a lock that a living process holds is refused, and free again once it is given back', async () => {
  const file = join(temporary, 'held');
  const release = await acquireLock(file);
  await expect(acquireLock(file, { patience: 0 })).rejects.toMatchObject({
    reason: 'run-locked',
    message: expect.stringContaining(String(process.pid)) as string,
  });
  release();
  expect(existsSync(file)).toBe(false);
  (await acquireLock(file, { patience: 0 }))();
});

test.each([
  ['a process that is gone', () => JSON.stringify({ pid: spawnSync(process.execPath, ['-e', '']).pid })],
  ['an earlier process of the same number', () => JSON.stringify({ pid: process.pid, started: '1' })],
  ['a process killed while it wrote the lock', () => '{"pid'],
])('the lock of %s is taken over', async (name, left) => {
  if (name.startsWith('an earlier') && process.platform !== 'linux') return;
  const file = join(temporary, name);
  writeFileSync(file, left());
  (await acquireLock(file, { patience: 0 }))();
});

test('whoever lives and holds a lock is known, without taking it', async () => {
  const file = join(temporary, 'asked');
  expect(lockHolder(file)).toBeUndefined();
  const release = await acquireLock(file);
  expect(lockHolder(file)).toBe(process.pid);
  release();
  expect(lockHolder(file)).toBeUndefined();
});

test.skipIf(process.platform !== 'linux')(
  'of many processes that want it, some of them killed while they hold it, never two have it',
  async () => {
    const worker = join(temporary, 'lockedWork.mjs');
    const entryPoints = [join(import.meta.dirname, 'lockedWork.fixture.ts')];
    await build({ entryPoints, outfile: worker, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
    const [lock, mark] = [join(temporary, 'wanted'), join(temporary, 'mark')];
    let kills = 0;
    // Whoever is killed is followed by another.
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
  60_000,
);
