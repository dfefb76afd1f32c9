/** @file Rows are listed by a process that is kept for the next list, and replaced when it died. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleFixture } from '../../run/worker/bundle.fixture.ts';
import { sessionDefaults } from '../../run/spec.ts';
import { makeRowLister } from './rowLister.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-lister-'));
const workerFile = join(temporary, 'worker.mjs');
const spec = { ...sessionDefaults, prompt: '/a.prompt.md' };

beforeAll(async () => {
  const entry = join(import.meta.dirname, '..', '..', 'run', 'worker', 'fakeWorker.fixture.ts');
  await bundleFixture(entry, workerFile);
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

test('lists that are asked for at once come one after the other from one process', async () => {
  const lister = makeRowLister({ workerFile });
  const lists = await Promise.all([lister.list(spec, { most: 1 }), lister.list(spec, { most: 0 })]);
  expect(lists.map(([{ rows, total }]) => [rows.length, total])).toEqual([
    [1, 20],
    [0, 20],
  ]);
  expect(lists[0][0].file).toBe(lists[1][0].file);
  lister.dispose();
});

test('a process that died fails its list, and the next list gets another one', async () => {
  const lister = makeRowLister({ workerFile });
  const [{ file }] = await lister.list(spec, { most: 1 });
  process.kill(Number(/\d+/.exec(file)![0]), 'SIGKILL');
  await expect(lister.list(spec, { most: 1 })).rejects.toMatchObject({ reason: 'worker-died' });
  expect((await lister.list(spec, { most: 1 }))[0].file).not.toBe(file);
  lister.dispose();
});
