/** @file Tests that texts become the tokens of the Rust tokenizers under each pre-tokenizer. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ggufMetadata } from './ggufMetadata.ts';
import { ggufTokenizer } from './ggufTokenizer.ts';
import type { Tokenizer } from '../tokenizer.ts';

interface Cases {
  specials: string[];
  tokens: string[];
  merges: string[];
  texts: string[];
  ids: Record<string, number[][]>;
}
const cases = JSON.parse(readFileSync('test/fixtures/tokenizer-cases.json', 'utf8')) as Cases;

test.each(Object.keys(cases.ids))('%s: hard texts give the ids of Python, and are decoded to the same texts', (name) => {
  const tokenizer = tokenizerOf({ 'tokenizer.ggml.pre': name });
  cases.texts.forEach((text, i) => {
    expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(cases.ids[name][i]);
    expect(tokenizer.decode(cases.ids[name][i])).toBe(text);
  });
});

test('a long text is encoded in reasonable time, to the same ids as its parts', () => {
  const tokenizer = tokenizerOf({ 'tokenizer.ggml.pre': 'smollm' });
  const line = 'Question: What is the capital of France in 1999?\n';
  expect(tokenizer.encode(line.repeat(2000))).toEqual(Array.from({ length: 2000 }, () => tokenizer.encode(line)).flat());
});

test('returned ids belong to the caller: changing them does not change the next answer', () => {
  const tokenizer = tokenizerOf({ 'tokenizer.ggml.pre': 'smollm' });
  const first = tokenizer.encode('Hello, world!');
  const copy = [...first];
  first.length = 0;
  expect(tokenizer.encode('Hello, world!')).toEqual(copy);
});

test('special tokens are left out of decoded text on request', () => {
  const tokenizer = tokenizerOf({ 'tokenizer.ggml.pre': 'smollm' });
  const ids = tokenizer.encode('<|im_start|>user\nhi<|im_end|>');
  expect(tokenizer.decode(ids)).toBe('<|im_start|>user\nhi<|im_end|>');
  expect(tokenizer.decode(ids, { skipSpecial: true })).toBe('user\nhi');
  expect(tokenizer.decode([])).toBe('');
});

test('models that require it, or whose pre-tokenizer implies it, get a begin-of-text token first', () => {
  expect(tokenizerOf({ 'tokenizer.ggml.pre': 'smollm' }).beginToken).toBeUndefined();
  expect(tokenizerOf({ 'tokenizer.ggml.pre': 'llama-bpe' }).beginToken).toBe(1);
  expect(tokenizerOf({ 'tokenizer.ggml.pre': 'llama-bpe', 'tokenizer.ggml.add_bos_token': false }).beginToken).toBeUndefined();
});

test('an unknown pre-tokenizer, another tokenizer kind and a missing chat template are refused with a reason', () => {
  expect(() => tokenizerOf({ 'tokenizer.ggml.pre': 'tekken' })).toThrow(expect.objectContaining({ reason: 'unsupported-tokenizer' }));
  expect(() => tokenizerOf({ 'tokenizer.ggml.model': 'rwkv' })).toThrow(expect.objectContaining({ reason: 'unsupported-tokenizer' }));
  expect(() => tokenizerOf({ 'tokenizer.ggml.tokens': undefined })).toThrow(expect.objectContaining({ reason: 'bad-gguf' }));
  expect(() => tokenizerOf({}).applyChatTemplate([])).toThrow(expect.objectContaining({ reason: 'no-chat-template' }));
  expect(() => tokenizerOf({ 'tokenizer.chat_template': "{{ raise_exception('no system role') }}" }).applyChatTemplate([])).toThrow(
    expect.objectContaining({ reason: 'bad-chat-template', message: expect.stringContaining('no system role') as string }),
  );
});

function tokenizerOf(change: Record<string, unknown>): Tokenizer {
  const values = {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.tokens': cases.tokens,
    'tokenizer.ggml.merges': cases.merges,
    'tokenizer.ggml.token_type': cases.tokens.map((token) => (cases.specials.includes(token) ? 3 : 1)),
    'tokenizer.ggml.bos_token_id': 1,
    'tokenizer.ggml.eos_token_id': 2,
    ...change,
  };
  return ggufTokenizer(ggufMetadata(new Map(Object.entries(values)), 'test.gguf')).tokenizer;
}
