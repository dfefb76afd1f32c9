/** @file The header of a GGUF file: metadata, and the place of each tensor. Never reads beyond the file, whatever its numbers say. */
import type { FileHandle } from 'node:fs/promises';
import { GGMLQuantizationType, GGUFValueType } from '@huggingface/gguf';
import { TandemError } from '../../errors.ts';
import { isNumberFormat, numberFormats, readFully, storedBytes, type NumberFormat } from './numberFormats.ts';

export interface GgufTensor {
  readonly name: string;
  readonly format: NumberFormat;
  /** From the outermost dimension, as in our code. GGUF counts from the innermost. */
  readonly shape: readonly number[];
  /** Byte position in the file. */
  readonly position: number;
}

export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of the file's bytes. */
  readonly tensors: readonly GgufTensor[];
}

/** @throws TandemError 'bad-gguf' for a damaged file, 'unsupported-model' for an unsupported number format */
export async function readGgufHeader(file: FileHandle, path: string): Promise<GgufHeader> {
  const { size } = await file.stat();
  for (let length = 2 ** 20; ; length *= 4) {
    const bytes = Buffer.alloc(Math.min(length, size));
    await readFully(file, bytes, 0);
    const header = parseGgufHeader(bytes, size, path);
    if (header !== 'longer') return header;
  }
}

/** A vocabulary of half a million tokens with its merges takes about 20 MB. */
const mostHeaderBytes = 2 ** 28;
const mostEntries = 100_000;
const mostItems = 2 ** 22;

/**
 * The format: ggml's docs/gguf.md, versions 2 and 3. Tensors must follow each other without gaps, as llama.cpp also requires.
 * @param bytes the file's beginning
 * @returns 'longer' if the header continues after these bytes
 */
export function parseGgufHeader(bytes: Buffer, fileSize: number, path: string): GgufHeader | 'longer' {
  const damaged = damage(path);
  try {
    const cursor = makeCursor(bytes, damaged);
    readMagic(cursor, damaged);
    const tensorCount = cursor.count(mostEntries);
    const metadata = new Map<string, GgufValue>();
    for (let left = cursor.count(mostEntries); left > 0; left--) {
      const key = cursor.text();
      if (metadata.has(key)) throw damaged(`its metadata has "${shortened(key)}" twice`);
      metadata.set(key, cursor.value(cursor.uint32(), key));
    }
    const infos: TensorInfo[] = [];
    for (let left = tensorCount; left > 0; left--) infos.push(readInfo(cursor, damaged));
    return { metadata, tensors: placed(infos, cursor.position(), alignmentOf(metadata, damaged), fileSize, path) };
  } catch (error) {
    if (error !== pastTheEnd) throw error;
    if (bytes.length >= fileSize) throw damaged('it ends within its header');
    if (bytes.length >= mostHeaderBytes) throw damaged('its header has no end');
    return 'longer';
  }
}

type Damage = (what: string) => TandemError;

const damage =
  (path: string): Damage =>
  (what) =>
    new TandemError('bad-gguf', `This GGUF file is damaged: ${what}.`, { where: { file: path }, hint: 'Download it again.' });

const pastTheEnd = new RangeError('the header goes on after these bytes');

interface Cursor {
  position(): number;
  uint32(): number;
  uint64(): bigint;
  /** A count. */
  count(most: number): number;
  text(): string;
  value(type: number, key: string): GgufValue;
}

