/** @file What the page of the answers says. */
import { expect, test } from 'vitest';
import { textOf } from '../dom.ts';
import { answers, judgedAnswers, manyAnswers, now } from './answers.fixture.ts';
import { answersPage, hear, type Known } from './page.ts';
import type { AnswersUi } from './ui.ts';
import { wholeView } from './view.ts';

const prompt = '/w/intent.prompt.md';
const ui: AnswersUi = {
  view: wholeView,
  cleared: 0,
  isOpen: (_, byDefault = false) => byDefault,
  setOpen: () => {},
  show: () => {},
  showAll: () => {},
  focus: () => {},
  act: () => {},
};
const known: Known = { type: 'answers', prompt, name: 'intent.prompt.md', answers, stale: false };
const said = (change: Partial<typeof known> = {}, own: Partial<AnswersUi> = {}): string =>
  answersPage({ ...known, ...change }, { ...ui, ...own }, now)
    .map(textOf)
    .join('\n');

test('the headline with its interval, what was confused, and each row with what is expected and what was given', () => {
  const text = said();
  expect(text).toContain('50.0% [18, 81] · 6 rows · nano · 3 min ago');
  expect(text).toContain('accuracy 50.0% [18.0, 81.0]');
  expect(text).toContain('card lost12·');
  expect(text).toContain('6 rows');
  expect(text).toContain('5Someone took my wallet, and the card was in it.card lostchange pinwrong-2.75');
});

test('columns that no row has are left out; feedback, parts of a score and cuts are told', () => {
  const text = said({ answers: judgedAnswers });
  expect(text).not.toMatch(/Expected|Log-lik|What was confused/);
  expect(text).toContain('1topic: raintone: gladIt rains.It does not rhyme.partly, 0.50');
  expect(text).toContain('It is snow.'.slice(3));
  expect(text).toContain('(cut off)');
});

test('it says when the text is another one by now, when the rows are held out, and when not all are kept', () => {
  expect(said({ stale: true })).toContain('The prompt has changed since these answers were given.');
  const { evaluation } = answers;
  expect(said({ answers: { ...answers, evaluation: { ...evaluation, split: 'test' }, total: 9 } })).toMatch(
    /held-out test rows[^]*6 of 9 rows are kept here, wrong ones first/,
  );
  expect(said()).not.toMatch(/has changed|held-out|kept here/);
});

test('what is chosen is counted, and a choice without rows says so', () => {
  const cell = { gold: 'card lost', prediction: 'change pin' };
  expect(said({}, { view: { ...wholeView, cell } })).toContain('card lost → change pin2 of 6 rowsShow all');
  expect(said({}, { view: { ...wholeView, search: 'zebra' } })).toMatch(/0 of 6 rows[^]*No row matches/);
});

test('of very many rows a page is drawn at a time', () => {
  const text = said({ answers: manyAnswers(10_000) }, { view: { ...wholeView, page: 2 } });
  expect(text).toContain('Rows 201 to 300 of 10000');
  expect(text.length).toBeLessThan(20_000);
});

test('a later message about the age changes the answers that are shown, and no others', () => {
  expect(hear(known, { type: 'stale', prompt, stale: true })).toEqual({ ...known, stale: true });
  expect(hear(known, { type: 'stale', prompt: '/w/other.prompt.md', stale: true })).toBe(known);
  const none = { type: 'none', prompt, name: 'intent.prompt.md', message: 'Evaluate the prompt.' } as const;
  expect(answersPage(hear(known, none), ui, now).map(textOf)[0]).toContain('No answers for intent.prompt.md yetEvaluate the prompt.');
});
