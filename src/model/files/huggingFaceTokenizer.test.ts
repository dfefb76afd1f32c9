/** @file Tests that the tokenizer.json of Llama 2 and Mistral, which was converted from SentencePiece, gives the ids of the Rust tokenizers. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { continuationTokens } from '../tokenizer.ts';
import { tokenizerOf } from './huggingFaceDirectory.ts';

interface Fixture {
  readonly texts: readonly string[];
  readonly cases: Readonly<
    Record<
      string,
      {
        readonly json: Readonly<Record<string, unknown>>;
        readonly ids: readonly number[][];
        /** The text that Python decodes the ids to. */
        readonly texts: readonly string[];
        /** The ids of "x" and the text. */
        readonly after: readonly number[][];
      }
    >
  >;
}
const { texts, cases } = JSON.parse(readFileSync('test/fixtures/tokenizer-spm.json', 'utf8')) as Fixture;

describe.each(Object.entries(cases))('%s', (_, { json, ids, texts: decoded, after }) => {
  const { tokenizer } = tokenizerOf(json, { bos_token: '<s>' }, [2], undefined, 'tokenizer.json');

  test('hard texts, with bytes for what the vocabulary lacks, give the same ids', () => {
    expect(tokenizer.beginToken).toBe(1);
    texts.forEach((text, i) => expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids[i]));
    // TextDecoder drops a byte order mark at the start, Rust keeps it.
    const unmarked = (text: string): string => text.replace(/^\ufeff/, '');
    ids.forEach((tokens, i) => expect(tokenizer.decode(tokens)).toBe(unmarked(decoded[i])));
  });

  test('a text that follows another gets no space before it', () => {
    const x = tokenizer.encode('x');
    texts.forEach((text, i) => expect([...x, ...continuationTokens(tokenizer, text)], JSON.stringify(text)).toEqual(after[i]));
  });
});

test('a tokenizer that puts no space before a text needs no second form', () => {
  const json = JSON.parse(readFileSync('test/fixtures/tiny-tied/tokenizer.json', 'utf8')) as Record<string, unknown>;
  expect(tokenizerOf(json, {}, [], undefined, 'tokenizer.json').tokenizer).not.toHaveProperty('encodeNext');
});
