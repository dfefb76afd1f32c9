/** @file The number formats that weights are stored in, and their conversion to float32. */
import type { FileHandle } from 'node:fs/promises';

/** A format stores its numbers in blocks of equal size. Plain formats have one number per block. */
export interface NumberFormat {
  readonly blockNumbers: number;
  readonly blockBytes: number;
  /** Converts whole blocks: out[offset ...] = bytes[0 ... blocks * blockBytes]. */
  readonly decode: (bytes: Uint8Array, blocks: number, out: Float32Array, offset: number) => void;
}

/** Block layouts: ggml-common.h and ggml-quants.c of llama.cpp. Results are equal to gguf-py's to the bit. */
export const numberFormats = {
  F32: { blockNumbers: 1, blockBytes: 4, decode: decodeF32 },
  F16: { blockNumbers: 1, blockBytes: 2, decode: decodeF16 },
  BF16: { blockNumbers: 1, blockBytes: 2, decode: decodeBF16 },
  Q8_0: { blockNumbers: 32, blockBytes: 34, decode: decodeQ8 },
  Q4_0: { blockNumbers: 32, blockBytes: 18, decode: decodeQ4 },
  Q4_1: { blockNumbers: 32, blockBytes: 20, decode: decodeQ4WithMinimum },
  Q5_0: { blockNumbers: 32, blockBytes: 22, decode: decodeQ5 },
  Q5_1: { blockNumbers: 32, blockBytes: 24, decode: decodeQ5WithMinimum },
  IQ4_NL: { blockNumbers: 32, blockBytes: 18, decode: decodeIQ4 },
  Q4_K: { blockNumbers: 256, blockBytes: 144, decode: decodeQ4K },
  Q5_K: { blockNumbers: 256, blockBytes: 176, decode: decodeQ5K },
  Q6_K: { blockNumbers: 256, blockBytes: 210, decode: decodeQ6K },
} as const satisfies Record<string, NumberFormat>;

export type NumberFormatName = keyof typeof numberFormats;

export function isNumberFormat(name: string): name is NumberFormatName {
  return Object.hasOwn(numberFormats, name);
}

/** Bytes that `numbers` take in a format. Not an integer if they do not fill whole blocks. */
export function storedBytes(format: NumberFormat, numbers: number): number {
  return (numbers / format.blockNumbers) * format.blockBytes;
}

/**
 * Reads `numbers` numbers at a byte position. Only the result and a buffer of about 2 MB are in memory. The event loop runs between
 * the pieces.
 * @throws RangeError if the file ends before
 */
export async function readNumbers(file: FileHandle, position: number, format: NumberFormat, numbers: number): Promise<Float32Array> {
  const out = new Float32Array(numbers);
  await readInto(file, position, format, out);
  return out;
}

/** As `readNumbers`, into an array that exists. @param buffer for whole blocks; float32 needs none */
export async function readInto(
  file: FileHandle,
  position: number,
  format: NumberFormat,
  out: Float32Array,
  buffer = bufferFor(format, out.length),
): Promise<void> {
  if (format === numberFormats.F32) return readFully(file, new Uint8Array(out.buffer, out.byteOffset, out.byteLength), position);
  const blocks = out.length / format.blockNumbers;
  const piece = Math.min(blocks, buffer.length / format.blockBytes);
  for (let block = 0; block < blocks; block += piece) {
    const count = Math.min(piece, blocks - block);
    await readFully(file, buffer.subarray(0, count * format.blockBytes), position + block * format.blockBytes);
    format.decode(buffer, count, out, block * format.blockNumbers);
  }
}

/** Room for the stored form of numbers, at most about 2 MB. */
export function bufferFor(format: NumberFormat, numbers: number): Uint8Array {
  if (format === numberFormats.F32) return new Uint8Array(0);
  return new Uint8Array(Math.min(numbers / format.blockNumbers, Math.floor(pieceBytes / format.blockBytes)) * format.blockBytes);
}

