/** @file Soft prompts on the tiny model: their place, their initial rows, their training together with a LoRA, and their projection to text. */
import { beforeAll, describe, expect, test } from 'vitest';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import { initialAdapter, makeAdapter, withoutSoft, withSoft } from './adapter.ts';
import { trainAdapter } from './adapterTraining.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { makeLocalModel, type LocalModel } from './localModel.ts';
import { fluencyOf, modelVocabulary, projectSoftPrompt, choicesAt, wholeWordAt } from './softProjection.ts';
import { wordsNear } from './softWords.ts';
import { encodeWithSoft, holdNorms, initialSoftPrompt, softMark, type SoftPrompt, type SoftStart } from './softPrompt.ts';

let model: LocalModel;
beforeAll(async () => {
  const files = await loadModelFiles(new URL('../../test/fixtures/tiny-tied', import.meta.url).pathname);
  model = makeLocalModel(files, onnxRuntimeExecutor({ threads: 1 }));
});

const author = 'Say what it is. Choose one.';
const begin = (start: SoftStart = 'text', tokens?: number): SoftPrompt => {
  const ids = model.tokenizer.encode(author);
  return initialSoftPrompt(modelVocabulary(model), { start, tokens: tokens ?? ids.length, text: author, ids, seed: 1 });
};
const lora = { rank: 4, alpha: 8, dropout: 0, targets: ['q_proj', 'v_proj', 'down_proj'] } as const;
const labels = [' colour', ' animal'];

describe('its place', () => {
  test('virtual tokens are numbers after the vocabulary, between the tokens of the text before and after the mark', () => {
    const { tokenizer } = model;
    const tokens = encodeWithSoft(tokenizer, `One.${softMark}\n\nText: cat`, { tokens: 2 }, 100);
    expect(tokens).toEqual([...tokenizer.encode('One.'), 100, 101, ...tokenizer.encode('\n\nText: cat')]);
  });

  test('a mark without a soft prompt is refused, in terms of the prompt file', async () => {
    await expect(async () => model.scorer.scoreLabels([`${softMark} cat`], labels)).rejects.toMatchObject({ reason: 'no-soft-prompt' });
  });

  test("a soft prompt that begins as the text scores and writes like the text: in a shared prefix, in a row's own tokens, and with a LoRA", async () => {
    const adapter = withSoft(undefined, begin());
    const rest = ['\n\nText: cat\nKind:', '\n\nText: red and more\nKind:'];
    for (const texts of [rest, rest.slice(0, 1), ['\nX', 'Y']]) {
      const plain = await model.scorer.scoreLabels(
        texts.map((text) => author + text),
        labels,
      );
      const soft = await model.scorer.scoreLabels(
        texts.map((text) => softMark + text),
        labels,
        { adapter },
      );
      soft.flat().forEach(({ logLikelihood }, i) => expect(logLikelihood).toBeCloseTo(plain.flat()[i].logLikelihood, 4));
    }
    const options = { maxTokens: 5, temperature: 0, topP: 1, stop: [], seed: 1 };
    expect(await model.generate([softMark + rest[0]], { ...options, adapter })).toEqual(await model.generate([author + rest[0]], options));
  });

  test('a soft prompt that was made for another model is refused', async () => {
    const foreign = withSoft(undefined, { ...begin(), rows: new Float32Array(8) });
    await expect(model.scorer.scoreLabels([`${softMark} cat`], labels, { adapter: foreign })).rejects.toMatchObject({
      reason: 'adapter-mismatch',
    });
  });
});

test("rows begin as the text, repeated or cut, as tokens of the vocabulary, or at random with the vocabulary's spread", () => {
  const { embedding, width, meanSquare } = modelVocabulary(model);
  const ids = model.tokenizer.encode(author);
  const rowOf = (id: number): Float32Array => embedding.subarray(id * width, (id + 1) * width);
  const longer = begin('text', ids.length + 2);
  expect(longer.rows.slice(ids.length * width, (ids.length + 1) * width)).toEqual(rowOf(ids[0]).slice());
  expect(begin('text', 2).rows).toHaveLength(2 * width);
  const sampled = begin('vocabulary', 3);
  const known = new Set(Array.from({ length: model.engine.config.vocabularySize }, (_, id) => rowOf(id).join()));
  for (const row of [0, 1, 2]) expect(known).toContain(sampled.rows.slice(row * width, (row + 1) * width).join());
  const random = begin('random', 64);
  expect(random.text).toBe('');
  const square = random.rows.reduce((sum, value) => sum + value * value, 0) / 64;
  expect(square / meanSquare).toBeGreaterThan(0.9);
  expect(square / meanSquare).toBeLessThan(1.1);
});

