import { expect, test } from 'vitest';
import { wayQuestions, type WayFacts } from './ways.ts';

const facts: WayFacts = {
  set: { coordinator: 'alternating', curriculum: 'none', pacing: 'self-paced', warmStart: 'auto', adapters: 'shared' },
  isProgram: false,
  starts: [
    { folder: '/w/.tandem/warm-start/nano', name: '.tandem/warm-start/nano', tasks: 4 },
    { folder: '/models/nano/warm-start', name: 'the start of nano', tasks: 1 },
  ],
};
const valuesOf = (facts: WayFacts, answers = {}): Record<string, string[]> =>
  Object.fromEntries(wayQuestions(facts, answers).map(({ key, choices }) => [key, choices.map(({ value }) => value)]));

test('coordinator, curriculum and learned start are asked; Enter at each is what the settings say', () => {
  expect(valuesOf(facts)).toEqual({
    coordinator: ['alternating', 'coordinate', 'simultaneous'],
    curriculum: ['none', 'data', 'freedom', 'both'],
    warmStart: ['auto', '/models/nano/warm-start', 'none'],
  });
  const otherwise = {
    ...facts,
    set: { coordinator: 'simultaneous', curriculum: 'data', pacing: 'root', warmStart: 'none', adapters: 'shared' },
  } as const;
  const first = Object.values(valuesOf(otherwise, { coordinator: 'alternating' })).map(([value]) => value);
  expect(first).toEqual(['simultaneous', 'data', 'root', 'none']);
  for (const { choices } of wayQuestions(otherwise, {}))
    expect(choices.map(({ description }) => description ?? '').join()).toMatch(/^current setting,*$/);
});

test('how fast a curriculum grows is asked where there is one, by the answer and else as set', () => {
  const pacingsFor = (facts: WayFacts, answers = {}): string[] | undefined => valuesOf(facts, answers).pacing;
  const grown = { ...facts, set: { ...facts.set, curriculum: 'freedom', pacing: 'linear' } } as const;
  expect(pacingsFor(facts)).toBeUndefined();
  expect(pacingsFor(facts, { curriculum: 'data' })).toEqual(['self-paced', 'linear', 'root']);
  expect(pacingsFor(grown)).toEqual(['linear', 'root', 'self-paced']);
  expect(pacingsFor(grown, { curriculum: 'none' })).toBeUndefined();
  expect(pacingsFor(grown, { coordinator: 'coordinate' })).toBeUndefined();
  expect(Object.keys(valuesOf(grown))).toEqual(['coordinator', 'curriculum', 'pacing', 'warmStart']);
});

test('a curriculum is not asked of coordinators that have none, nor a start where there is none', () => {
  expect(Object.keys(valuesOf(facts, { coordinator: 'simultaneous' }))).toEqual(['coordinator', 'warmStart']);
  expect(Object.keys(valuesOf({ ...facts, starts: [] }))).toEqual(['coordinator', 'curriculum']);
});

test('programs have one coordinator, whatever is set, and one adapter or several', () => {
  expect(valuesOf({ ...facts, isProgram: true })).toEqual({ coordinator: ['coordinate'], adapters: ['shared', 'per-step'] });
  const perStep = { ...facts, isProgram: true, set: { ...facts.set, adapters: 'per-step' } } as const;
  expect(valuesOf(perStep).adapters).toEqual(['per-step', 'shared']);
});
