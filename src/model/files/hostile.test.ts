/**
 * @file Files from elsewhere may be damaged, cut off or malicious. 135,000 mutants of headers and settings end in an error with its
 * place or in a consistent model. None crashes, hangs or takes more memory than the file accounts for.
 * @module-tag long
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TandemError } from '../../errors.ts';
import { mutatedBytes, mutatedJson } from '../../mutants.fixture.ts';
import { randomStream, type Random } from '../../random.ts';
import { type ModelShape } from '../modelShape.ts';
import { parseHuggingFaceConfig } from './huggingFaceConfig.ts';
import { ggufPlan } from './gguf.ts';
import { parseGgufHeader, type GgufHeader } from './ggufHeader.ts';
import { ggufMetadata } from './ggufMetadata.ts';
import { ggufTokenizer } from './ggufTokenizer.ts';
import { tokenizerOf } from './huggingFaceDirectory.ts';
import { loadModelFiles } from './modelFiles.ts';
import { numberFormats, storedBytes } from './numberFormats.ts';
import { parseSafetensorsHeader } from './safetensors.ts';
import { requireWeights, weightShapes } from './weights.ts';

vi.setConfig({ testTimeout: 240_000 });

const fixtures = 'test/fixtures';
const folder = mkdtempSync(join(tmpdir(), 'tandem-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = 'hostile';
/** Milliseconds of processor time, which does not depend on other load. A mutant that is refused or read takes a tenth of one. */
const longest = 1000;
/** Bytes by which the process may grow while thousands of mutants are read. */
const mostMemory = 400e6;

let memory: number;
beforeAll(() => {
  memory = process.memoryUsage().rss;
});

interface Outcome {
  refused: number;
  accepted: number;
  readonly reasons: Record<string, number>;
}

