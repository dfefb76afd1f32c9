/** @file Tests which source claims which models. run/worker/modelKeeper.test.ts tests that a source is one entry of the table. */
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { locateModel, sourceOf } from './table.ts';

const tiny = resolve('test/fixtures/tiny-tied');

test('folders and GGUF files are claimed by their absolute paths, everything else by the store', () => {
  const names = [tiny, `${tiny}.gguf`, 'nano', 'test/fixtures/tiny-tied', resolve('test'), 'org/name'].map((spec) => sourceOf(spec).name);
  expect(names).toEqual(['folder', 'gguf', 'stored', 'stored', 'stored', 'stored']);
});

test('a model has the same place by its absolute and by its relative path', async () => {
  expect(await locateModel(join(tiny, '..', 'tiny-tied'))).toBe(tiny);
  expect(await locateModel('tiny-tied', { cwd: resolve('test/fixtures') })).toBe(tiny);
  await expect(locateModel(resolve('test/fixtures/no.gguf'))).rejects.toMatchObject({ reason: 'model-not-found' });
});
