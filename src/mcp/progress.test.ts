/** @file Progress only grows, whatever shares are heard. */
import { expect, test } from 'vitest';
import { progressReporter, type Progress } from './progress.ts';

test('the number grows with each message; a share of the whole is told as one', () => {
  const heard: Progress[] = [];
  const tell = progressReporter((progress) => heard.push(progress));
  tell('Loading the model');
  tell('Phase 1', 0.25);
  tell('Phase 1 again', 0.25);
  tell('Measuring the test\u001b[31m\nrows', 0.2);
  expect(heard.map(({ progress }) => progress)).toEqual(
    [1e-6, 0.25, 0.25 + 1e-6, 0.25 + 2e-6].map((each) => expect.closeTo(each, 9) as number),
  );
  expect(heard.map(({ total }) => total)).toEqual([undefined, 1, 1, 1]);
  expect(heard[3].message).toBe('Measuring the test\\u001b[31m rows');
});
