/** @file Mutants of files, for tests of code that reads foreign files. The same seed gives the same mutant. */
import type { Random } from './random.ts';

const oddBytes = [0, 1, 2, 0x7f, 0x80, 0xff, 0x22, 0x7b];
const oddSizes = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n];

/** One to three changes among the first `end` bytes: other values, huge sizes, pieces removed, repeated or inserted, or an early end. */
export function mutatedBytes(original: Buffer, end: number, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let changes = 1 + random.integer(3); changes > 0 && bytes.length > 16; changes--) {
    const at = random.integer(Math.min(end, bytes.length - 8));
    const length = 1 + random.integer(Math.min(64, bytes.length - at));
    const kinds: (() => void)[] = [
      () => (bytes[at] ^= 1 << random.integer(8)),
      () => (bytes[at] = oddBytes[random.integer(oddBytes.length)]),
      () => bytes.writeBigUInt64LE(oddSizes[random.integer(oddSizes.length)], at),
      () => bytes.writeUInt32LE(random.integer(2 ** 31), at),
      () => bytes.fill(0, at, at + length),
      () => (bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])),
      () => (bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])),
      () => (bytes = random.uniform() < 0.1 ? bytes.subarray(0, at) : bytes),
    ];
    kinds[random.integer(kinds.length)]();
  }
  return bytes;
}

const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  3,
  1e15,
  1e308,
  '',
  'x',
  '../../etc/passwd',
  [],
  {},
  [null],
  [[[[]]]],
  { a: 1 },
];

/** One or two changes to a JSON text: a value replaced, removed, renamed, or swapped with a neighbour. */
export function mutatedJson(text: string, random: Random): string {
  const json = JSON.parse(text) as Record<string, unknown>;
  for (let changes = 1 + random.integer(2); changes > 0; changes--) {
    let at: Record<string, unknown> = json;
    let key = '';
    for (;;) {
      const keys = Object.keys(at);
      if (!keys.length) break;
      key = keys[random.integer(keys.length)];
      const below = at[key];
      if (typeof below !== 'object' || below === null || random.uniform() < 0.2) break;
      at = below as Record<string, unknown>;
    }
    const neighbours = Object.keys(at);
    const other = neighbours[random.integer(Math.max(neighbours.length, 1))] ?? key;
    const kinds: (() => void)[] = [
      () => (at[key] = structuredClone(oddValues[random.integer(oddValues.length)])),
      () => (at[key] = typeof at[key] === 'number' ? Number(at[key]) * [-1, 2, 0.5, 1e6][random.integer(4)] : at[key]),
      () => delete at[key],
      () => ([at[key], at[other]] = [at[other], at[key]]),
      () => {
        if (!Array.isArray(at)) at[`${key}x`] = at[key];
        delete at[key];
      },
    ];
    kinds[random.integer(kinds.length)]();
  }
  return JSON.stringify(json);
}
