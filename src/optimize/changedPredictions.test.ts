/** @file Fixes and regressions of a step. */
import { expect, test } from 'vitest';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textOf } from '../prompt/values.ts';
import { changedBetween } from './changedPredictions.ts';
import { evaluationWith, messages } from './madeUp.fixture.ts';

const prompt: Prompt = { body: '${input:message}\nIntent: ${input:intent}', demonstrations: [] };

const answered = (scores: readonly number[], answer: string): Evaluation => {
  const evaluation = evaluationWith(scores);
  const rows = evaluation.rows.map((result, i) => ({
    ...result,
    row: messages[i].id,
    gold: textOf(messages[i].values.intent),
    prediction: answer,
  }));
  return { ...evaluation, rows };
};

test('fixes and regressions are counted, with what was asked and what was answered before and after', () => {
  const changedPredictions = changedBetween(answered([0, 0, 1, 1], 'fees'), answered([1, 0, 1, 0], 'card'), prompt, messages, 'intent');
  expect(changedPredictions).toEqual({
    fixes: 1,
    regressions: 1,
    examples: [
      { line: 1, inputs: { message: 'Where is my new card?' }, gold: 'card', before: 'fees', after: 'card', better: true },
      { line: 4, inputs: { message: 'How do I block a lost card?' }, gold: 'card', before: 'fees', after: 'card', better: false },
    ],
  });
});

test('a partial gain or loss counts as a change too', () => {
  expect(changedBetween(answered([0.5, 0.5], 'a'), answered([0.75, 0.25], 'b'), prompt, messages, 'intent')).toMatchObject({
    fixes: 1,
    regressions: 1,
  });
});

test('all are counted; at most twenty of each kind are shown, with long values shortened', () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: `row ${i}`,
    line: i + 1,
    values: { message: 'x'.repeat(1000), intent: 'card' },
  }));
  const half = (sign: number): Evaluation => evaluationWith(rows.map((_, i) => Number(i % 2 === sign)));
  const { fixes, regressions, examples } = changedBetween(half(0), half(1), prompt, rows, 'intent');
  expect([fixes, regressions, examples.length]).toEqual([30, 30, 40]);
  expect(examples[0].inputs.message).toHaveLength(240);
  expect(examples[0].line).toBe(2);
});
