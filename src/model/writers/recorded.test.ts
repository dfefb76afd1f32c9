/** @file A script of answers: which answer a request gets, and the errors for an invalid file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readScript, recordedWriter } from './recorded.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-script-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileOf = (text: string): string => {
  const file = join(folder, 'answers.json');
  writeFileSync(file, text);
  return file;
};

test('the same request gets the same answer, and consecutive seeds get different ones', async () => {
  const answers = [{ text: 'one' }, { when: 'fees', text: 'two', tokens: 40 }, { text: 'three' }];
  const writer = recordedWriter(readScript(fileOf(JSON.stringify({ version: 1, name: 'script', answers }))));
  const ask = async (content: string, seed: number) => writer.write([{ role: 'user', content }], { maxTokens: 10, temperature: 1, seed });
  const texts = await Promise.all([0, 1, 2, 3, 1].map(async (seed) => (await ask('about fees', seed)).text));
  expect(texts).toEqual(['one', 'two', 'three', 'one', 'two']);
  expect((await ask('about fees', 1)).cost).toEqual({ tokensUsed: 0, outside: { tokens: 40, requests: 1 } });
  expect((await ask('about cards', 1)).text).toBe('three');
});

test('a request without a matching answer is refused', async () => {
  const writer = recordedWriter({ version: 1, name: 'script', answers: [{ when: 'fees', text: 'x' }] });
  await expect(writer.write([{ role: 'user', content: 'cards' }], { maxTokens: 10, temperature: 1, seed: 0 })).rejects.toMatchObject({
    reason: 'writer-refused',
  });
});

test.each([
  ['not JSON', /not valid JSON/],
  ['{"version":2,"name":"a","answers":[]}', /"version" should be 1/],
  ['{"version":1,"name":"a","answers":[{}]}', /"answers.0.text" is missing. It should be a string/],
])('a file with %s is refused with its place', (text, message) => {
  const file = fileOf(text);
  expect(() => readScript(file)).toThrow(
    expect.objectContaining({
      reason: 'bad-script',
      where: { file },
      message: expect.stringMatching(message) as string,
      hint: expect.stringContaining('"answers"') as string,
    }),
  );
});

test('a script that does not exist is refused', () => {
  expect(() => readScript(join(folder, 'none.json'))).toThrow(expect.objectContaining({ reason: 'no-script' }));
});
