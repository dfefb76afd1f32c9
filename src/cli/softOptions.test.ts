/** @file What the command line asks for a soft prompt. */
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { softAsked, withSoftOptions, type SoftOptions } from './softOptions.ts';

const asked = (...args: string[]) => softAsked(withSoftOptions(new Command()).parse(args, { from: 'user' }).opts<SoftOptions>());

test('only options that are given are passed on', () => {
  expect(asked()).toBeUndefined();
  expect(asked('--soft-tokens', '16', '--soft-start', 'vocabulary')).toEqual({ tokens: 16, start: 'vocabulary' });
  expect(asked('--text-only')).toEqual({ keep: false });
});

test('zero tokens are refused', () => {
  expect(() => asked('--soft-tokens', '0')).toThrow(expect.objectContaining({ reason: 'bad-option' }));
});
