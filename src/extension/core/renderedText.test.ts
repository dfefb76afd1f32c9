/** @file A rendered prompt as a text to look at. */
import { expect, test } from 'vitest';
import type { Rendered } from '../../run/render.ts';
import { renderedText } from './renderedText.ts';

const step = { prompt: '/w/a.prompt.md', output: 'y', template: 'text', messages: [], text: 'What is it?', tokens: 4 } as const;
const rendered: Rendered = { model: 'nano', split: 'val', row: 2, rows: 9, file: '/w/rows.jsonl', line: 7, steps: [step] };

test('a prompt: row, length, and the text to the letter', () => {
  expect(renderedText(rendered)).toBe('─── validation row 2 of 9 · 4 tokens ───\n─── rows.jsonl:7 · nano ───\nWhat is it?\n');
});

test('a program: each step under its name', () => {
  const steps = [step, { ...step, prompt: '/w/b.prompt.md', output: 'z', text: 'And now?', tokens: 3 }];
  expect(renderedText({ ...rendered, steps })).toBe(
    '─── validation row 2 of 9 · 7 tokens ───\n─── rows.jsonl:7 · nano ───\n─── a.prompt.md → y ───\nWhat is it?\n─── b.prompt.md → z ───\nAnd now?\n',
  );
});
