/** @file A setting is set by the user, the workspace or its folder. */
import { expect, test } from 'vitest';
import { isSet } from './isSet.ts';

test('a default alone sets nothing', () => {
  expect(isSet({ defaultValue: 'ask' } as object)).toBe(false);
});

test.each(['globalValue', 'workspaceValue', 'workspaceFolderValue'])('%s sets it, whatever it is', (place) => {
  for (const value of ['off', '', false, null]) expect(isSet({ [place]: value })).toBe(true);
});