/** Fills the buffer from a byte position of the file. @throws RangeError if the file ends before */
export async function readFully(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    // One read call moves at most 2 GB.
    const { bytesRead } = await file.read(into, done, Math.min(into.length - done, 2 ** 30), position + done);
    if (bytesRead === 0) throw new RangeError(`the file ends ${into.length - done} bytes too early`);
    done += bytesRead;
  }
}

const pieceBytes = 2 ** 21;

function decodeF32(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  new Uint8Array(out.buffer, out.byteOffset + offset * 4, blocks * 4).set(bytes.subarray(0, blocks * 4));
}

function decodeF16(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const half = new Uint16Array(bytes.buffer, bytes.byteOffset, blocks);
  const table = halfTable();
  for (let i = 0; i < blocks; i++) out[offset + i] = table[half[i]];
}

function decodeBF16(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const half = new Uint16Array(bytes.buffer, bytes.byteOffset, blocks);
  const bits = new Uint32Array(out.buffer, out.byteOffset + offset * 4, blocks);
  for (let i = 0; i < blocks; i++) bits[i] = half[i] << 16;
}

/** scale f16, 32 x int8. */
function decodeQ8(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 34, to += 32) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    for (let i = 0; i < 32; i++) out[to + i] = scale * ((bytes[at + 2 + i] << 24) >> 24);
  }
}

/** scale f16, 16 bytes of two 4-bit numbers, low halves first; 8 is zero. */
function decodeQ4(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 18, to += 32) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    for (let i = 0; i < 16; i++) {
      const two = bytes[at + 2 + i];
      out[to + i] = scale * ((two & 15) - 8);
      out[to + 16 + i] = scale * ((two >> 4) - 8);
    }
  }
}

/** scale f16, minimum f16, 16 bytes of two 4-bit numbers, low halves first. */
function decodeQ4WithMinimum(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 20, to += 32) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    const minimum = table[bytes[at + 2] | (bytes[at + 3] << 8)];
    for (let i = 0; i < 16; i++) {
      const two = bytes[at + 4 + i];
      out[to + i] = scale * (two & 15) + minimum;
      out[to + 16 + i] = scale * (two >> 4) + minimum;
    }
  }
}

/** scale f16, 4 bytes of fifth bits, 16 bytes of two 4-bit numbers, low halves first; 16 is zero. */
function decodeQ5(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 22, to += 32) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    for (let i = 0; i < 16; i++) {
      const two = bytes[at + 6 + i];
      out[to + i] = scale * (((two & 15) | fifthBit(bytes, at + 2, i)) - 16);
      out[to + 16 + i] = scale * (((two >> 4) | fifthBit(bytes, at + 2, 16 + i)) - 16);
    }
  }
}

/** scale f16, minimum f16, 4 bytes of fifth bits, 16 bytes of two 4-bit numbers, low halves first. */
function decodeQ5WithMinimum(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 24, to += 32) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    const minimum = table[bytes[at + 2] | (bytes[at + 3] << 8)];
    for (let i = 0; i < 16; i++) {
      const two = bytes[at + 8 + i];
      out[to + i] = scale * ((two & 15) | fifthBit(bytes, at + 4, i)) + minimum;
      out[to + 16 + i] = scale * ((two >> 4) | fifthBit(bytes, at + 4, 16 + i)) + minimum;
    }
  }
}

/** 16 if bit i of the bytes starting at `at` is set. */
const fifthBit = (bytes: Uint8Array, at: number, i: number): number => ((bytes[at + (i >> 3)] >> (i & 7)) & 1) << 4;

