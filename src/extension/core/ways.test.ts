import { describe, expect, test } from 'vitest';
import { parseBudget, runDefaults } from '../../run/spec.ts';
import { answersOf, wayOf, wayQuestions, type WayAnswers, type WayFacts } from './ways.ts';

const facts: WayFacts = {
  set: {
    budget: '5m',
    tune: 'both',
    rows: 0,
    model: 'nano',
    coordinator: 'alternating',
    curriculum: 'none',
    pacing: 'self-paced',
    warmStart: 'auto',
    adapters: 'shared',
  },
  isProgram: false,
  models: [
    { name: 'smollm2-135m', about: 'downloaded' },
    { name: 'nano', about: 'embedded' },
  ],
  starts: [
    { folder: '/w/.tandem/warm-start/nano', name: '.tandem/warm-start/nano', tasks: 4 },
    { folder: '/models/nano/warm-start', name: 'the start of nano', tasks: 1 },
  ],
};
const valuesOf = (facts: WayFacts, answers: WayAnswers = {}): Record<string, string[]> =>
  Object.fromEntries(wayQuestions(facts, answers).map(({ key, choices }) => [key, choices.map(({ value }) => value)]));
const common = ['budget', 'tune', 'rows', 'model', 'more'];
/** What "More options…" asks. */
const moreOf = (facts: WayFacts, answers: WayAnswers = {}): Record<string, string[]> =>
  Object.fromEntries(Object.entries(valuesOf(facts, { ...answers, more: 'more' })).filter(([key]) => !common.includes(key)));

describe('everybody is asked', () => {
  test('how long, what to tune, how many rows and which model; Enter at each is what is set, and starts', () => {
    expect(valuesOf(facts)).toEqual({
      budget: ['5m', '2m', '30m', 'own'],
      tune: ['both', 'prompt', 'weights'],
      rows: ['0', '100', '30', 'own'],
      model: ['', 'smollm2-135m'],
      more: ['start', 'more'],
    });
    expect(Object.keys(valuesOf(facts, { more: 'start' }))).toEqual(common);
  });

  test('with a setting that is none of the choices as the first of them', () => {
    const { budget, rows } = valuesOf({ ...facts, set: { ...facts.set, budget: '60k', rows: 40 } });
    expect(budget).toEqual(['60k', '2m', '5m', '30m', 'own']);
    expect(rows).toEqual(['40', '0', '100', '30', 'own']);
  });

  test('with what is set named on the first choice only', () => {
    for (const { key, choices } of wayQuestions(facts, { more: 'more' })) {
      const said = choices.map(({ description = '' }) => /current setting|in the prompt file/.test(description));
      expect(said, key).toEqual(choices.map((_, place) => key !== 'more' && place === 0));
    }
  });

  test('for no model where the file has an adapter for its own', () => {
    expect(Object.keys(valuesOf({ ...facts, models: [] }))).toEqual(['budget', 'tune', 'rows', 'more']);
  });

  test('in words that need no statistics and no names of methods', () => {
    for (const { placeHolder, choices } of wayQuestions(facts, { more: 'more', curriculum: 'data' }))
      for (const text of [placeHolder, ...choices.map(({ label }) => label)])
        expect(text).not.toMatch(/curricul|coordinat|alternat|simultan|pacing|descent|soft prompt|interval|significan|LoRA/i);
  });
});

test('every choice of a time is a budget, and the normal one is the default', () => {
  const budgets = valuesOf(facts).budget.filter((value) => value !== 'own');
  expect(budgets.map((text) => parseBudget(text))).toEqual([{ seconds: 300 }, { seconds: 120 }, { seconds: 1800 }]);
  expect(parseBudget(budgets[0])).toEqual(runDefaults.budget);
});

test.each([
  ['budget', ['90s', '2M', ' 1.5h '], ['', '5', 'soon', '0m']],
  ['rows', ['1', ' 250 '], ['', '0', '-1', '1.5', 'many']],
])('your own %s is checked while it is written', (key, right, wrong) => {
  const own = wayQuestions(facts, {})
    .find((question) => question.key === key)!
    .choices.find(({ write }) => write)!.write!;
  for (const text of right) expect(own.check(text)).toBeUndefined();
  for (const text of wrong) expect(own.check(text)).toMatch(/\.$/);
});

test('answers in the order of the questions are what a run is asked', () => {
  const given = ['2m', 'weights', '30', 'smollm2-135m', 'more', 'alternating', 'data', 'root', 'none'];
  expect(wayOf(answersOf(facts, given))).toEqual({
    budget: '2m',
    tune: 'weights',
    rows: 30,
    model: 'smollm2-135m',
    coordinator: 'alternating',
    curriculum: 'data',
    pacing: 'root',
    warmStart: 'none',
  });
  expect(wayOf(answersOf(facts, ['5m', 'both', '0', '', 'start']))).toEqual({ budget: '5m', tune: 'both', rows: 0 });
});

describe('more options', () => {
  test('are coordinator, curriculum and learned start, with what is set first', () => {
    expect(moreOf(facts)).toEqual({
      coordinator: ['alternating', 'coordinate', 'simultaneous'],
      curriculum: ['none', 'data', 'freedom', 'both'],
      warmStart: ['auto', '/models/nano/warm-start', 'none'],
    });
    const otherwise = {
      ...facts,
      set: { ...facts.set, coordinator: 'simultaneous', curriculum: 'data', pacing: 'root', warmStart: 'none' },
    } as const;
    const first = Object.values(moreOf(otherwise, { coordinator: 'alternating' })).map(([value]) => value);
    expect(first).toEqual(['simultaneous', 'data', 'root', 'none']);
  });

  test('ask how fast a curriculum grows where there is one, by the answer and else as set', () => {
    const pacingsFor = (facts: WayFacts, answers: WayAnswers = {}): string[] | undefined => moreOf(facts, answers).pacing;
    const grown = { ...facts, set: { ...facts.set, curriculum: 'freedom', pacing: 'linear' } } as const;
    expect(pacingsFor(facts)).toBeUndefined();
    expect(pacingsFor(facts, { curriculum: 'data' })).toEqual(['self-paced', 'linear', 'root']);
    expect(pacingsFor(grown)).toEqual(['linear', 'root', 'self-paced']);
    expect(pacingsFor(grown, { curriculum: 'none' })).toBeUndefined();
    expect(pacingsFor(grown, { coordinator: 'coordinate' })).toBeUndefined();
    expect(Object.keys(moreOf(grown))).toEqual(['coordinator', 'curriculum', 'pacing', 'warmStart']);
  });

  test('ask coordinators that have no curriculum for none, and for no start where there is none', () => {
    expect(Object.keys(moreOf(facts, { coordinator: 'simultaneous' }))).toEqual(['coordinator', 'warmStart']);
    expect(Object.keys(moreOf({ ...facts, starts: [] }))).toEqual(['coordinator', 'curriculum']);
  });

  test('ask for nothing that needs what is not tuned', () => {
    expect(moreOf(facts, { tune: 'weights' }).coordinator).toEqual(['alternating', 'coordinate']);
    expect(Object.keys(moreOf(facts, { tune: 'prompt' }))).toEqual(['coordinator', 'curriculum']);
  });

  test('of programs are one coordinator, whatever is set, and one adapter or several', () => {
    expect(moreOf({ ...facts, isProgram: true })).toEqual({ coordinator: ['coordinate'], adapters: ['shared', 'per-step'] });
    const perStep = { ...facts, isProgram: true, set: { ...facts.set, adapters: 'per-step' } } as const;
    expect(moreOf(perStep).adapters).toEqual(['per-step', 'shared']);
  });
});
