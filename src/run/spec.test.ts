/** @file Budgets and schedules as people write them. */
import { expect, test } from 'vitest';
import { baselineNames } from '../optimize/baselines/names.ts';
import { chainSteps, checkedBudget, parseBudget, parseSchedule } from './spec.ts';

test.each([
  ['90s', { seconds: 90 }],
  ['5m', { seconds: 300 }],
  ['1.5h', { seconds: 5400 }],
  ['2M', { tokens: 2_000_000 }],
  ['60k', { tokens: 60_000 }],
  ['1.5k', { tokens: 1500 }],
  ['2000000p', { tokens: 2_000_000 }],
])('the budget %s', (text, budget) => expect(parseBudget(text)).toEqual(budget));

test.each(['45', '20000', ' 300 '])("the budget '%s' lacks its unit, and the hint names both units", (text) => {
  const hint = expect.stringContaining(`k for ${text.trim()} tokens, or ${text.trim()}s`) as string;
  expect(() => parseBudget(text)).toThrow(expect.objectContaining({ reason: 'bad-budget', hint }) as Error);
});

test.each([20_000, '20000', { seconds: 0 }, { tokens: NaN }, { seconds: 1, tokens: 1 }, {}, null, { hours: 1 }])(
  'a program that gives the budget %j gets an error',
  (budget) => expect(() => checkedBudget(budget)).toThrow(expect.objectContaining({ reason: 'bad-budget' }) as Error),
);

test('the API accepts a budget in the notation for people', () => {
  expect(checkedBudget('5m')).toEqual({ seconds: 300 });
  expect(checkedBudget({ tokens: 58_000 })).toEqual({ tokens: 58_000 });
});

test.each(['', '0m', '-5m', '5 weeks', '1.2.3h', 'm'])("'%s' is not a budget", (text) => {
  expect(() => parseBudget(text)).toThrow(expect.objectContaining({ reason: 'bad-budget' }) as Error);
});

test('published methods are schedules by name', () => {
  for (const name of baselineNames) expect(parseSchedule(`baseline:${name}`)).toBe(`baseline:${name}`);
  expect(() => parseSchedule('baseline:magic')).toThrow(expect.objectContaining({ reason: 'bad-schedule' }) as Error);
});

test('schedules', () => {
  expect(parseSchedule('gated')).toBe('gated');
  expect(parseSchedule('chain:p->w  -> p')).toBe('chain:p -> w -> p');
  expect(chainSteps(parseSchedule('chain:p->w'))).toEqual(['p', 'w']);
  for (const text of ['chain:', 'chain:p -> x', 'p -> w', 'random']) {
    expect(() => parseSchedule(text)).toThrow(expect.objectContaining({ reason: 'bad-schedule' }) as Error);
  }
});
