/** @file What the page of Try It says. */
import { expect, test } from 'vitest';
import { textOf } from '../dom.ts';
import { besideOf, hear, tryItPage, type Known, type TryItUi } from './page.ts';
import { answer, labels, prompt, row, sides } from './tryIt.fixture.ts';

const ui: TryItUi = { values: { text: 'seven' }, filled: 0, type: () => {}, compare: () => {}, act: () => {} };
const said = (known: Known, own: Partial<TryItUi> = {}): string =>
  tryItPage(known, { ...ui, ...own })
    .map(textOf)
    .join('\n');

test('a field for each column, and what the answer can be compared with', () => {
  const text = said({ prompt });
  expect(text).toContain('textsevenplace');
  expect(text).toContain('TryChoose Row…Compare withnothingadapter kind-3f2asmollm2-135m');
});

test('two answers beside each other, with tokens, time and the probability of each label', () => {
  const text = said({
    prompt,
    sides: sides({ kind: 'answered', answer: { ...answer, labels } }, { kind: 'working', what: 'answering', text: 'ev' }),
  });
  expect(text).toContain('nanoodd' + 'Probability of each label' + 'odd83.0%even17.0%21 prompt tokens · 38 ms');
  expect(text).toContain('nano + adapterev answering');
  expect(text).toContain('Stop');
});

test('of very many labels the likely ones are drawn', () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ label: `label ${i}`, probability: 1 / 40 }));
  expect(said({ prompt, sides: sides({ kind: 'answered', answer: { ...answer, labels: many } }) })).toContain('and 28 less likely labels');
});

test('what went wrong, what was stopped, what an earlier step answered, and that the prompt has changed', () => {
  const earlier = [{ output: 'hint', text: 'not even' }];
  const text = said({
    prompt,
    sides: {
      ...sides({ kind: 'failed', message: 'The prompt is too long.' }, { kind: 'answered', answer: { ...answer, earlier } }),
      stale: true,
    },
  });
  expect(text).toContain('The prompt is too long.');
  expect(text).toContain('hint: not even');
  expect(text).toContain('The prompt has changed since it was tried.');
  expect(said({ prompt: { ...prompt, problem: 'There is no column "txt".' } })).toContain('There is no column "txt".');
});

test('the adapter is compared with unless something else was chosen that is still there', () => {
  expect(besideOf(prompt, undefined)).toEqual({ kind: 'adapter' });
  expect(besideOf(prompt, { kind: 'nothing' })).toEqual({ kind: 'nothing' });
  expect(besideOf({ ...prompt, adapter: undefined }, { kind: 'model', model: 'gone' })).toEqual({ kind: 'nothing' });
});

test('a row that is chosen has no answer yet', () => {
  expect(said([prompt, sides({ kind: 'answered', answer }), row].reduce(hear, {}))).not.toContain('prompt tokens');
});

test('what is known of one prompt does not stay for another', () => {
  const known = [prompt, row, sides({ kind: 'stopped' })].reduce(hear, {});
  expect(said(known)).toContain('Validation row in line 7. Right answer: odd');
  expect(said(known, { values: { text: 'eight' } })).not.toContain('Right answer');
  expect(hear(known, { ...prompt, prompt: '/w/other.prompt.md' })).toEqual({ prompt: { ...prompt, prompt: '/w/other.prompt.md' } });
});
