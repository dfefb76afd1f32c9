/**
 * @file How often a deletion passes the gate, by what it truly costs; the numbers of many more trials stand in docs/how-it-decides.md.
 * @module-tag long
 */
import { expect, test } from 'vitest';
import { cheaperAccepted } from './cheaperTrials.fixture.ts';

const trials = 30;

test('a deletion that truly costs three points seldom passes, and one that costs nothing passes more often', () => {
  const passed = (lost: number): number => cheaperAccepted({ trials, rows: 80, lost, tokens: 300 });
  const [nothing, three] = [passed(0), passed(0.03)];
  expect(three).toBeLessThanOrEqual(0.1);
  expect(nothing).toBeGreaterThan(three);
});

test('tokens that cost nothing let no deletion through that is not likelier by itself', () => {
  const passed = cheaperAccepted({ trials, rows: 80, lost: 0.01, tokens: 300, worth: { margin: 0.01, perHundredTokens: 0 } });
  expect(passed).toBeLessThanOrEqual(0.05);
});
