/** @file What is shown before anything is sent is what would be sent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writerExample } from './writerExample.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-example-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the example has the prompt, training rows with their answers, and no validation or test row', async () => {
  const rows = (split: string): string =>
    [1, 2, 3].map((row) => JSON.stringify({ message: `${split} message ${row}`, intent: row === 1 ? 'card' : 'fees' })).join('\n') + '\n';
  for (const split of ['train', 'val', 'test']) writeFileSync(join(folder, `${split}.jsonl`), rows(split));
  const prompt = join(folder, 'intent.prompt.md');
  writeFileSync(
    prompt,
    '---\ntandem:\n  data: { train: train.jsonl, val: val.jsonl, test: test.jsonl }\n  output: intent\n  labels: from-data\n---\nSort the message.\n\nMessage: ${input:message}\nIntent:\n',
  );
  const { text, rows: most } = await writerExample({ prompt });
  expect(most).toBe(10);
  expect(text).toContain('1: Sort the message.\n</instruction>\nMessage: ${input:message}\nIntent:');
  expect(text).toContain('It has to choose one of: card, fees.');
  expect(text).toMatch(/message: train message \d\nthe model's answer: \(the model's answer\)\nthe right answer: (card|fees)/);
  expect(text).not.toMatch(/val message|test message/);
});
