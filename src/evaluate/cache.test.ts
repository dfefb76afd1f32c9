/** @file The cache outlives the process, survives torn lines, stays within its size and refuses newer folders. */
import { appendFile, mkdtemp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheKey, memoryCache, openCache, type CachedText } from './cache.ts';

const said = (text: string): CachedText => ({ text, finish: 'stop' });
const newFolder = () => mkdtemp(join(tmpdir(), 'tandem-cache-'));

test('flushed values survive a restart; unflushed ones are visible in the same process', async () => {
  const folder = await newFolder();
  const cache = await openCache(folder);
  cache.set(cacheKey('a'), [-1.25, 3]);
  cache.set(cacheKey('b'), said('text\nwith "lines"\u2028'));
  expect(cache.get(cacheKey('a'))).toEqual([-1.25, 3]);
  await cache.flush();
  cache.set(cacheKey('c'), said('lost'));
  const again = await openCache(folder);
  expect([again.get(cacheKey('a')), again.get(cacheKey('b')), again.get(cacheKey('c'))]).toEqual([
    [-1.25, 3],
    said('text\nwith "lines"\u2028'),
    undefined,
  ]);
});

test('numbers are restored to the last bit', async () => {
  const folder = await newFolder();
  const numbers = Array.from({ length: 100 }, (_, i) => Math.log(1 / (i + 3)) * 1e-3);
  const cache = await openCache(folder);
  cache.set(cacheKey(1), numbers);
  await cache.flush();
  expect((await openCache(folder)).get(cacheKey(1))).toEqual(numbers);
});

test('a line that a crash cut off is skipped, and the next one is whole', async () => {
  const folder = await newFolder();
  const cache = await openCache(folder);
  cache.set(cacheKey('a'), said('kept'));
  cache.set(cacheKey('b'), said('torn'));
  await cache.flush();
  const shard = join(folder, '000001.jsonl');
  await truncate(shard, (await stat(shard)).size - 4);
  const next = await openCache(folder);
  expect([next.get(cacheKey('a')), next.get(cacheKey('b'))]).toEqual([said('kept'), undefined]);
  next.set(cacheKey('c'), said('new'));
  await next.flush();
  expect((await openCache(folder)).get(cacheKey('c'))).toEqual(said('new'));
});

test('two processes may write the same folder', async () => {
  const folder = await newFolder();
  const [one, two] = [await openCache(folder), await openCache(folder)];
  one.set(cacheKey('one'), said('1'));
  two.set(cacheKey('two'), said('2'));
  await Promise.all([one.flush(), two.flush()]);
  const both = await openCache(folder);
  expect([both.get(cacheKey('one')), both.get(cacheKey('two'))]).toEqual([said('1'), said('2')]);
});

test('the oldest shards are deleted when the folder grows too large', async () => {
  const folder = await newFolder();
  const cache = await openCache(folder, { maxBytes: 8000 });
  for (let i = 0; i < 100; i++) {
    cache.set(cacheKey(i), said('x'.repeat(200)));
    await cache.flush();
  }
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(8000);
  const again = await openCache(folder);
  for (const each of [cache, again]) expect([each.get(cacheKey(0)), each.get(cacheKey(99))]).toEqual([undefined, said('x'.repeat(200))]);
});

test('a folder of a newer version is refused; shards of unknown origin are deleted', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, '000001.jsonl'), 'garbage\n');
  const cache = await openCache(folder);
  cache.set(cacheKey('a'), said('x'));
  await cache.flush();
  expect(await readFile(join(folder, '000001.jsonl'), 'utf8')).toMatch(/^\{"version":1\}\n/);
  await writeFile(join(folder, '000002.jsonl'), '{"version":2}\n');
  await expect(openCache(folder)).rejects.toMatchObject({ reason: 'newer-version' });
});

test('corrupt values in a shard are never returned as answers', async () => {
  const folder = await newFolder();
  const cache = await openCache(folder);
  cache.set(cacheKey('a'), said('x'));
  await cache.flush();
  await appendFile(join(folder, '000001.jsonl'), `{"k":"${cacheKey('b')}","v":"x}\n{"k":1}\n[]\n`);
  expect((await openCache(folder)).get(cacheKey('b'))).toBeUndefined();
});

test('the key depends on every part of the question', () => {
  const keys = [cacheKey('m', null, 'p'), cacheKey('m', 'a', 'p'), cacheKey('m', null, 'p', 'q'), cacheKey('m', null, ['p'])];
  expect(new Set(keys).size).toBe(keys.length);
  const cache = memoryCache();
  cache.set('k', [1]);
  expect(cache.get('k')).toEqual([1]);
});
