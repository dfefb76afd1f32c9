/** @file What a prompt file does not say yet, and how the answers are written into it. */
import { describe, expect, test } from 'vitest';
import { makeRow } from '../../data/dataset.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { labelGuess, rankOutputs } from '../../data/guesses.ts';
import { openQuestions, rankFiles, withAnswers } from './answers.ts';

const questions = (text: string): string[] => openQuestions(parsePromptFile('/w/a.prompt.md', text));

describe('the open questions', () => {
  test('of a file without front matter are all of them', () => {
    expect(questions('Text: ${input:text}\n')).toEqual(['data', 'output', 'labels', 'model']);
  });

  test('of a file that says enough are none, whatever else it leaves to the defaults', () => {
    expect(questions('---\ntandem:\n  data: a.jsonl\n  output: kind\n---\nText: ${input:text}\n')).toEqual([]);
  });

  test('are those that nothing answers', () => {
    expect(questions('---\ntandem: {data: a.jsonl, metric: contains, model: nano}\n---\nText: ${input:text}\n')).toEqual(['output']);
  });

  test('of a file whose front matter is broken are none: it has to be mended first', () => {
    expect(questions('---\ntandem: {data: [\n---\nText: ${input:text}\n')).toEqual([]);
  });
});

describe('likely answers', () => {
  test('the output is a column that the body does not read, named like an answer, or the last one', () => {
    expect(rankOutputs(['id', 'message', 'intent', 'channel'], 'Message: ${input:message}')).toEqual([
      'intent',
      'channel',
      'id',
      'message',
    ]);
  });

  test('answers that come again are a set to choose from', () => {
    const rows = Array.from({ length: 20 }, (_, i) => makeRow({ text: `${i}`, kind: i % 2 ? 'odd' : 'even' }, i + 1));
    expect(labelGuess({ rows }, 'kind')).toEqual({ count: 2, likely: true });
    expect(labelGuess({ rows }, 'text')).toEqual({ count: 20, likely: false });
  });

  test('the nearest data file comes first', () => {
    const files = ['other/rows.jsonl', 'prompts/data/a.jsonl', 'z.csv', 'prompts/b.tsv'];
    expect(rankFiles(files, 'prompts/intent.prompt.md')).toEqual(['prompts/b.tsv', 'prompts/data/a.jsonl', 'z.csv', 'other/rows.jsonl']);
  });
});

describe('writing the answers', () => {
  const answers = { model: 'smollm2-135m', data: 'data/rows.jsonl', output: 'kind', labels: 'from-data' };
  const written = 'tandem:\n  data: data/rows.jsonl\n  output: kind\n  labels: from-data\n  model: smollm2-135m\n';

  test('makes the front matter where there is none', () => {
    expect(withAnswers('/w/a.prompt.md', 'Text\n', answers)).toBe(`---\n${written}---\nText\n`);
  });

  test('keeps the keys of other tools, their order and the line endings', () => {
    const text = '---\r\nmode: agent # theirs\r\ntandem:\r\n---\r\nText\r\n';
    expect(withAnswers('/w/a.prompt.md', text, answers)).toBe(
      `---\r\nmode: agent # theirs\r\n${written.replaceAll('\n', '\r\n')}---\r\nText\r\n`,
    );
  });

  test('replaces a model and leaves the rest alone', () => {
    const text = '---\ntandem: {data: a.jsonl, output: kind, model: nano}\n---\nText\n';
    expect(withAnswers('/w/a.prompt.md', text, { model: 'org/other' })).toBe(text.replace('nano', '"org/other"'));
  });

  test('is refused where it cannot be done in place', () => {
    const text = '---\nbase: &base {data: a.jsonl}\ntandem: *base\n---\nText\n';
    expect(() => withAnswers('/w/a.prompt.md', text, { output: 'kind' })).toThrow(expect.objectContaining({ reason: 'cannot-rewrite' }));
  });
});
