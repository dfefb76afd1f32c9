/** @file Counting the tokens of texts. */
import { expect, test } from 'vitest';
import type { Tokenizer } from './tokenizer.ts';
import { softMark } from './softPrompt.ts';
import { textsOf } from './texts.ts';

/** A token is a word with the white space before it, numbered by its letters. */
const tokenizer: Tokenizer = {
  vocabularySize: 2 ** 31,
  endTokens: [],
  encode: (text) => (text.match(/\s*\S+|\s+/g) ?? []).map((word) => Buffer.from(word).readUIntBE(0, Math.min(6, Buffer.byteLength(word)))),
  decode: () => '',
  applyChatTemplate: () => '',
};

const texts = textsOf(tokenizer);

test('common beginnings of texts and of answers count once', () => {
  expect(texts.countShared(['a b c', 'a b c'])).toBe(3);
  expect(texts.countShared(['a b c', 'a b d e', 'a bx'])).toBe(1 + 2 + 3 + 1);
  expect(texts.countShared(['a', 'b', ''])).toBe(2);
  expect(texts.countBranches([' card arrival', ' card lost', ' other'])).toBe(4);
});

test('virtual tokens count at their mark, and without a soft prompt the mark counts as text', () => {
  const prompt = `a ${softMark} b`;
  expect(texts.count(prompt, { tokens: 5 })).toBe(texts.count('a ') + 5 + texts.count(' b'));
  expect(texts.count(prompt)).toBe(texts.count('a x b'));
  expect(texts.asRead(prompt, { tokens: 5 }).tokens).toBe(texts.count(prompt, { tokens: 5 }));
});
