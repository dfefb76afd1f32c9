/** @file Converts float32 to the block formats of GGUF, rounded as in gguf-py. */
import { numberFormats } from './numberFormats.ts';

/** Converts whole rows of numbers to whole blocks. */
export type Encoder = (data: Float32Array) => Uint8Array;

export const numberEncoders = {
  F32: (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  F16: encodeHalves,
  Q8_0: encodeQ8,
  Q4_0: encodeQ4,
} as const satisfies Partial<Record<keyof typeof numberFormats, Encoder>>;

export type EncodedFormat = keyof typeof numberEncoders;

/** The numbers after a round trip through a format, so that training sees the effect of the format on its weights. */
export function roundedTo(format: EncodedFormat, data: Float32Array, out = new Float32Array(data.length)): Float32Array {
  numberFormats[format].decode(numberEncoders[format](data), data.length / numberFormats[format].blockNumbers, out, 0);
  return out;
}

function encodeHalves(data: Float32Array): Uint8Array {
  const out = new Uint8Array(2 * data.length);
  for (let i = 0; i < data.length; i++) writeHalf(out, 2 * i, data[i]);
  return out;
}

function encodeQ8(data: Float32Array): Uint8Array {
  const out = new Uint8Array((data.length / 32) * 34);
  for (let from = 0, at = 0; from < data.length; from += 32, at += 34) {
    let most = 0;
    for (let i = 0; i < 32; i++) most = Math.max(most, Math.abs(data[from + i]));
    const scale = Math.fround(most / 127);
    const inverse = scale ? Math.fround(1 / scale) : 0;
    writeHalf(out, at, scale);
    for (let i = 0; i < 32; i++) out[at + 2 + i] = roundAway(Math.fround(data[from + i] * inverse));
  }
  return out;
}

function encodeQ4(data: Float32Array): Uint8Array {
  const out = new Uint8Array((data.length / 32) * 18);
  for (let from = 0, at = 0; from < data.length; from += 32, at += 18) {
    let most = 0;
    for (let i = 0; i < 32; i++) if (Math.abs(data[from + i]) > Math.abs(most)) most = data[from + i];
    const scale = Math.fround(most / -8);
    const inverse = scale ? Math.fround(1 / scale) : 0;
    writeHalf(out, at, scale);
    for (let i = 0; i < 16; i++) {
      const low = Math.min(15, Math.floor(data[from + i] * inverse + 8.5));
      const high = Math.min(15, Math.floor(data[from + 16 + i] * inverse + 8.5));
      out[at + 2 + i] = low | (high << 4);
    }
  }
  return out;
}

/** Rounds halves away from zero, like C's roundf. */
const roundAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

function writeHalf(out: Uint8Array, at: number, value: number): void {
  const half = halfBits(value);
  out[at] = half & 255;
  out[at + 1] = half >> 8;
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** float32 -> float16 bits, ties to even. */
function halfBits(value: number): number {
  single[0] = value;
  const bits = singleBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Below the smallest normal number, halves are multiples of 2^-24.
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = ((bits >>> 23) & 255) - 127;
  // A fraction that rounds up to 1024 carries into the exponent.
  return sign | (((exponent + 15) << 10) + roundToEven((bits & 0x7fffff) / 2 ** 13));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
