/** @file Only one living process holds a lock. */
import { spawnSync } from 'node:child_process';
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
  await expect(acquireLock(file, 0)).rejects.toMatchObject({
    reason: 'run-locked',
    message: expect.stringContaining(String(process.pid)) as string,
  });
  release();
  expect(existsSync(file)).toBe(false);
  (await acquireLock(file, 0))();
});

test.each([
  ['a process that is gone', () => JSON.stringify({ pid: spawnSync(process.execPath, ['-e', '']).pid })],
  ['an earlier process of the same number', () => JSON.stringify({ pid: process.pid, started: '1' })],
  ['a process killed while it wrote the lock', () => '{"pid'],
])('the lock of %s is taken over', async (name, left) => {
  if (name.startsWith('an earlier') && process.platform !== 'linux') return;
  const file = join(temporary, name);
  writeFileSync(file, left());
  (await acquireLock(file, 0))();
});

test('whoever lives and holds a lock is known, without taking it', async () => {
  const file = join(temporary, 'asked');
  expect(lockHolder(file)).toBeUndefined();
  const release = await acquireLock(file);
  expect(lockHolder(file)).toBe(process.pid);
  release();
  expect(lockHolder(file)).toBeUndefined();
});
