/**
 * @file The model on TensorFlow.js agrees with the model on ONNX Runtime: the same graphs, computed by independent libraries.
 * @module-tag long
 */
import { expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import type { Executor } from '../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import { tensorFlowExecutor } from '../tensor/tensorflow.ts';
import type { Adapter } from './adapter.ts';
import { adapterFeeds, makeEngine, stepGraph, variant, type Engine } from './engine.ts';
import { generate } from './generation.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { int32, packRows } from './packing.ts';
import { loadAdapter } from './files/peft.ts';
import { emptyPast, emptyPrefix, makePrefixCache } from './prefixCache.ts';
import { score } from './scoring.ts';
import { batchGradient, type BatchGradient, type Trainable, type TrainingExample } from './training.ts';

const fixture = (name: string): string => new URL(`../../test/fixtures/${name}`, import.meta.url).pathname;
const open = async (name: string, executor: Executor): Promise<Engine> => {
  const { config, weights } = await loadModelFiles(fixture(name));
  return makeEngine(config, weights, executor);
};
const wasm = tensorFlowExecutor({ backend: 'wasm' });
const onBoth = async (name: string): Promise<Engine[]> => [
  await open(name, onnxRuntimeExecutor({ threads: 1 })),
  await open(name, await wasm),
];

const rows = [[7, 8], [9], [7, 10, 11, 12], [40]];
const withHead = (head: readonly number[]): number[][] => rows.map((own) => [...head, ...own]);
const heads = { 'a shared prefix': [5, 9, 17, 33, 12, 80], 'no shared prefix': [] };

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name = ''): void {
  expect(actual.length, name).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i]) / scale, name).toBeLessThan(tolerance);
}

const families = ['tiny-qwen2', 'tiny-qwen3', 'tiny-mistral', 'tiny-biased'];

test.each(['tiny-tied', 'tiny-untied', 'tiny-llama3', ...families])('%s: logits', async (name) => {
  const adapter = await loadAdapter(fixture(`${name}/adapter`));
  const [expected, actual] = await Promise.all((await onBoth(name)).map((engine) => logitsOf(engine, adapter)));
  expectClose(actual, expected, 1e-3);
});

async function logitsOf(engine: Engine, adapter: Adapter): Promise<ArrayLike<number>> {
  const shape = { targets: adapter.config.targets, soft: false };
  const graph = await engine.graph(variant('step', shape), () => stepGraph(engine, shape));
  const packing = packRows(
    rows.map((tokens) => ({ tokens })),
    0,
  );
  const feeds = {
    ...engine.weights,
    ...adapterFeeds(engine.config, adapter),
    ...emptyPrefix(engine),
    ...emptyPast(engine, rows.length),
    ...packing.feeds,
  };
  return (await graph.run({ ...feeds, asked: int32(rows.flat().map((_, i) => i)) })).logits.data;
}

test.each(Object.entries(heads))('log-likelihoods with %s', async (_, head) => {
  const adapter = await loadAdapter(fixture('tiny-tied/adapter'));
  const asked = withHead(head).map((prompt) => ({ prompt, completions: [[20], [21, 22], [21, 23, 24], [20, 25]] }));
  for (const chosen of [undefined, adapter]) {
    const [expected, actual] = await Promise.all(
      (await onBoth('tiny-tied')).map((engine) => score(engine, makePrefixCache(engine), asked, chosen)),
    );
    const flat = (scores: typeof expected): number[] => scores.flat().map(({ logLikelihood }) => logLikelihood);
    expectClose(flat(actual), flat(expected), 1e-3);
  }
});

test('greedy text, which continues from a cache of its own tokens', async () => {
  const adapter = await loadAdapter(fixture('tiny-tied/adapter'));
  const { tokenizer } = await loadModelFiles(fixture('tiny-tied'));
  const options = { adapter, maxTokens: 8, temperature: 0, topP: 1, stop: [], seed: 1 };
  const write = (engine: Engine) => generate(engine, makePrefixCache(engine), tokenizer, withHead(heads['a shared prefix']), options);
  const [expected, actual] = await Promise.all((await onBoth('tiny-tied')).map(write));
  expect(actual).toEqual(expected);
});

test.each(Object.entries(heads))('LoRA gradients with %s', async (_, head) => {
  const adapter = await loadAdapter(fixture('tiny-tied/adapter'));
  await expectSameGradients('tiny-tied', adapter, head);
});

test.each(families)('%s: LoRA gradients with a shared prefix, longer than the windows', async (name) => {
  const adapter = await loadAdapter(fixture(`${name}/adapter`));
  await expectSameGradients(name, adapter, [...heads['a shared prefix'], 81, 82, 83, 84, 85, 86, 87, 88]);
});

test('LoRA gradients with dropout', async () => {
  const { config, pairs } = await loadAdapter(fixture('tiny-tied/adapter'));
  await expectSameGradients('tiny-tied', { config: { ...config, dropout: 0.2 }, pairs }, heads['a shared prefix']);
});

/** Three virtual tokens, in the shared prefix and again in one row's own tokens. */
test('gradients of a soft prompt and of the LoRA beside it, through the shared prefix', async () => {
  const adapter = await loadAdapter(fixture('tiny-tied/adapter'));
  const { config } = await loadModelFiles(fixture('tiny-tied'));
  const random = randomStream('soft rows');
  const rows = Float32Array.from({ length: 3 * config.hiddenSize }, () => 0.1 * random.normal());
  const trainable = { ...adapter, soft: { tokens: 3, rows, text: '', drift: 0 } };
  const virtual = [0, 1, 2].map((i) => config.vocabularySize + i);
  const gradients = await expectSameGradients('tiny-tied', trainable, [5, ...virtual, 12, 80]);
  expect(gradients.get('soft')).toHaveLength(3 * config.hiddenSize);
  expect([...gradients.keys()].filter((name) => name !== 'soft')).toHaveLength(2 * adapter.pairs.length);
  await expectSameGradients('tiny-tied', trainable, [], virtual);
});

test.each(['tiny-tied', 'tiny-untied', ...families])('%s: gradients of all weights', async (name) => {
  await expectSameGradients(name, 'weights', [...heads['a shared prefix'], 81, 82, 83, 84, 85, 86, 87, 88]);
});

async function expectSameGradients(
  name: string,
  trainable: Trainable,
  head: readonly number[],
  own: readonly number[] = [],
): Promise<BatchGradient['gradients']> {
  const examples: TrainingExample[] = withHead(head).map((prompt, i) => ({
    prompt: i === 1 ? [...prompt, ...own, 8] : prompt,
    answer: [20, 21, 22].slice(i % 3),
  }));
  const [expected, actual] = await Promise.all((await onBoth(name)).map((engine) => batchGradient(engine, trainable, examples, 7)));
  expectClose([actual.loss], [expected.loss], 1e-4);
  expect([...actual.gradients.keys()]).toEqual([...expected.gradients.keys()]);
  for (const [parameter, gradient] of expected.gradients) expectClose(actual.gradients.get(parameter) ?? [], gradient, 1e-3, parameter);
  return expected.gradients;
}
