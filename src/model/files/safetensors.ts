/** @file Reads and writes safetensors files: a JSON header, then the tensors' bytes. */
import { numberEncoders } from './numberEncoders.ts';
import type { FileHandle } from 'node:fs/promises';
import { TandemError } from '../../errors.ts';
import { openFile } from '../../files.ts';
import { pulse } from '../../pulse.ts';
import { isRecord } from '../configFields.ts';
import { numberFormats, readFully, readNumbers, storedBytes } from './numberFormats.ts';
import { replaceFile } from './replaceFile.ts';
import type { WeightTensor } from '../weightTensor.ts';
import { readPieces, type TakePiece } from './weightPieces.ts';

export interface SafetensorsEntry {
  readonly name: string;
  /** The format in the file: F32, F16, BF16, I64, ... */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Byte position in the file. */
  readonly begin: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the tensors of a file as float32 (from F32, F16 or BF16), one after the other.
 * @param wanted  the names to read; all if omitted
 * @throws TandemError 'bad-safetensors' for a damaged file or another number format, naming the tensor
 */
export async function readSafetensors(path: string, wanted: (name: string) => boolean = () => true): Promise<Map<string, WeightTensor>> {
  const file = await openFile(path);
  try {
    const header = await readHeader(file, path);
    const tensors = new Map<string, WeightTensor>();
    for (const entry of header.entries.filter(({ name }) => wanted(name))) {
      tensors.set(entry.name, { shape: entry.shape, data: await readEntry(file, path, entry) });
      pulse();
    }
    return tensors;
  } finally {
    await file.close();
  }
}

/** Reads and checks the wanted tensors, in pieces of float32 numbers. @throws TandemError 'bad-safetensors', 'bad-weights' */
export async function readSafetensorsPieces(
  path: string,
  wanted: (name: string) => boolean,
  headRows: number,
  take: TakePiece,
): Promise<void> {
  const file = await openFile(path);
  try {
    const { entries } = await readHeader(file, path);
    for (const entry of entries.filter(({ name }) => wanted(name))) {
      const { name, shape, begin: position } = entry;
      const placed = { name, shape, position, format: numberFormats[formatOf(entry, path)] };
      await readPieces(file, path, placed, headRows, (piece) => take(name, shape, piece)).catch((cause: unknown) => {
        throw endsWithin(name, path, cause);
      });
    }
  } finally {
    await file.close();
  }
}

/** The names, shapes and metadata of a file, without its numbers. @throws TandemError 'bad-safetensors' */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await openFile(path);
  try {
    return await readHeader(file, path);
  } finally {
    await file.close();
  }
}

/**
 * Writes float32 tensors, rounded to halves if requested, to a temporary name first. An existing file is replaced completely. Each tensor's `data` is read
 * once, in its turn, so that a getter may compute it.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: WeightTensor]>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: 'F32' | 'F16' = 'F32',
): Promise<void> {
  const items = [...tensors];
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape }] of items) {
    const begin = end;
    end += storedBytes(numberFormats[dtype], numbersIn(shape));
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  await replaceFile(path, async (file) => {
    await file.write(encodeHeader(header));
    for (const [, tensor] of items) {
      await file.write(numberEncoders[dtype](tensor.data));
      pulse();
    }
  });
}

/** Eight bytes of length, then the JSON, padded with spaces so that the numbers begin at a multiple of eight. */
function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

async function readHeader(file: FileHandle, path: string): Promise<SafetensorsHeader> {
  const { size } = await file.stat();
  const length = Buffer.alloc(8);
  await readFully(file, length, 0).catch((cause: unknown) => Promise.reject(damaged(path, 'it is too short', cause)));
  const headerBytes = length.readBigUInt64LE();
  if (headerBytes > Math.min(size - 8, maxHeaderBytes)) throw damaged(path, 'its header is longer than the file');
  const text = Buffer.alloc(Number(headerBytes));
  await readFully(file, text, 8);
  return parseSafetensorsHeader(text, size, path);
}

const maxHeaderBytes = 100_000_000;

/**
 * @param json the header's bytes, without the eight of its length
 * @throws TandemError 'bad-safetensors' also for tensors that overlap or leave bytes over, as the format forbids
 */
export function parseSafetensorsHeader(json: Buffer, fileSize: number, path: string): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...tensors } = parseHeader(json.toString(), path);
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    throw damaged(path, 'its "__metadata__" is not an object of strings');
  const dataStart = 8 + json.length;
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value, dataStart, path));
  entries.sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  let end = dataStart;
  for (const { name, begin, bytes } of entries) {
    if (begin !== end) throw damaged(path, `"${name}" begins at byte ${begin - dataStart}, where ${end - dataStart} is expected`);
    end += bytes;
    if (end > fileSize) throw damaged(path, `it ends within "${name}"`);
  }
  if (end !== fileSize) throw damaged(path, `${fileSize - end} bytes at its end belong to no tensor`);
  return { entries, metadata: metadata as Record<string, string> };
}

function parseHeader(text: string, path: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'its header is not valid JSON', cause);
  }
  if (isRecord(json)) return json;
  throw damaged(path, 'its header is not a JSON object');
}

function parseEntry(name: string, value: unknown, dataStart: number, path: string): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2)
    throw damaged(path, `its entry "${name}" is not a tensor`);
  const [begin, end] = offsets;
  if (begin > end) throw damaged(path, `"${name}" ends before it begins`);
  if (isFormat(dtype) && storedBytes(numberFormats[dtype], numbersIn(shape)) !== end - begin)
    throw damaged(path, `"${name}" does not have the number of values that its shape says`);
  return { name, dtype, shape, begin: dataStart + begin, bytes: end - begin };
}

const numbersIn = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The number formats that safetensors files can have. */
const formats = ['F32', 'F16', 'BF16'] as const;
const isFormat = (dtype: string): dtype is (typeof formats)[number] => (formats as readonly string[]).includes(dtype);

/** The format for reading its numbers. @throws TandemError 'bad-safetensors' for an unsupported one */
export function formatOf({ name, dtype }: SafetensorsEntry, path: string): (typeof formats)[number] {
  if (isFormat(dtype)) return dtype;
  throw new TandemError('bad-safetensors', `"${name}" is stored as ${dtype}, but only ${formats.join(', ')} are supported.`, {
    where: { file: path },
  });
}

async function readEntry(file: FileHandle, path: string, entry: SafetensorsEntry): Promise<Float32Array> {
  const { name, shape, begin } = entry;
  return readNumbers(file, begin, numberFormats[formatOf(entry, path)], numbersIn(shape)).catch((cause: unknown) => {
    throw endsWithin(name, path, cause);
  });
}

/** The error for a file that ends within a tensor. Other errors are unchanged. */
const endsWithin = (name: string, path: string, cause: unknown): unknown =>
  cause instanceof RangeError ? damaged(path, `it ends within "${name}"`, cause) : cause;

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(path: string, what: string, cause?: unknown): TandemError {
  return new TandemError('bad-safetensors', `This safetensors file is damaged: ${what}.`, {
    where: { file: path },
    hint: 'Download or export it again.',
    cause,
  });
}
