/** @file Generation on the tiny model: greedy and sampled, alone and in a batch. */
import { beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import { stepGraph, type Engine } from './engine.ts';
import { generate, sample } from './generation.ts';
import type { GenerateOptions } from './languageModel.ts';
import { makeLocalModel, type LocalModel } from './localModel.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { int32, packRows } from './packing.ts';
import { emptyPast, emptyPrefix, makePrefixCache } from './prefixCache.ts';

let model: LocalModel;
beforeAll(async () => {
  const files = await loadModelFiles(new URL('../../test/fixtures/tiny-tied', import.meta.url).pathname);
  model = makeLocalModel(files, onnxRuntimeExecutor({ threads: 1 }));
});

const greedy: GenerateOptions = { maxTokens: 12, temperature: 0, topP: 1, stop: [], seed: 0 };
const head = 'The question is about ';
const prompts = ['a person', 'the small house by the river', 'sea shells, sea shells and 12 dollars', 'x', 'a person'].map(
  (end) => head + end,
);

/** The most likely next token after a whole sequence, computed without a cache. */
async function nextToken(engine: Engine, tokens: readonly number[]): Promise<number> {
  const step = await engine.graph('step:base', () => stepGraph(engine, { soft: false }));
  const { logits } = await step.run({
    ...engine.weights,
    ...emptyPrefix(engine),
    ...emptyPast(engine, 1),
    ...packRows([{ tokens }], 0).feeds,
    asked: int32([tokens.length - 1]),
  });
  return logits.data.indexOf(Math.max(...logits.data));
}

describe('greedy', () => {
  test('writing token by token with a cache equals a full pass for every token', async () => {
    const asked = prompts.map((prompt) => model.promptTokens(prompt));
    const written = await generate(model.engine, makePrefixCache(model.engine), model.tokenizer, asked, greedy);
    for (const [row, prompt] of prompts.entries()) {
      const tokens = model.promptTokens(prompt);
      const expected: number[] = [];
      while (expected.length < greedy.maxTokens) {
        const token = await nextToken(model.engine, [...tokens, ...expected]);
        if (model.tokenizer.endTokens.includes(token)) break;
        expected.push(token);
      }
      expect(written[row].tokens, prompt).toEqual(expected);
      expect(written[row].text).toBe(model.tokenizer.decode(expected, { skipSpecial: true }));
    }
  });

  test('the text of a single prompt is reported token by token, the texts of several are not', async () => {
    const heard: string[] = [];
    const onText = (text: string): void => void heard.push(text);
    const [{ text, tokens }] = await model.generate([prompts[0]], { ...greedy, onText });
    expect(heard).toHaveLength(tokens);
    expect(heard.at(-1)).toBe(text);
    await model.generate(prompts, { ...greedy, onText });
    expect(heard).toHaveLength(tokens);
  });

  test('rows of different lengths in one call give what each gives alone', async () => {
    const together = await model.generate(prompts, greedy);
    for (const [row, prompt] of prompts.entries()) expect(await model.generate([prompt], greedy)).toEqual([together[row]]);
  });

  test('text ends before the first stop string, and the result says that it stopped', async () => {
    const [{ text }] = await model.generate([prompts[1]], greedy);
    const [early, late] = [text.slice(3, 5), text.slice(6, 9)];
    const [stopped] = await model.generate([prompts[1]], { ...greedy, stop: [late, 'never', early] });
    expect(stopped).toMatchObject({ text: text.slice(0, Math.min(text.indexOf(early), text.indexOf(late))), finish: 'stop' });
    expect(stopped.tokens).toBeLessThan(greedy.maxTokens);
  });

  test('a row that stops early does not change the others', async () => {
    const [first, second] = await model.generate(prompts.slice(1, 3), greedy);
    const stop = [first.text.slice(1, 3)];
    const alone = await model.generate([prompts[2]], { ...greedy, stop });
    expect(second.text).not.toContain(stop[0]);
    expect((await model.generate(prompts.slice(1, 3), { ...greedy, stop }))[1]).toEqual(alone[0]);
  });

  test('a row ends when the model has no more positions', async () => {
    const long = 'x '.repeat(125);
    const { maxPositions } = model.engine.config;
    const [{ tokens, finish }, short] = await model.generate([long, 'x '], greedy);
    expect([model.promptTokens(long).length + tokens, finish]).toEqual([maxPositions, 'context']);
    expect(short.tokens).toBe(12);
  });

  test('no tokens requested, none written', async () => {
    expect(await model.generate([head], { ...greedy, maxTokens: 0 })).toEqual([{ text: '', tokens: 0, finish: 'length' }]);
  });
});

describe('sampling', () => {
  const warm = { ...greedy, temperature: 1 };

  test('the same seed writes the same, another seed something else', async () => {
    const first = await model.generate(prompts, warm);
    expect(await model.generate(prompts, warm)).toEqual(first);
    expect(await model.generate(prompts, { ...warm, seed: 1 })).not.toEqual(first);
  });

  test("a row's text does not depend on its neighbours in the call, and copies of a prompt differ", async () => {
    const together = await model.generate(prompts, warm);
    for (const row of [0, 1, 2, 3]) expect(await model.generate([prompts[row]], warm)).toEqual([together[row]]);
    expect(together[4]).not.toEqual(together[0]);
  });

  const logits = Float32Array.of(2, -1, 1, 0.5, -30);
  /** Shares of the tokens among many draws. */
  function shares(options: { temperature: number; topP: number }, draws = 20_000): number[] {
    const random = randomStream('sampling test');
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < draws; i++) counts[sample(logits, options, random)]++;
    return counts.map((count) => count / draws);
  }
  function softmax(values: readonly number[]): number[] {
    const weights = values.map(Math.exp);
    return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
  }

  test.each([0.5, 1, 2])('tokens are as frequent as the softmax at temperature %d', (temperature) => {
    const expected = softmax([...logits].map((logit) => logit / temperature));
    // Three standard errors of a share among 20,000 draws are at most 0.0106.
    shares({ temperature, topP: 1 }).forEach((share, i) => expect(Math.abs(share - expected[i])).toBeLessThan(0.0106));
  });

  test('top-p keeps the fewest tokens that reach it, in their own proportions', () => {
    // Probabilities 0.606, 0.223, 0.135, 0.030: 0.7 needs the first two.
    const found = shares({ temperature: 1, topP: 0.7 });
    const [a, b] = softmax([2, 1]);
    expect(found.filter((share) => share > 0)).toHaveLength(2);
    expect(Math.abs(found[0] - a)).toBeLessThan(0.0106);
    expect(Math.abs(found[2] - b)).toBeLessThan(0.0106);
  });

  test('top-p of zero is greedy', () => {
    expect(shares({ temperature: 1, topP: 0 }, 100)).toEqual([1, 0, 0, 0, 0]);
  });
});
