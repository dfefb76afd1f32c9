/** @file What a prompt token is worth: the run's value, else the prompt file's, else the default. */
import { expect, test } from 'vitest';
import { defaultWorth } from '../optimize/worth.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { worthText } from './words/format.ts';
import { checkedGate, worthOf } from './worthAsked.ts';

const file = (gate: string) =>
  parsePromptFile('/w/a.prompt.md', `---\ntandem:\n  data: rows.jsonl\n  output: kind\n${gate}---\nText: \${input:text}\n`);

test('without a request it is the default', () => {
  expect(worthOf({}, file(''))).toEqual(defaultWorth);
});

test('the prompt file gives it in points, and a run may override each value', () => {
  const written = file('  gate: {margin: 2, promptCost: 0.25}\n');
  expect(written.problems).toEqual([]);
  expect(worthOf({}, written)).toEqual({ margin: 0.02, perHundredTokens: 0.0025 });
  expect(worthOf({ gate: { margin: 0 } }, written)).toEqual({ margin: 0, perHundredTokens: 0.0025 });
});

test('people read it in points', () => {
  expect(worthText(defaultWorth)).toBe('a shorter prompt may score 1 point less; 100 tokens are worth 0.5 points');
  expect(worthText({ margin: 0, perHundredTokens: 0.01 })).toBe('a shorter prompt may score 0 points less; 100 tokens are worth 1 point');
  expect(worthText({ margin: 0.01, perHundredTokens: 0 })).toBe(
    'prompt tokens cost nothing, so no prompt is kept only because it is shorter',
  );
});

test('a program that passes something other than a number of points gets an error', () => {
  expect(checkedGate({ margin: 100, promptCost: 0 })).toEqual({ margin: 100, promptCost: 0 });
  for (const gate of [{ margin: -1 }, { promptCost: 101 }, { margin: NaN }]) {
    expect(() => checkedGate(gate)).toThrow(expect.objectContaining({ reason: 'bad-option' }) as Error);
  }
});
