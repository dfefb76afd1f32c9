/** @file Tests that GGUF files with a SentencePiece BPE give the ids of `sentencepiece` itself, and the log-likelihoods of `transformers`. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { makeLocalModel, type LocalModel } from '../localModel.ts';
import { continuationTokens } from '../tokenizer.ts';
import { parseGgufHeader } from './ggufHeader.ts';
import { ggufMetadata } from './ggufMetadata.ts';
import { ggufTokenizer, type GgufTokenizer } from './ggufTokenizer.ts';
import { loadModelFiles } from './modelFiles.ts';

/** Null means the same as elsewhere: see make_sentencepiece.py. */
interface Case {
  readonly like: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly ids: readonly (readonly number[] | null)[];
  readonly after: readonly (readonly number[] | null)[];
  readonly decoded: readonly (string | null)[];
}
interface Fixture {
  readonly texts: readonly string[];
  readonly cases: Readonly<Record<string, Case>>;
  readonly likelihoods: { readonly prompts: readonly string[]; readonly labels: readonly string[]; readonly values: readonly number[][] };
}
const { texts, cases, likelihoods } = JSON.parse(readFileSync('test/fixtures/sentencepiece.json', 'utf8')) as Fixture;

const model = 'test/fixtures/tiny-spm.gguf';
const stored = storedMetadata();

describe.each(Object.entries(cases))('%s', (name, { like, ids, after, decoded }) => {
  const { tokenizer } = tokenizerOf(metadataOf(name));
  const other = like === null ? undefined : cases[like];
  const idsOf = (i: number): readonly number[] => ids[i] ?? other!.ids[i]!;
  const afterOf = (i: number): readonly number[] => after[i] ?? (other ? (other.after[i] ?? other.ids[i]!) : idsOf(i));

  test('hard texts with control and user defined tokens give the same ids', () => {
    texts.forEach((text, i) => expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(idsOf(i)));
  });

  test('a text that follows another gives the same ids', () => {
    texts.forEach((text, i) => expect(continuationTokens(tokenizer, text), JSON.stringify(text)).toEqual(afterOf(i)));
  });

  test('ids are decoded to text', () => {
    // TextDecoder drops a byte order mark at the start of bytes, SentencePiece keeps it.
    const unmarked = (text: string): string => text.replaceAll('\ufeff', '');
    texts.forEach((text, i) => expect(tokenizer.decode(idsOf(i), { skipSpecial: true })).toBe(unmarked(decoded[i] ?? text)));
  });
});

