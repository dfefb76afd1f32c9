/** @file When the editor offers to show what is new. */
import { expect, test } from 'vitest';
import { isUpdate } from './versions.ts';

test.each([
  [undefined, '0.2.0', false],
  ['0.2.0', '0.2.0', false],
  ['0.1.0', '0.2.0', true],
  ['0.9.1', '0.10.0', true],
  ['0.10.0', '0.9.1', false],
  ['1.0', '1.0.1', true],
] as const)('from %s to %s is an update: %s', (before, now, update) => {
  expect(isUpdate(before, now)).toBe(update);
});
