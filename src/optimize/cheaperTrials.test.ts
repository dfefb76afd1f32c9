/**
 * @file How often a deletion passes the gate, depending on its true cost. docs/how-it-decides.md has the numbers of many more trials.
 * @module-tag long
 */
import { expect, test } from 'vitest';
import { cheaperAccepted } from './cheaperTrials.fixture.ts';

const trials = 30;

test('a deletion that truly costs three points rarely passes, and one that costs nothing passes more often', () => {
  const passed = (lost: number): number => cheaperAccepted({ trials, rows: 80, lost, tokens: 300 });
  const [nothing, three] = [passed(0), passed(0.03)];
  expect(three).toBeLessThanOrEqual(0.1);
  expect(nothing).toBeGreaterThan(three);
});

test('if tokens are free, no deletion passes unless it makes the answers more likely', () => {
  const passed = cheaperAccepted({ trials, rows: 80, lost: 0.01, tokens: 300, worth: { margin: 0.01, perHundredTokens: 0 } });
  expect(passed).toBeLessThanOrEqual(0.05);
});