/** As Q4_0, but a 4-bit number is the index of a value in a table that is finer around zero. */
function decodeIQ4(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 18, to += 32) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    for (let i = 0; i < 16; i++) {
      const two = bytes[at + 2 + i];
      out[to + i] = scale * iq4Values[two & 15];
      out[to + 16 + i] = scale * iq4Values[two >> 4];
    }
  }
}
const iq4Values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** Scale and minimum of the eight groups of 32 in a K block, 6 bits each, packed in 12 bytes: groups[0..8] and groups[8..16]. */
function unpackGroups(bytes: Uint8Array, at: number, groups: Uint8Array): void {
  for (let j = 0; j < 4; j++) {
    groups[j] = bytes[at + j] & 63;
    groups[8 + j] = bytes[at + 4 + j] & 63;
    groups[4 + j] = (bytes[at + 8 + j] & 15) | ((bytes[at + j] >> 6) << 4);
    groups[12 + j] = (bytes[at + 8 + j] >> 4) | ((bytes[at + 4 + j] >> 6) << 4);
  }
}

/** scale f16, minimum f16, 12 bytes of group scales, 4 x 32 bytes of two 4-bit numbers from neighbouring groups. */
function decodeQ4K(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  const groups = new Uint8Array(16);
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 144, to += 256) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    const minimum = table[bytes[at + 2] | (bytes[at + 3] << 8)];
    unpackGroups(bytes, at + 4, groups);
    for (let pair = 0; pair < 4; pair++) {
      const lowScale = scale * groups[2 * pair];
      const lowMinimum = minimum * groups[8 + 2 * pair];
      const highScale = scale * groups[2 * pair + 1];
      const highMinimum = minimum * groups[9 + 2 * pair];
      for (let i = 0; i < 32; i++) {
        const two = bytes[at + 16 + pair * 32 + i];
        out[to + pair * 64 + i] = lowScale * (two & 15) - lowMinimum;
        out[to + pair * 64 + 32 + i] = highScale * (two >> 4) - highMinimum;
      }
    }
  }
}

/** As Q4_K, with a fifth bit for each number: bit g of byte i belongs to number i of group g. */
function decodeQ5K(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  const groups = new Uint8Array(16);
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 176, to += 256) {
    const scale = table[bytes[at] | (bytes[at + 1] << 8)];
    const minimum = table[bytes[at + 2] | (bytes[at + 3] << 8)];
    unpackGroups(bytes, at + 4, groups);
    for (let pair = 0; pair < 4; pair++) {
      const lowScale = scale * groups[2 * pair];
      const lowMinimum = minimum * groups[8 + 2 * pair];
      const highScale = scale * groups[2 * pair + 1];
      const highMinimum = minimum * groups[9 + 2 * pair];
      for (let i = 0; i < 32; i++) {
        const two = bytes[at + 48 + pair * 32 + i];
        const fifth = bytes[at + 16 + i] >> (2 * pair);
        out[to + pair * 64 + i] = lowScale * ((two & 15) | ((fifth & 1) << 4)) - lowMinimum;
        out[to + pair * 64 + 32 + i] = highScale * ((two >> 4) | ((fifth & 2) << 3)) - highMinimum;
      }
    }
  }
}

/** 128 bytes of low 4 bits, 64 bytes of high 2 bits, 16 x int8 scales (one for 16 numbers), scale f16; 32 is zero. */
function decodeQ6K(bytes: Uint8Array, blocks: number, out: Float32Array, offset: number): void {
  const table = halfTable();
  for (let block = 0, at = 0, to = offset; block < blocks; block++, at += 210, to += 256) {
    const scale = table[bytes[at + 208] | (bytes[at + 209] << 8)];
    for (let i = 0; i < 256; i++) {
      const [half, lane, group] = [i >> 7, i & 31, (i >> 5) & 3];
      const low = (bytes[at + half * 64 + (group & 1) * 32 + lane] >> ((group >> 1) * 4)) & 15;
      const high = (bytes[at + 128 + half * 32 + lane] >> (group * 2)) & 3;
      const groupScale = (bytes[at + 192 + (i >> 4)] << 24) >> 24;
      out[to + i] = scale * groupScale * ((low | (high << 4)) - 32);
    }
  }
}

let halves: Float32Array | undefined;

/** float16 bits -> float32, for all 65536 of them. */
function halfTable(): Float32Array {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size =
      exponent === 31 ? (fraction ? NaN : Infinity) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    halves[bits] = bits & 0x8000 ? -size : size;
  }
  return halves;
}