/** Reads every mutant. `read` throws a TandemError or returns a model that `check` finds consistent. */
function readAll<T>(mutants: number, name: string, mutant: (random: Random) => T, read: (mutant: T) => void): Outcome {
  const outcome: Outcome = { refused: 0, accepted: 0, reasons: {} };
  for (let i = 0; i < mutants; i++) {
    const value = mutant(randomStream('hostile', name, i));
    const start = processorTime();
    try {
      read(value);
      outcome.accepted++;
    } catch (error) {
      if (!isNamed(error)) throw new Error(`mutant ${i} of ${name} ended in no error of ours`, { cause: error });
      outcome.refused++;
      outcome.reasons[error.reason] = (outcome.reasons[error.reason] ?? 0) + 1;
    }
    const took = processorTime() - start;
    if (took > longest) throw new Error(`mutant ${i} of ${name} took ${took} ms`);
  }
  expect(process.memoryUsage().rss - memory).toBeLessThan(mostMemory);
  return outcome;
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const isNamed = (error: unknown): error is TandemError =>
  error instanceof TandemError && error.where !== undefined && error.message.length < 1000;

// ---- GGUF ----

describe('GGUF headers', () => {
  test.each(['tiny-tied.gguf', 'tiny-qwen2.gguf', 'tiny-qwen3.gguf', 'tiny-biased.gguf', 'tiny-spm.gguf'])(
    '12,500 mutants of %s',
    (name) => {
      const whole = readFileSync(join(fixtures, name));
      const original = header(whole);
      const headerEnd = Math.min(...original.tensors.map(({ position }) => position));
      const { refused, accepted, reasons } = readAll(
        12_500,
        name,
        (random) => mutatedBytes(whole, headerEnd, random),
        (bytes) => {
          const read = header(bytes);
          expectTiled(read, bytes.length);
          const plan = ggufPlan(read, undefined, path);
          expect([...plan.tensors.keys()].sort()).toEqual([...weightShapes(plan.config).keys()].sort());
        },
      );
      expect(refused).toBeGreaterThan(2000);
      expect(accepted).toBeGreaterThan(100);
      expect(Object.keys(reasons).sort()).toEqual(['bad-gguf', 'bad-model-config', 'bad-weights', 'unsupported-model']);
    },
  );

  test('1,500 mutants of a SentencePiece vocabulary', () => {
    const whole = readFileSync(join(fixtures, 'tiny-spm.gguf'));
    const headerEnd = Math.min(...header(whole).tensors.map(({ position }) => position));
    const { refused, accepted, reasons } = readAll(
      1500,
      'tiny-spm.gguf tokenizer',
      (random) => mutatedBytes(whole, headerEnd, random),
      (bytes) => {
        const { tokenizer } = ggufTokenizer(ggufMetadata(header(bytes).metadata, path));
        tokenizer.decode(tokenizer.encode('<s> The capital is Paris.\n\tÀ €</s>'));
      },
    );
    expect(refused).toBeGreaterThan(300);
    expect(accepted).toBeGreaterThan(100);
    expect(Object.keys(reasons)).toContain('unsupported-tokenizer');
  });

  test('a truncated file is refused wherever it ends', () => {
    const whole = readFileSync(join(fixtures, 'tiny-qwen3.gguf'));
    const last = header(whole).tensors.at(-1)!;
    const end =
      last.position +
      storedBytes(
        last.format,
        last.shape.reduce((product, size) => product * size, 1),
      );
    for (let length = 0; length < end; length += length < 9000 ? 1 : 97)
      expect(() => header(whole.subarray(0, length)), `${length} bytes`).toThrow(expect.objectContaining({ reason: 'bad-gguf' }));
  });

  test.each([
    ['tensors', 8],
    ['entries of metadata', 16],
    ['bytes of a name', 24],
  ])('2^60 %s are refused at once', (_, at) => {
    const bytes = Buffer.from(readFileSync(join(fixtures, 'tiny-qwen3.gguf')));
    bytes.writeBigUInt64LE(2n ** 60n, at);
    expect(() => header(bytes)).toThrow(expect.objectContaining({ reason: 'bad-gguf' }));
  });
});

function header(bytes: Buffer): GgufHeader {
  const read = parseGgufHeader(bytes, bytes.length, path);
  if (read === 'longer') throw new Error('all bytes were given');
  return read;
}

function expectTiled({ tensors }: GgufHeader, fileSize: number): void {
  let end = 0;
  for (const { position, format, shape, name } of tensors) {
    if (position < end) throw new Error(`"${name}" overlaps`);
    end =
      position +
      storedBytes(
        format,
        shape.reduce((product, size) => product * size, 1),
      );
  }
  if (end > fileSize) throw new Error('the tensors are longer than the file');
}

// ---- safetensors ----

describe('safetensors headers', () => {
  test.each(['tiny-tied', 'tiny-qwen2', 'tiny-mistral', 'tiny-biased'])('12,500 mutants of %s', (name) => {
    const whole = readFileSync(join(fixtures, name, 'model.safetensors'));
    const length = Number(whole.readBigUInt64LE());
    const json = whole.subarray(8, 8 + length);
    const config = configOf(name);
    const { refused, accepted, reasons } = readAll(
      12_500,
      `${name}.safetensors`,
      (random) => (random.uniform() < 0.5 ? mutatedBytes(json, json.length, random) : Buffer.from(mutatedJson(json.toString(), random))),
      (bytes) => {
        const fileSize = whole.length - length + bytes.length;
        const { entries } = parseSafetensorsHeader(bytes, fileSize, path);
        let end = 8 + bytes.length;
        for (const entry of entries) {
          if (entry.begin !== end) throw new Error(`"${entry.name}" overlaps or leaves a hole`);
          end += entry.bytes;
        }
        if (end !== fileSize) throw new Error('the tensors do not fill the file');
        requireWeights(config, new Map(entries.map(({ name: tensor, shape }) => [tensor, { shape, file: path }])), path);
        for (const { dtype, shape, bytes: stored } of entries)
          if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16')
            expect(
              storedBytes(
                numberFormats[dtype],
                shape.reduce((product, size) => product * size, 1),
              ),
            ).toBe(stored);
      },
    );
    expect(refused).toBeGreaterThan(8000);
    expect(accepted).toBeGreaterThan(100);
    expect(Object.keys(reasons).sort()).toEqual(['bad-safetensors', 'bad-weights', 'unsupported-model']);
  });
});

function configOf(name: string): ModelShape {
  return parseHuggingFaceConfig(JSON.parse(readFileSync(join(fixtures, name, 'config.json'), 'utf8')), 'config.json');
}

// ---- settings ----

describe('settings', () => {
  test.each(['tiny-llama3', 'tiny-qwen2', 'tiny-qwen3', 'tiny-mistral'])('5,000 mutants of the config of %s', (name) => {
    const text = readFileSync(join(fixtures, name, 'config.json'), 'utf8');
    const { refused } = readAll(
      5000,
      `${name}/config.json`,
      (random) => mutatedJson(text, random),
      (json) => {
        const config = parseHuggingFaceConfig(JSON.parse(json), path);
        expect(weightShapes(config).size).toBeLessThan(20_000);
        expect(config.maxPositions * config.headSize * 4).toBeLessThanOrEqual(2 ** 28);
      },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  test('3,000 mutants of a tokenizer.json', () => {
    const text = readFileSync(join(fixtures, 'tiny-qwen3', 'tokenizer.json'), 'utf8');
    const { refused, accepted } = readAll(
      3000,
      'tokenizer.json',
      (random) => mutatedJson(text, random),
      (json) => {
        const { tokenizer } = tokenizerOf(JSON.parse(json) as Record<string, unknown>, { bos_token: '<|im_start|>' }, [2], undefined, path);
        tokenizer.decode(tokenizer.encode('The capital is Paris.<|im_end|>'));
      },
    );
    expect(refused).toBeGreaterThan(50);
    expect(accepted).toBeGreaterThan(1000);
  });

  test.each(['model.safetensors.index.json', 'config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json'])(
    'models with 60 mutants of %s are read whole or refused with a place',
    async (file) => {
      const directory = join(folder, file);
      cpSync(join(fixtures, 'tiny-qwen3'), directory, { recursive: true });
      const text = readFileSync(join(directory, file), 'utf8');
      for (let i = 0; i < 60; i++) {
        writeFileSync(join(directory, file), mutatedJson(text, randomStream('hostile directory', file, i)));
        await loadModelFiles(directory).catch((error: unknown) => {
          if (!isNamed(error)) throw error;
          expect(error.where?.file.startsWith(directory)).toBe(true);
        });
      }
    },
  );
});
