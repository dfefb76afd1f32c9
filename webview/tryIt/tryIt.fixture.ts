/** @file What Try It knows of a prompt with two columns, for the tests of its page. */
import type { RowAnswer } from '../../src/run/answerRow.ts';
import type { RowToTry, SideState, TriedPrompt, TriedSides } from '../../src/extension/tryItMessages.ts';

export const about = { prompt: '/w/kind.prompt.md' };

export const prompt: TriedPrompt = {
  ...about,
  type: 'prompt',
  name: 'kind.prompt.md',
  columns: ['text', 'place'],
  adapter: 'kind-3f2a',
  models: ['smollm2-135m'],
};

export const row: RowToTry = { ...about, type: 'row', values: { text: 'seven' }, from: 'Validation row in line 7', gold: 'odd' };

export const answer: RowAnswer = { weights: 'model', model: 'nano', text: 'odd', promptTokens: 21, milliseconds: 38.2 };

export const labels = [
  { label: 'odd', probability: 0.83 },
  { label: 'even', probability: 0.17 },
];

export const sides = (...states: SideState[]): TriedSides => ({
  ...about,
  type: 'sides',
  stale: false,
  sides: states.map((state, place) => ({ title: ['nano', 'nano + adapter'][place], state })),
});
