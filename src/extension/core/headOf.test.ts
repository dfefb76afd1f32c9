/** @file The first rows of data, for completion and for questions: of a file of any size, in any form. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readHead } from './headOf.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-head-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('of a long list of objects, whole objects of its beginning', async () => {
  const file = join(folder, 'long.json');
  writeFileSync(
    file,
    JSON.stringify(
      Array.from({ length: 5000 }, (_, i) => ({ x: `row ${i} [{,"`, y: i })),
      undefined,
      1,
    ),
  );
  const { rows } = await readHead(file);
  expect(rows.length).toBeGreaterThan(500);
  expect(rows.length).toBeLessThan(5000);
  expect(rows[3].values).toEqual({ x: 'row 3 [{,"', y: 3 });
});

test('of a long file of lines, whole lines', async () => {
  const file = join(folder, 'long.csv');
  writeFileSync(file, `x,y\n${Array.from({ length: 20_000 }, (_, i) => `row ${i},${i}`).join('\n')}\n`);
  const { rows } = await readHead(file);
  expect(rows.length).toBeLessThan(20_000);
  expect(rows.at(-1)!.values.x).toBe(`row ${rows.length - 1}`);
});

test('of Parquet, which is read in parts', async () => {
  expect((await readHead('test/fixtures/parquet/zstd.parquet')).rows).toHaveLength(12);
});

test('of a file that is not there, the name that was meant', async () => {
  writeFileSync(join(folder, 'messages.csv'), 'x,y\n1,2\n');
  await expect(readHead(join(folder, 'mesages.csv'))).rejects.toMatchObject({
    reason: 'missing-data',
    hint: 'Did you mean "messages.csv"?',
  });
  await expect(readHead(join(folder, 'unlike.csv'))).rejects.toMatchObject({ hint: 'Paths are relative to the prompt file.' });
});
