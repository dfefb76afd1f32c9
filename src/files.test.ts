/** @file Anything that is not a regular file, or is too large, is refused at once. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isMissing, readFileBytes, readFileBytesLater, readTextFile, readTextFileLater, readTextTail, requireOwnFile } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'a.json');
writeFileSync(file, '{"ä":1}');
symlinkSync(file, join(folder, 'link'));
const pipe = join(folder, 'pipe');
const hasPipes = spawnSync('mkfifo', [pipe]).status === 0;
const readers = {
  readTextFile: async (path: string, limits = {}) => readTextFile(path, limits),
  readTextFileLater,
  readTextTail: (path: string, limits = {}) => readTextTail(path, 100, limits),
};

describe.each(Object.entries(readers))('%s', (_, read) => {
  test('reads a file or the target of a link', async () => {
    expect(await read(file)).toBe('{"ä":1}');
    expect(await read(join(folder, 'link'))).toBe('{"ä":1}');
  });
  test('reports a missing file as the system does', async () => {
    for (const missing of [join(folder, 'none'), join(file, 'none')])
      expect(isMissing(await read(missing).catch((error: unknown) => error))).toBe(true);
  });
  test('refuses a folder', () => expect(read(folder)).rejects.toThrow('This is a folder, not a file.'));
  test('refuses a link if asked to', () =>
    expect(read(join(folder, 'link'), { links: 'refused' })).rejects.toMatchObject({ reason: 'not-a-file' }));
  test.skipIf(!hasPipes)('refuses a pipe without waiting for its other end', () =>
    expect(read(pipe)).rejects.toMatchObject({ reason: 'not-a-file', where: { file: pipe } }),
  );
  test.skipIf(process.platform === 'win32')('refuses a device', () =>
    expect(read('/dev/zero')).rejects.toMatchObject({ reason: 'not-a-file' }),
  );
});

test('a file that is larger than its limit is refused', async () => {
  expect(() => readFileBytes(file, { most: 4 })).toThrow(expect.objectContaining({ reason: 'too-large' }) as Error);
  await expect(readFileBytesLater(file, { most: 4 })).rejects.toMatchObject({ reason: 'too-large' });
  expect(readFileBytes(file, { most: 8 })).toHaveLength(8);
});

test.skipIf(process.platform !== 'linux')('a file that reports size 0 but is not empty is read completely', () => {
  expect(readTextFile('/proc/self/status')).toContain('Pid:');
  expect(() => readTextFile('/proc/self/status', { most: 10 })).toThrow(expect.objectContaining({ reason: 'too-large' }) as Error);
});

test('only a regular file or a new path may be written to', () => {
  requireOwnFile(file);
  requireOwnFile(join(folder, 'none'));
  for (const other of [folder, join(folder, 'link')])
    expect(() => requireOwnFile(other)).toThrow(expect.objectContaining({ reason: 'not-a-file' }) as Error);
});