describe('defaults for what a file does not say', () => {
  test('are those of llama.cpp: a begin token, a space before a text, ids 0 to 2', () => {
    const keys = ['add_bos_token', 'add_space_prefix', 'bos_token_id', 'eos_token_id', 'unknown_token_id'];
    const without = Object.fromEntries(keys.map((key) => [`tokenizer.ggml.${key}`, undefined]));
    const { tokenizer, specialTexts } = tokenizerOf({ ...stored, ...without });
    expect(tokenizer).toMatchObject({ beginToken: 1, endTokens: [2] });
    expect(tokenizer.encode(texts[3])).toEqual(cases.plain.ids[3]);
    expect(specialTexts).toMatchObject({ bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' });
  });

  test('can be overridden: no begin token', () => {
    expect(tokenizerOf({ ...stored, 'tokenizer.ggml.add_bos_token': false }).tokenizer.beginToken).toBeUndefined();
  });
});

describe('inconsistent metadata are refused with their field', () => {
  const tokens = stored['tokenizer.ggml.tokens'] as readonly string[];
  const scores = stored['tokenizer.ggml.scores'] as readonly number[];
  const types = stored['tokenizer.ggml.token_type'] as readonly number[];
  const changed = <T>(list: readonly T[], value: T): T[] => list.with(300, value);
  test.each<[string, string, unknown, string]>([
    ['no scores', 'scores', undefined, 'bad-gguf'],
    ['fewer scores', 'scores', scores.slice(1), 'bad-gguf'],
    ['a score that is no number', 'scores', changed(scores, NaN), 'bad-gguf'],
    ['an infinite score', 'scores', changed(scores, -Infinity), 'bad-gguf'],
    ['scores that are texts', 'scores', tokens, 'bad-gguf'],
    ['no types', 'token_type', undefined, 'bad-gguf'],
    ['more types', 'token_type', [...types, 1], 'bad-gguf'],
    ['a type out of range', 'token_type', changed(types, 7), 'bad-gguf'],
    ['a type between two', 'token_type', changed(types, 1.5), 'bad-gguf'],
    ['no tokens', 'tokens', undefined, 'bad-gguf'],
    ['a token as long as a book', 'tokens', changed(tokens, 'x'.repeat(1e6)), 'bad-gguf'],
    ['a byte that is missing', 'tokens', tokens.map((token) => (token === '<0x0A>' ? 'newline' : token)), 'unsupported-tokenizer'],
    ['a begin token that is none', 'bos_token_id', 99_999, 'bad-gguf'],
    ['a space before a text that is no flag', 'add_space_prefix', 'yes', 'bad-gguf'],
    ['the unigram model', 'model', 't5', 'unsupported-tokenizer'],
  ])('%s', (_, field, value, reason) => {
    const key = `tokenizer.ggml.${field}`;
    const shown = field === 'model' ? 'SentencePiece unigram' : key;
    expect(() => tokenizerOf({ ...stored, [key]: value })).toThrow(
      expect.objectContaining({ reason, where: { file: 'test.gguf' }, message: expect.stringContaining(shown) as string }),
    );
  });

  test("names of objects' built-in properties are tokens like others", () => {
    const named = tokens.with(300, '__proto__').with(301, 'constructor');
    const { tokenizer } = tokenizerOf({
      ...stored,
      'tokenizer.ggml.tokens': named,
      'tokenizer.ggml.token_type': types.with(300, 4).with(301, 4),
    });
    expect(tokenizer.encode('__proto__')).toEqual([300]);
    expect(tokenizer.decode([301, 300])).toBe('constructor__proto__');
  });

  test('tens of thousands of pieces that can all be merged are merged in reasonable time', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz012345'];
    const pairs = letters.flatMap((a) => letters.map((b) => a + b));
    const made = [...letters, ...pairs, ...pairs.flatMap((pair) => letters.map((c) => pair + c))];
    const bytes = tokens.slice(0, 259);
    const started = process.cpuUsage();
    const { tokenizer } = tokenizerOf({
      ...stored,
      'tokenizer.ggml.tokens': [...bytes, ...made],
      'tokenizer.ggml.scores': [...bytes.map(() => 0), ...made.map((_, i) => -i)],
      'tokenizer.ggml.token_type': [...types.slice(0, 259), ...made.map(() => 1)],
    });
    const { user, system } = process.cpuUsage(started);
    expect(tokenizer.vocabularySize).toBeGreaterThan(33_000);
    expect(user + system).toBeLessThan(5e6);
  });
});

describe('a model with such a tokenizer', () => {
  let llama: LocalModel;
  beforeAll(async () => {
    llama = makeLocalModel(await loadModelFiles(model), onnxRuntimeExecutor({ threads: 1 }));
  });
  afterAll(() => llama.dispose());

  test('labels have the log-likelihoods of transformers', async () => {
    const scores = await llama.scorer.scoreLabels(likelihoods.prompts, likelihoods.labels);
    scores.forEach((row, i) => row.forEach(({ logLikelihood }, j) => expect(logLikelihood).toBeCloseTo(likelihoods.values[i][j], 3)));
  });

  test('a rendered chat begins with one begin token', () => {
    const chat = llama.tokenizer.applyChatTemplate([
      { role: 'user', content: 'Where is the river?' },
      { role: 'assistant', content: 'By the sea.' },
      { role: 'user', content: 'Where is the sea?' },
    ]);
    expect(chat).toBe('<s>[INST] Where is the river? [/INST] By the sea.</s><s>[INST] Where is the sea? [/INST]');
    expect(llama.promptTokens(chat).filter((token) => token === 1)).toHaveLength(2);
    expect(llama.promptTokens('Where is the sea?').slice(1)).toEqual(llama.tokenizer.encode('Where is the sea?'));
  });

  test('an answer after a prompt has the same tokens as in the whole text', () => {
    for (const [prompt, answer] of [
      ['The question is about a', ' person'],
      ['The question is about a\n', 'person'],
      ['The question is about a person.', '</s><s>[INST] Where'],
    ])
      expect([...llama.tokenizer.encode(prompt), ...llama.completionTokens(answer)]).toEqual(llama.tokenizer.encode(prompt + answer));
  });
});

function tokenizerOf(metadata: Readonly<Record<string, unknown>>): GgufTokenizer {
  return ggufTokenizer(ggufMetadata(new Map(Object.entries(metadata)), 'test.gguf'));
}

function metadataOf(name: string): Readonly<Record<string, unknown>> {
  const { like, metadata } = cases[name];
  return { ...(like === null || like === 'plain' ? stored : cases[like].metadata), ...metadata };
}

function storedMetadata(): Readonly<Record<string, unknown>> {
  const bytes = readFileSync(model);
  const header = parseGgufHeader(bytes, bytes.length, model);
  if (header === 'longer') throw new Error('all bytes were given');
  return Object.fromEntries(header.metadata);
}
