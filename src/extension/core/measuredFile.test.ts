/** @file What is known of a prompt file is about its text. */
import { expect, test } from 'vitest';
import { hashPrompt } from '../../run/results.ts';
import { hasData, measuredFile } from './measuredFile.ts';

const text = '---\ntandem:\n  data: rows.jsonl\n  output: kind\n---\nKind:\n';

test('results are stale when they are of another text, and line endings make no other text', () => {
  const results = { version: 1, textHash: hashPrompt(text) } as const;
  expect(measuredFile('/w/a.prompt.md', text, results).stale).toBe(false);
  expect(measuredFile('/w/a.prompt.md', text.replaceAll('\n', '\r\n'), results).stale).toBe(false);
  expect(measuredFile('/w/a.prompt.md', text.replace('Kind', 'Sort'), results).stale).toBe(true);
  expect(measuredFile('/w/a.prompt.md', text, undefined).stale).toBe(false);
});

test('a prompt file has data when its settings name some', () => {
  const has = (written: string): boolean => hasData(measuredFile('/w/a.prompt.md', written, undefined));
  expect(has(text)).toBe(true);
  expect(has(text.replace('data: rows.jsonl', 'data:\n    train: a.csv\n    val: b.csv'))).toBe(true);
  expect(has(text.replace('  data: rows.jsonl\n', ''))).toBe(false);
  expect(has('Kind:\n')).toBe(false);
});
