/** @file Tokens are counted from texts. */
import { expect, test } from 'vitest';
import type { Tokenizer } from '../model/tokenizer.ts';
import { answerPasses, promptPasses } from './passes.ts';

/** A token is a word with the white space before it, numbered by its letters. */
const tokenizer: Tokenizer = {
  vocabularySize: 2 ** 31,
  endTokens: [],
  encode: (text) => (text.match(/\s*\S+|\s+/g) ?? []).map((word) => Buffer.from(word).readUIntBE(0, Math.min(6, Buffer.byteLength(word)))),
  decode: () => '',
  applyChatTemplate: () => '',
};

test('promptPasses and answerPasses count distinct tokens', () => {
  expect(promptPasses(tokenizer, ['a b c', 'a b c'])).toBe(3);
  expect(promptPasses(tokenizer, ['a b c', 'a b d e', 'a bx'])).toBe(1 + 2 + 3 + 1);
  expect(promptPasses(tokenizer, ['a', 'b', ''])).toBe(2);
  expect(answerPasses(tokenizer, [' card arrival', ' card lost', ' other'])).toBe(4);
});
