/** @file What the gate options accept, and the errors for anything else. */
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { gateAsked, withGateOptions } from './gateOptions.ts';

const asked = (...args: string[]): ReturnType<typeof gateAsked> =>
  gateAsked(withGateOptions(new Command()).parse(args, { from: 'user' }).opts());

describe('options of the gate', () => {
  test('only options that are given are passed on', () => {
    expect(asked()).toBeUndefined();
    expect(asked('--margin', '2')).toEqual({ margin: 2 });
    expect(asked('--prompt-cost', '0', '--margin', '0.5')).toEqual({ margin: 0.5, promptCost: 0 });
  });

  test.each(['-1', '101', 'much', '', 'NaN'])("'%s' is not a number of points", (text) => {
    expect(() => asked(`--margin=${text}`)).toThrow(
      expect.objectContaining({ reason: 'bad-option', hint: expect.stringMatching(/^Write/) as string }) as Error,
    );
    expect(() => asked(`--prompt-cost=${text}`)).toThrow(expect.objectContaining({ reason: 'bad-option' }) as Error);
  });
});
