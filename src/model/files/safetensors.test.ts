/** @file Tests of reading and writing safetensors files. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from './safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what is written is read back, and no temporary file remains', async () => {
  const path = join(folder, 'two.safetensors');
  const tensors = [
    ['first', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, 7) }],
    ['second', { shape: [], data: Float32Array.of(42) }],
  ] as const;
  await writeSafetensors(path, tensors, { format: 'pt' });
  expect([...(await readSafetensors(path))]).toEqual(tensors);
  expect((await readSafetensorsHeader(path)).metadata).toEqual({ format: 'pt' });
  expect((await readSafetensorsHeader(path)).entries[0].begin % 8).toBe(0);
  expect(readdirSync(folder)).toEqual(['two.safetensors']);
});

test('only the requested tensors are read', async () => {
  const some = await readSafetensors('test/fixtures/tiny-tied/model.safetensors', (name) => name.endsWith('norm.weight'));
  expect(some.size).toBe(7);
});

test('a truncated file counts as damaged, with the place in the error', async () => {
  const path = join(folder, 'cut.safetensors');
  copyFileSync('test/fixtures/tiny-tied/model.safetensors', path);
  truncateSync(path, 100_000);
  await expect(readSafetensors(path)).rejects.toMatchObject({ reason: 'bad-safetensors', where: { file: path } });
  truncateSync(path, 5);
  await expect(readSafetensors(path)).rejects.toMatchObject({ reason: 'bad-safetensors' });
  writeFileSync(path, 'this is not a safetensors file at all');
  await expect(readSafetensors(path)).rejects.toMatchObject({ reason: 'bad-safetensors' });
});
