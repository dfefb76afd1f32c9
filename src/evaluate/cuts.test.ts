/** @file How cut answers are reported. */
import { expect, test } from 'vitest';
import { cutSummary, cutText, type Cut } from './cuts.ts';

const cut = { by: 'length', answers: 12, of: 75, tokens: 64 } as const;

test.each<[Cut, string]>([
  [cut, '12 of 75 answers were cut at 64 tokens; raise tandem.decoding.maxTokens'],
  [{ ...cut, outOfReach: 70 }, '12 of 75 answers were cut at 64 tokens, and 70 right answers are longer; raise tandem.decoding.maxTokens'],
  [
    { ...cut, answers: 1, outOfReach: 1 },
    '1 of 75 answers was cut at 64 tokens, and 1 right answer is longer; raise tandem.decoding.maxTokens',
  ],
  [
    { ...cut, outOfReach: 0 },
    '12 of 75 answers were cut at 64 tokens, although every right answer fits: the model did not end them. Tuning the weights teaches it to',
  ],
  [{ ...cut, step: 'summary' }, '12 of 75 answers of the step "summary" were cut at 64 tokens; raise tandem.decoding.maxTokens'],
  [
    { by: 'context', answers: 3, of: 75 },
    "3 of 75 answers were cut at the end of the model's context; shorten the prompt, or choose a model with a longer context",
  ],
])('%j', (cut, text) => {
  expect(cutText(cut)).toBe(text);
});

test('the summary covers all limits in a few words', () => {
  expect([cutSummary(), cutSummary([]), cutSummary([cut]), cutSummary([cut, { by: 'context', answers: 3, of: 75 }])]).toEqual([
    undefined,
    undefined,
    '12 of 75 answers cut',
    '15 answers cut',
  ]);
});