test("norms are limited to the vocabulary's, and rows within the limit are unchanged", () => {
  const vocabulary = modelVocabulary(model);
  const inside = vocabulary.embedding.slice(5 * vocabulary.width, 6 * vocabulary.width);
  const rows = Float32Array.from([...inside, ...inside.map((value) => 100 * value), ...inside.map((value) => value / 100)]);
  holdNorms(rows, vocabulary);
  const norm = (row: number): number => Math.hypot(...rows.slice(row * vocabulary.width, (row + 1) * vocabulary.width));
  expect(rows.slice(0, vocabulary.width)).toEqual(inside);
  expect(norm(1)).toBeCloseTo(vocabulary.highest, 4);
  expect(norm(2)).toBeCloseTo(vocabulary.lowest, 4);
});

describe('training', () => {
  const examples = () =>
    ['cat', 'red', 'dog', 'blue'].map((word, i) => ({
      prompt: model.promptTokens(`${softMark}\n\nText: ${word}\nKind:`, begin()),
      answer: model.tokenizer.encode(labels[1 - (i % 2)]),
    }));
  const start = () => {
    const { config, pairs } = initialAdapter(model.engine.config, lora, 1);
    return makeAdapter(config, pairs, begin());
  };

  test('one pass changes both, each at its own rate. The loss decreases, and the initial adapter is unchanged', async () => {
    const from = start();
    const before = from.soft!.rows.slice();
    const training = trainAdapter(model.engine, from, { seed: 0, softPenalty: 1e-4 });
    const first = await training.step(examples(), 5e-3, 0.03);
    for (let i = 0; i < 15; i++) await training.step(examples(), 5e-3, 0.03);
    const last = await training.step(examples(), 5e-3, 0.03);
    expect(first.softGradientNorm).toBeGreaterThan(0);
    expect(last.loss).toBeLessThan(first.loss / 2);
    const tuned = training.adapter();
    expect(tuned.soft!.drift).toBeGreaterThan(0);
    expect(tuned.pairs[0].b.some((value) => value !== 0)).toBe(true);
    expect(from.soft!.rows).toEqual(before);
  });

  test('without its own rate the soft prompt is unchanged, and with a rate of zero the LoRA is unchanged', async () => {
    const still = trainAdapter(model.engine, start(), { seed: 0 });
    await still.step(examples(), 5e-3);
    expect(still.adapter().soft).toEqual(begin());
    const soft = trainAdapter(model.engine, start(), { seed: 0 });
    await soft.step(examples(), 0, 0.03);
    expect(withoutSoft(soft.adapter())!.pairs).toEqual(start().pairs);
    expect(soft.adapter().soft!.rows).not.toEqual(begin().rows);
  });

  test('the penalty on the drift pulls back', async () => {
    const drifts = [];
    for (const softPenalty of [0, 10]) {
      const training = trainAdapter(model.engine, start(), { seed: 0, softPenalty });
      for (let i = 0; i < 12; i++) await training.step(examples(), 0, 0.03);
      drifts.push(training.adapter().soft!.drift);
    }
    expect(drifts[1]).toBeLessThan(drifts[0] / 2);
  });
});

