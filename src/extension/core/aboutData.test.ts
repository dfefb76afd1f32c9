/** @file What is said of data files that can be chosen. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { aboutData } from './aboutData.ts';
import { readSample } from './dataSample.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-about-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['semicolons.csv', '\uFEFFtext;price\n"a; b";1,5\n', 'separated by semicolons'],
  ['said.csv', 'sep=;\ntext;price\na;1,5\n', 'separated by semicolons'],
  ['commas.csv', 'text,price\na,1.5\n', undefined],
  ['lines.jsonl', '{"text": "a; b; c", "price": 1.5}\n', undefined],
])('%s', async (name, text, about) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  expect(await aboutData(file)).toBe(about);
  expect((await readSample(file)).columns).toEqual(['text', 'price']);
});

test('nothing is said of a file that cannot be read', async () => {
  expect(await aboutData(join(folder, 'none.csv'))).toBeUndefined();
});
