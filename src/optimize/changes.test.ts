/** @file What a state changed in another one, with the tokens that each place adds to the prompt. */
import { expect, test } from 'vitest';
import type { Prompt } from '../prompt/prompt.ts';
import { changesBetween } from './changes.ts';

const prompt = (body: string, demonstrations: Prompt['demonstrations'] = []): Prompt => ({ body, demonstrations });
/** A token for each word, four for a demonstration. */
const words = ({ body, demonstrations }: Prompt): number =>
  body.split(/\s+/).filter((word) => word !== '').length + 4 * demonstrations.length;

test('each place has its own tokens, counted with all the others in place, and they add up to those of the part', () => {
  const from = prompt('one\ntwo two\nthree three three\nfour\nfive\n');
  const to = prompt('one\nthree three three\n4 4 4\nfive\n');
  const [instruction] = changesBetween({ prompt: from }, { prompt: to }, words);
  expect(instruction).toMatchObject({
    part: 'instruction',
    tokens: 0,
    hunks: [
      { id: '1', before: 'two two\n', after: '', tokens: -2 },
      { id: '2', before: 'four\n', after: '4 4 4\n', tokens: 2 },
    ],
  });
});

test('demonstrations are counted with the new instruction; decoding and weights have no tokens', () => {
  const shown = [{ inputs: {}, output: 'a' }];
  const from = { prompt: prompt('one two\n', shown), adapter: 'old' };
  const to = { prompt: { ...prompt('one\n'), decoding: { normalize: 'sum' } as const }, adapter: 'new' };
  expect(changesBetween(from, to, words).map(({ part, tokens }) => [part, tokens])).toEqual([
    ['instruction', -1],
    ['demonstrations', -4],
    ['decoding', undefined],
    ['adapter', undefined],
  ]);
});

test('parts that cannot be counted have no tokens', () => {
  const counter = ({ body }: Prompt): number | undefined => (body.includes('two') ? undefined : 1);
  const [instruction] = changesBetween({ prompt: prompt('one\ntwo\nthree\n') }, { prompt: prompt('one\nthree\n') }, counter);
  expect(instruction).not.toHaveProperty('tokens');
  expect(instruction.hunks?.[0]).not.toHaveProperty('tokens');
});