describe('back to text', () => {
  const words = (): readonly number[] => choicesAt(model.tokenizer, model.engine.config.vocabularySize, undefined)(0);

  test('rows that are tokens are projected to those tokens', async () => {
    const ids = words().slice(4, 9);
    const soft = initialSoftPrompt(modelVocabulary(model), { start: 'text', tokens: ids.length, text: '', ids, seed: 0 });
    const found = await projectSoftPrompt(model, soft, { reach: 1, fluency: 0, beam: 1, nearest: 4 });
    expect(found).toEqual({ text: model.tokenizer.decode(ids).trim(), tokensUsed: 0 });
  });

  test('in a text, whole words change to words and punctuation to punctuation, and words of several tokens and white space are unchanged', () => {
    const ids = model.tokenizer.encode('Say: colourful. Now');
    const choices = choicesAt(model.tokenizer, model.engine.config.vocabularySize, ids);
    const texts = ids.map((id) => model.tokenizer.decode([id]));
    const changeable = ids.map((_, place) => choices(place).length > 1);
    texts.forEach((text, place) => {
      expect(choices(place)).toContain(ids[place]);
      const goesOn = (at: number): boolean => at > 0 && at < ids.length && /^[\p{L}\p{N}]/u.test(texts[at]);
      if (text.trim() === '' || goesOn(place) || goesOn(place + 1)) expect(changeable[place], text).toBe(false);
      for (const other of choices(place)) expect(/\p{L}|\p{N}/u.test(model.tokenizer.decode([other]))).toBe(/\p{L}|\p{N}/u.test(text));
    });
    expect(changeable).toContain(true);
  });

  test('the more weight the language model has, the better the text reads', async () => {
    const soft = begin('random', 8);
    const texts = [];
    for (const fluency of [0, 5]) texts.push(await projectSoftPrompt(model, soft, { reach: 1, fluency, beam: 4, nearest: 12 }));
    const { fluency } = await fluencyOf(
      model,
      texts.map(({ text }) => text),
    );
    expect(fluency[1]).toBeGreaterThan(fluency[0]);
    expect(texts[1].tokensUsed).toBeGreaterThan(0);
  });

  test('reach extends the movement of the rows: half the way to another token becomes that token', async () => {
    const { embedding, width } = modelVocabulary(model);
    const [one, other] = words().filter((token) => model.tokenizer.encode(model.tokenizer.decode([token])).join() === String(token));
    const rows = Float32Array.from({ length: width }, (_, i) => 0.6 * embedding[one * width + i] + 0.4 * embedding[other * width + i]);
    const [from, to] = [one, other].map((token) => model.tokenizer.decode([token]));
    const soft = { tokens: 1, rows, text: from, drift: 0 };
    const read = async (reach: number) => (await projectSoftPrompt(model, soft, { reach, fluency: 0, beam: 1, nearest: 4 })).text;
    expect([await read(1), await read(2.5)]).toEqual([from.trim(), to.trim()]);
  });
});

describe('the words that it moved towards', () => {
  const words = ['colour', 'animal', 'shells', 'number'];
  const author = 'Say the sea. Choose';
  const authorSoft = (): SoftPrompt => {
    const ids = model.tokenizer.encode(author);
    return initialSoftPrompt(modelVocabulary(model), { start: 'text', tokens: ids.length, text: author, ids, seed: 1 });
  };
  /** The mean of a word's tokens, because it may have several. */
  const meanOf = (word: string): Float32Array => {
    const { embedding, width } = modelVocabulary(model);
    const ids = model.tokenizer.encode(` ${word}`);
    return Float32Array.from({ length: width }, (_, i) => ids.reduce((sum, id) => sum + embedding[id * width + i] / ids.length, 0));
  };

  test.each(words)(
    'are empty before a tuning, and %s comes first if all places moved there, with the whole word whose place moved furthest',
    (word) => {
      const { embedding, width, norms } = modelVocabulary(model);
      const soft = authorSoft();
      expect(wordsNear(model, soft, words, 5)).toEqual([]);
      const ids = model.tokenizer.encode(author);
      const wholes = ids.map((_, place) => wholeWordAt(model.tokenizer, ids, place));
      expect(wholes.filter((whole) => whole !== undefined)).toEqual(['the', 'sea']);
      const middle = Float32Array.from({ length: width }, (_, i) => {
        let sum = 0;
        for (let token = 0; token < norms.length; token++) sum += embedding[token * width + i] / norms.length;
        return sum;
      });
      const to = meanOf(word);
      const rows = soft.rows.map(
        (value, i) => value + (wholes[Math.floor(i / width)] === 'sea' ? 2 : 1) * (to[i % width] - middle[i % width]),
      );
      const [first, ...others] = wordsNear(model, { ...soft, rows }, [...words, word], 5);
      expect(first).toMatchObject({ word, instead: 'sea' });
      expect(others).toHaveLength(3);
      for (const { way } of others) expect(way).toBeLessThan(first.way);
      expect(wordsNear(model, { ...soft, rows }, words, 1)).toEqual([first]);
      // The last of them is as far away again.
      const away = soft.rows.map((value, i) => value - (to[i % width] - middle[i % width]));
      expect(wordsNear(model, { ...soft, rows: away }, words, 5).at(-1)).toMatchObject({ word });
    },
  );

  test('belong to no word of the text if it began without one', () => {
    const soft = { tokens: 1, rows: meanOf('animal'), text: '', drift: 0 };
    expect(wordsNear(model, soft, words, 1)).toEqual([{ word: 'animal', way: expect.any(Number) as number }]);
  });
});
