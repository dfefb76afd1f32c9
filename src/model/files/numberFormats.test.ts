/** @file Tests that stored numbers are converted to the same float32 as in gguf-py, to the bit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { numberFormats, readNumbers, storedBytes } from './numberFormats.ts';
import type { NumberFormatName } from './numberFormats.ts';

type Cases = Record<NumberFormatName, { bytes: string; values: string }>;
const cases = JSON.parse(readFileSync('test/fixtures/number-formats.json', 'utf8')) as Cases;

test.each(Object.keys(cases) as NumberFormatName[])('%s', (name) => {
  const bytes = aligned(cases[name].bytes);
  const expected = new Float32Array(aligned(cases[name].values).buffer);
  const format = numberFormats[name];
  const blocks = bytes.length / format.blockBytes;
  expect(storedBytes(format, expected.length)).toBe(bytes.length);
  const out = new Float32Array(expected.length + 1);
  format.decode(bytes, blocks, out, 1);
  expect([...out.subarray(1)]).toEqual([...expected]);
});

test('numbers are read in pieces from the middle of a file, and a file that ends too early is detected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-numbers-'));
  const path = join(folder, 'numbers');
  const count = 3_000_000;
  const halves = Uint16Array.from({ length: count + 4 }, (_, i) => 0x3f80 + (i % 64));
  writeFileSync(path, halves);
  const file = await open(path);
  try {
    const values = await readNumbers(file, 8, numberFormats.BF16, count);
    const wrong = values.findIndex((value, i) => value !== 1 + ((i + 4) % 64) / 128);
    expect(wrong).toBe(-1);
    await expect(readNumbers(file, 10, numberFormats.BF16, count)).rejects.toThrow(RangeError);
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
});

function aligned(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}
