/** @file Which part of a prompt a hunk of its file belongs to. */
import { expect, test } from 'vitest';
import { changesBetween } from '../optimize/changes.ts';
import { withLabelWords } from '../prompt/labelWords.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { hunksByPart } from './proposedParts.ts';

test('words for labels are a separate part from the instruction that names them', () => {
  const path = '/w/a.prompt.md';
  const text =
    '---\ntandem:\n  data: a.jsonl\n  output: y\n  labels: from-data\n  model: nano\n---\nOne of: card_arrival, fee.\n\nQ: ${input:x}\nA:\n';
  const file = parsePromptFile(path, text);
  const worded = withLabelWords(file.prompt, ['card_arrival', 'fee'], { card_arrival: 'card arrival' });
  const best = { ...worded, body: worded.body.replace('card_arrival', 'card arrival') };
  expect(changesBetween({ prompt: file.prompt }, { prompt: best }).map(({ part }) => part)).toEqual(['instruction', 'labels']);
  const prompt = applyPrompt(file, best);
  const found = hunksByPart({ file: path, before: text, prompt, after: prompt }, file.prompt, best);
  expect(found.map(({ hunk, parts }) => [hunk.after, parts.map(({ part }) => part)])).toEqual([
    ['  labels:\n    card_arrival: card arrival\n    fee: fee\n', ['labels']],
    ['One of: card arrival, fee.\n', ['instruction']],
  ]);
});