function makeCursor(bytes: Buffer, damaged: Damage): Cursor {
  let at = 0;
  const take = (length: number): number => {
    if (at + length > bytes.length) throw pastTheEnd;
    at += length;
    return at - length;
  };
  const uint32 = (): number => bytes.readUInt32LE(take(4));
  const uint64 = (): bigint => bytes.readBigUInt64LE(take(8));
  const count = (most: number): number => {
    const number = uint64();
    if (number > most) throw damaged(`it claims to have ${number} entries or bytes in one place`);
    return Number(number);
  };
  const text = (): string => {
    const length = count(mostHeaderBytes);
    const start = take(length);
    return bytes.toString('utf8', start, start + length);
  };
  const scalars: Readonly<Record<number, () => GgufValue>> = {
    [GGUFValueType.UINT8]: () => bytes.readUInt8(take(1)),
    [GGUFValueType.INT8]: () => bytes.readInt8(take(1)),
    [GGUFValueType.UINT16]: () => bytes.readUInt16LE(take(2)),
    [GGUFValueType.INT16]: () => bytes.readInt16LE(take(2)),
    [GGUFValueType.UINT32]: uint32,
    [GGUFValueType.INT32]: () => bytes.readInt32LE(take(4)),
    [GGUFValueType.FLOAT32]: () => bytes.readFloatLE(take(4)),
    [GGUFValueType.BOOL]: () => bytes.readUInt8(take(1)) !== 0,
    [GGUFValueType.STRING]: text,
    [GGUFValueType.UINT64]: uint64,
    [GGUFValueType.INT64]: () => bytes.readBigInt64LE(take(8)),
    [GGUFValueType.FLOAT64]: () => bytes.readDoubleLE(take(8)),
  };
  const value = (type: number, key: string): GgufValue => {
    const of = type === (GGUFValueType.ARRAY as number) ? uint32() : type;
    const read = scalars[of];
    if (!read) throw damaged(`"${shortened(key)}" is of the unknown type ${of}`);
    if (of === type) return read();
    const length = count(mostItems);
    // Every element takes at least one byte, so no array is begun that cannot be finished.
    if (length > bytes.length - at) throw pastTheEnd;
    const items: GgufValue[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  };
  return { position: () => at, uint32, uint64, count, text, value };
}

function readMagic(cursor: Cursor, damaged: Damage): void {
  if (cursor.uint32() !== 0x46554747) throw damaged('it does not begin with "GGUF"');
  const version = cursor.uint32();
  if (version === 2 || version === 3) return;
  if (version !== 0 && version % 65536 === 0) throw damaged('it is a big-endian file, which is not supported');
  throw damaged(`its version is ${version}, not 2 or 3`);
}

interface TensorInfo {
  readonly name: string;
  readonly shape: readonly bigint[];
  readonly type: number;
  readonly offset: bigint;
}

function readInfo(cursor: Cursor, damaged: Damage): TensorInfo {
  const name = cursor.text();
  const dimensions = cursor.uint32();
  if (dimensions < 1 || dimensions > 4) throw damaged(`"${shortened(name)}" has ${dimensions} dimensions`);
  const shape: bigint[] = [];
  for (let i = 0; i < dimensions; i++) shape.unshift(cursor.uint64());
  return { name, shape, type: cursor.uint32(), offset: cursor.uint64() };
}

/** Checks that the tensors follow one another, each within the file. */
function placed(infos: readonly TensorInfo[], headerEnd: number, alignment: number, fileSize: number, path: string): GgufTensor[] {
  const damaged = damage(path);
  const padded = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
  const start = padded(headerEnd);
  const names = new Set<string>();
  let offset = 0;
  return infos.map((info) => {
    const name = shortened(info.name);
    if (names.has(info.name)) throw damaged(`it has the tensor "${name}" twice`);
    names.add(info.name);
    const format = formatOf(info, path);
    const numbers = info.shape.reduce((product, size) => product * size, 1n);
    if (numbers < 1n) throw damaged(`"${name}" is [${info.shape.join(', ')}]`);
    const shape = info.shape.map(Number);
    if (shape[shape.length - 1] % format.blockNumbers !== 0) throw damaged(`the rows of "${name}" are not whole blocks`);
    if (info.offset !== BigInt(offset)) throw damaged(`"${name}" begins at ${info.offset}, where ${offset} is expected`);
    const bytes = storedBytes(format, Number(numbers));
    const position = start + offset;
    if (position + bytes > fileSize) throw damaged(`it ends within "${name}"`);
    offset = padded(offset + bytes);
    return { name: info.name, format, shape, position };
  });
}

function formatOf({ name, type }: TensorInfo, path: string): NumberFormat {
  const known = GGMLQuantizationType[type] ?? `type ${type}`;
  if (isNumberFormat(known)) return numberFormats[known];
  throw new TandemError('unsupported-model', `"${shortened(name)}" is stored as ${known}, which is not supported.`, {
    where: { file: path },
    hint: `Use one of ${Object.keys(numberFormats).join(', ')}.`,
  });
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, damaged: Damage): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment === 'number' && alignment >= 1 && alignment <= 2 ** 20 && Number.isInteger(Math.log2(alignment))) return alignment;
  throw damaged('"general.alignment" is not a power of two');
}

/** A name, as shown in an error message. */
const shortened = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name);
