/** @file Screenshots with a palette: few colours stay as they are, of many the common ones do. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readPng, smallPng } from './smallPng.ts';

/** As Chromium writes them, each row with a filter of its own. */
function pngOf(width: number, rows: readonly (readonly number[])[]): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), data])));
    return Buffer.concat([length, Buffer.from(type), data, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 2], 8);
  const data = deflateSync(Buffer.from(rows.flat()));
  return Buffer.concat([Buffer.alloc(8), chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** The pixels of a PNG with a palette. */
function pixels(png: Buffer): number[] {
  const at = (type: string): Buffer => {
    const start = png.indexOf(type);
    return png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4));
  };
  const [width, palette, rows] = [at('IHDR').readUInt32BE(0), at('PLTE'), inflateSync(at('IDAT'))];
  return [...rows].flatMap((index, place) => (place % (width + 1) === 0 ? [] : [palette.readUIntBE(index * 3, 3)]));
}

test('every filter is undone', () => {
  const png = pngOf(2, [
    [0, 10, 20, 30, 40, 50, 60],
    [1, 1, 1, 1, 2, 2, 2],
    [2, 5, 5, 5, 5, 5, 5],
    [3, 4, 4, 4, 4, 4, 4],
    [4, 1, 1, 1, 1, 1, 1],
  ]);
  expect([...readPng(png).colours]).toEqual([
    0x0a141e, 0x28323c, 0x010101, 0x030303, 0x060606, 0x080808, 0x070707, 0x0b0b0b, 0x080808, 0x0c0c0c,
  ]);
});

test('few colours stay exactly as they are', () => {
  const png = pngOf(2, [
    [0, 255, 0, 0, 0, 255, 0],
    [0, 255, 0, 0, 1, 2, 3],
  ]);
  expect(pixels(smallPng(png))).toEqual([0xff0000, 0x00ff00, 0xff0000, 0x010203]);
});

test('of too many colours the common ones stay, and no other changes by more than it must', () => {
  const shades = Array.from({ length: 300 }, (_, i) => [i % 250, i < 250 ? 0 : 200, 7]);
  const common = Array.from({ length: 300 }, () => [123, 45, 67]);
  const before = [...shades, ...common].map(([r, g, b]) => (r << 16) | (g << 8) | b);
  const after = pixels(smallPng(pngOf(600, [[0, ...shades.flat(), ...common.flat()]])));
  expect(new Set(after).size).toBeLessThanOrEqual(256);
  expect(after.slice(300)).toEqual(before.slice(300));
  expect(Math.max(...after.map((colour, place) => Math.abs((colour >> 16) - (before[place] >> 16))))).toBeLessThanOrEqual(4);
});

test('what is not such a picture is refused', () => {
  const png = pngOf(1, [[0, 1, 2, 3]]);
  png[8 + 8 + 9] = 3;
  expect(() => readPng(png)).toThrow('not read here');
});
