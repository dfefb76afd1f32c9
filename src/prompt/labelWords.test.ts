/** @file Words for labels: how a prompt file sets them, what the model then reads, and how they are written back. */
import { describe, expect, test } from 'vitest';
import { ownWords, withLabelWords, wordsFor } from './labelWords.ts';
import { parsePromptFile } from './readPrompt.ts';
import { applyPrompt } from './writePrompt.ts';
import { render } from './template.ts';

const parse = (labels: string, demos = '') =>
  parsePromptFile('a.prompt.md', `---\ntandem:\n  data: a.jsonl\n  output: y\n  labels: ${labels}\n${demos}---\nQ: \${input:x}\nA:\n`);
const demos = '  demos:\n    - {x: one, y: card_arrival}\n    - {x: two, y: fee}\n';
const all = ['card_arrival', 'fee'];

test('in a map of labels to words, the labels are the choices and the words are what the model says', () => {
  const file = parse('{card_arrival: card arrival, fee: charge}', demos);
  expect(file.problems).toEqual([]);
  expect(file.settings).toMatchObject({ labels: all, metric: 'accuracy' });
  expect(file.prompt.labelWords).toEqual({ card_arrival: 'card arrival', fee: 'charge' });
  expect(file.prompt.demonstrations.map(({ output }) => output)).toEqual(all);
  expect(render(file.prompt, { x: 'three' })).toBe('Q: one\nA: card arrival\n\nQ: two\nA: charge\n\nQ: three\nA:');
  expect([file.ranges['labels.0'], file.ranges['labels.1']].map((range) => file.text.slice(range.start, range.end))).toEqual(all);
});

test('if every label is its own words, no words are stored', () => {
  expect(parse('{card_arrival: card_arrival, fee: fee}').prompt.labelWords).toBeUndefined();
  expect(parse('{card_arrival: card_arrival, fee: fee}').settings.labels).toEqual(all);
});

test.each(['{a: x, b: x}', '{a: x}', '{a: "", b: y}', '{a: [x], b: y}', '{" a": x, a: y}'])('%s is not such a map', (labels) => {
  expect(parse(labels).problems.map(({ message }) => message)).toEqual([
    '`labels` should be `from-data`, a list of two or more different strings, or a map from labels to different words.',
  ]);
});

test("an answer that is not a label is unchanged, even if it is the name of an object's built-in property", () => {
  const prompt = { labelWords: { fee: 'charge' } };
  expect([' fee ', 'other', 'constructor'].map((answer) => wordsFor(prompt, answer))).toEqual(['charge', 'other', 'constructor']);
});

describe('writing back', () => {
  const worded = (labels: string) => withLabelWords(parse(labels).prompt, all, { fee: 'charge' });

  test('from-data and a list become a map of all labels', () => {
    for (const labels of ['from-data', '[card_arrival, fee]']) {
      const written = applyPrompt(parse(labels), worded(labels));
      expect(written).toContain('  output: y\n  labels:\n    card_arrival: card_arrival\n    fee: charge\n---\n');
      expect(parsePromptFile('a.prompt.md', written).prompt).toEqual(worded(labels));
    }
  });

  test('a map that already exists keeps what does not change, and may be removed again', () => {
    const labels = '{card_arrival: card, fee: charge}';
    const file = parse(labels);
    expect(applyPrompt(file, file.prompt)).toBe(file.text);
    expect(applyPrompt(file, withLabelWords(file.prompt, all, {}))).toContain('  labels: [card_arrival, fee]\n');
  });

  test('labels and words that YAML would parse as another type are quoted', () => {
    const labels = ['yes', '1', 'a: b', '__proto__'];
    const file = parse('from-data');
    const next = withLabelWords(file.prompt, labels, Object.fromEntries(labels.map((label) => [label, `no ${label} #`])));
    const read = parsePromptFile('a.prompt.md', applyPrompt(file, next));
    expect(new Set(read.settings.labels)).toEqual(new Set(labels));
    expect(ownWords(read.prompt)).toEqual(ownWords(next));
  });
});
