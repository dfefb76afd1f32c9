/** @file Numbers as int8: how far off they are, and that blocks of GGUF's Q8_0 stay as they are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../random.ts';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { input } from '../../tensor/graph.ts';
import { matMul } from '../../tensor/ops.ts';
import { writeGgufFile } from '../files/ggufWriter.ts';
import { loadFrozen, loadModelFiles } from '../files/modelFiles.ts';
import { numberEncoders, roundedTo } from '../files/numberEncoders.ts';
import { numberFormats, type NumberFormatName } from '../files/numberFormats.ts';
import { readPieces } from '../files/weightPieces.ts';
import { weightShapes } from '../files/weights.ts';
import { f32 } from './f32.ts';
import { formFor, weightBytes } from './formFor.ts';
import { frozenIntake, frozenWeights } from './frozenWeights.ts';
import { int8 } from './int8.ts';

const fixture = (name: string): string => new URL(`../../../test/fixtures/${name}`, import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'tandem-int8-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const normal = (length: number, seed = 1): Float32Array => {
  const random = randomStream(seed, 'int8');
  return Float32Array.from({ length }, () => random.normal() / 20);
};
const asInt8 = (data: Float32Array, width: number): Float32Array => {
  const shape = [data.length / width, width];
  return int8.numbers('w', int8.feeds('w', { shape, data })).data;
};

describe('a number is off by at most 1/254 of the largest one in its block', () => {
  function expectBound(data: Float32Array, width: number): void {
    const found = asInt8(data, width);
    for (let row = 0; row < data.length; row += width)
      for (let start = row; start < row + width; start += 32) {
        const end = Math.min(start + 32, row + width);
        const most = Math.max(...data.subarray(start, end).map(Math.abs));
        for (let i = start; i < end; i++) expect(Math.abs(found[i] - data[i])).toBeLessThanOrEqual((most / 254) * (1 + 1e-5));
      }
  }

  test.each([32, 64, 24, 40, 1])('rows of %i', (width) => expectBound(normal(width * 50), width));

  test('blocks of very different sizes', () =>
    expectBound(
      normal(32 * 60).map((value, i) => value * 10 ** (Math.floor(i / 32) - 30)),
      32,
    ));

  // Random bytes as blocks of the format, with scales that are numbers.
  test.each(Object.keys(numberFormats) as NumberFormatName[])('numbers stored as %s', (name) => {
    const { blockNumbers, blockBytes, decode } = numberFormats[name];
    const blocks = 4096 / blockNumbers;
    const random = randomStream(2, name);
    const bytes = Uint8Array.from({ length: blocks * blockBytes }, () => random.integer(256) & 0x3f);
    const data = new Float32Array(4096);
    decode(bytes, blocks, data, 0);
    expect(data.every(Number.isFinite)).toBe(true);
    expectBound(data, 256);
  });
});

test('integers and scales of Q8_0 come back unchanged', () => {
  const stored = numberEncoders.Q8_0(normal(32 * 500));
  const numbers = new Float32Array(32 * 500);
  numberFormats.Q8_0.decode(stored, 500, numbers, 0);
  const { 'w.blocks': blocks } = int8.feeds('w', { shape: [500, 32], data: numbers });
  const integers = Int8Array.from({ length: 32 * 500 }, (_, i) => stored[Math.floor(i / 32) * 34 + 2 + (i % 32)]);
  expect(blocks.data).toEqual(integers);
  expect(asInt8(numbers, 32)).toEqual(numbers);
});

test('a block of zeros, and one that is too small for its scale, are zero', () => {
  const data = new Float32Array(64);
  data[40] = 1e-40;
  expect(asInt8(data, 64)).toEqual(new Float32Array(64));
});

test('a matrix of many millions of numbers is multiplied in parts, to the same result', async () => {
  const [rows, width] = [70_000, 256];
  const form = int8.feeds('w', { shape: [rows, width], data: normal(rows * width) });
  const dy = { shape: [2, rows], data: normal(2 * rows, 3) };
  const x = { shape: [2, width], data: normal(2 * width, 2) };
  const inputs = new Map<string, ReturnType<typeof input>>();
  const matrix = int8.matrix('w', [rows, width], (name, shape, type) => {
    const node = inputs.get(name) ?? input(name, shape, type);
    inputs.set(name, node);
    return node;
  });
  const whole = input('whole', [rows, width]);
  const product = matrix.product(input('x', ['T', width]));
  const [back] = product.op.gradient?.(input('dy', ['T', rows]), product.inputs, product) ?? [];
  const executable = await onnxRuntimeExecutor({ threads: 1 }).compile({
    product,
    back: back!,
    'expected product': matMul(input('x', ['T', width]), whole, { transB: true }),
    'expected back': matMul(input('dy', ['T', rows]), whole),
  });
  const results = await executable.run({ ...form, x, dy, whole: int8.numbers('w', form) });
  for (const name of ['product', 'back'] as const) {
    const [actual, expected] = [results[name], results[`expected ${name}`]];
    expect(actual.shape).toEqual(expected.shape);
    const scale = Math.max(...Array.from(expected.data.slice(0, 1000), Math.abs));
    const off = Array.from(actual.data).reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i])), 0);
    expect(off / scale).toBeLessThan(1e-4);
  }
  await executable.dispose();
});

describe('loading', () => {
  test.each(['tiny-tied', 'tiny-untied', 'tiny-qwen3.gguf', 'tiny-tied.gguf', 'tiny-biased.gguf'])(
    '%s has the same weights and the same fingerprint',
    async (name) => {
      const whole = await loadModelFiles(fixture(name));
      const formed = await loadFrozen(fixture(name), () => int8);
      expect(formed.fingerprint).toBe(whole.fingerprint);
      expect(formed.weights.feeds).toEqual(frozenWeights(whole.weights, int8).feeds);
    },
  );

  test('a large matrix is read in pieces', async () => {
    const [rows, width] = [6000, 256];
    const data = normal(rows * width);
    const path = join(folder, 'large.gguf');
    await writeGgufFile(path, {}, [{ name: 'w', shape: [rows, width], format: 'Q8_0', data: () => data }]);
    const file = await open(path);
    const position = (await file.stat()).size - (data.length / 32) * 34;
    const [pieces, intakes] = [[] as number[], [f32, int8].map(frozenIntake)];
    const shape = [rows, width];
    await readPieces(file, path, { name: 'w', shape, format: numberFormats.Q8_0, position }, 64, (piece) => {
      pieces.push(piece.firstRow);
      for (const intake of intakes) intake.take('w', shape, piece);
    });
    await file.close();
    expect(pieces).toEqual([0, 2048, 4096]);
    const expected = roundedTo('Q8_0', data);
    for (const { weights } of intakes) expect(weights.form.numbers('w', weights.feeds).data).toEqual(expected);
  });
});

test('small models stay in float32 by default, large ones become int8', async () => {
  const { config } = await loadModelFiles(fixture('tiny-tied'));
  const smol = {
    ...config,
    vocabularySize: 49152,
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 30,
    heads: 9,
    keyValueHeads: 3,
    headSize: 64,
  };
  expect([formFor('auto', config), formFor('auto', smol), formFor('f32', smol), formFor('int8', config)]).toEqual([f32, int8, f32, int8]);
  expect(weightBytes(smol, int8) / weightBytes(smol, f32)).toBeCloseTo(9 / 32, 3);
  expect(weightShapes(smol).size).toBeGreaterThan(0);
});
