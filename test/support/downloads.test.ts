import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { madeOnce } from './downloads.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-downloads-'));
  vi.stubEnv('TANDEM_TEST_CACHE', folder);
  vi.spyOn(console, 'log').mockReturnValue();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('concurrent requests for a folder make it once', async () => {
  const make = vi.fn(async (half: string) => writeFileSync(join(half, 'file'), 'made'));
  const made = await Promise.all([madeOnce('thing', make), madeOnce('thing', make)]);
  expect(made).toEqual([join(folder, 'thing'), join(folder, 'thing')]);
  expect(make).toHaveBeenCalledTimes(1);
  expect(readdirSync(folder)).toEqual(['thing']);
});

test('a failed attempt leaves nothing that looks complete, and can be repeated', async () => {
  const fail = async (half: string): Promise<void> => {
    writeFileSync(join(half, 'part'), '');
    throw new Error('no network');
  };
  await expect(madeOnce('thing', fail)).rejects.toThrow('no network');
  expect(existsSync(join(folder, 'thing'))).toBe(false);
  await madeOnce('thing', async (half) => writeFileSync(join(half, 'file'), 'made'));
  expect(readdirSync(join(folder, 'thing'))).toEqual(['file']);
});

test('what a dead process left is discarded', async () => {
  mkdirSync(join(folder, 'thing.half'));
  writeFileSync(join(folder, 'thing.half', 'part'), '');
  writeFileSync(join(folder, 'thing.lock'), '');
  await madeOnce('thing', async (half) => writeFileSync(join(half, 'file'), 'made'));
  expect(readdirSync(join(folder, 'thing'))).toEqual(['file']);
});
