/** @file Screenshots in a third of the bytes: PNG with a palette of 256 colours, which is enough for text and plain areas. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** One number for each pixel, row by row: `0xRRGGBB`. */
  readonly colours: Uint32Array;
}

/** @param png with 8 bits a channel, not interlaced, as Chromium writes it. An alpha channel is dropped. */
export const smallPng = (png: Buffer): Buffer => writePng(readPng(png));

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
const bytesPerPixel: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

export function readPng(png: Buffer): Pixels {
  const [header, ...others] = chunksOf(png);
  const [width, height, depth, kind] = [header.data.readUInt32BE(0), header.data.readUInt32BE(4), header.data[8], header.data[9]];
  const step = bytesPerPixel[kind];
  if (depth !== 8 || step === undefined || header.data[12] !== 0)
    throw new Error(`PNG of kind ${kind} with ${depth} bits is not read here.`);
  const data = inflateSync(Buffer.concat(others.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)));
  const length = width * step;
  const colours = new Uint32Array(width * height);
  let above = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    const start = y * (length + 1);
    const row = unfiltered(data[start], data.subarray(start + 1, start + 1 + length), above, step);
    for (let x = 0; x < width; x++) {
      const [r, g, b] = row.subarray(x * step);
      colours[y * width + x] = (r << 16) | (g << 8) | b;
    }
    above = row;
  }
  return { width, height, colours };
}

function writePng({ width, height, colours }: Pixels): Buffer {
  const palette = paletteOf(colours);
  const nearest = new Map<number, number>();
  const rows = Buffer.alloc((width + 1) * height);
  colours.forEach((colour, place) => {
    if (!nearest.has(colour)) nearest.set(colour, indexOfNearest(palette, colour));
    rows[place + Math.floor(place / width) + 1] = nearest.get(colour)!;
  });
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 3, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const entries = Buffer.from(palette.flatMap(channels));
  const parts = [
    ['IHDR', header],
    ['PLTE', entries],
    ['IDAT', deflateSync(rows, { level: 9 })],
    ['IEND', Buffer.alloc(0)],
  ] as const;
  return Buffer.concat([signature, ...parts.map(([type, data]) => chunk(type, data))]);
}

/** The commonest colours that are not within some distance of a commoner one: the smallest distance with which 256 are enough. */
function paletteOf(colours: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const common = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!);
  for (let apart = 0; ; apart += 4) {
    const palette: number[] = [];
    for (const colour of common) {
      if (!palette.some((other) => distance(colour, other) <= apart)) palette.push(colour);
      if (palette.length > 256) break;
    }
    if (palette.length <= 256) return palette;
  }
}

const indexOfNearest = (palette: readonly number[], colour: number): number =>
  palette.reduce((best, other, index) => (distance(other, colour) < distance(palette[best], colour) ? index : best), 0);

const channels = (colour: number): [number, number, number] => [colour >> 16, (colour >> 8) & 255, colour & 255];

/** The largest difference of a channel. */
function distance(a: number, b: number): number {
  const [other, own] = [channels(a), channels(b)];
  return Math.max(...own.map((channel, place) => Math.abs(channel - other[place])));
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

function chunk(type: string, data: Buffer): Buffer {
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A row before its filter. W3C, PNG specification, section 9. */
function unfiltered(filter: number, row: Uint8Array, above: Uint8Array, step: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const [left, up, corner] = [i < step ? 0 : out[i - step], above[i], i < step ? 0 : above[i - step]];
    out[i] = row[i] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const [byLeft, byUp, byCorner] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
