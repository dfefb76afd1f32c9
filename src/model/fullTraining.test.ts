/** @file Full-parameter training on the tiny model. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cp } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Executor } from '../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import { tensorFlowExecutor } from '../tensor/tensorflow.ts';
import { makeEngine } from './engine.ts';
import { saveWeights, trainWeights } from './fullTraining.ts';
import { loadModelFiles } from './files/modelFiles.ts';
import { batchGradient } from './training.ts';

const fixture = (name: string): string => new URL(`../../test/fixtures/${name}`, import.meta.url).pathname;

test.each(['tiny-tied', 'tiny-llama3'])(
  'training all weights of %s reduces the loss, and the saved model loads as the trained one',
  async (name) => {
    const files = await loadModelFiles(fixture(name));
    const engine = makeEngine(files.config, files.weights, onnxRuntimeExecutor({ threads: 1 }));
    const training = trainWeights(engine);
    const examples = [3, 4, 5, 6].map((first) => ({ prompt: [10, 11, first], answer: [first + 20, 7] }));
    const losses: number[] = [];
    for (let step = 0; step < 25; step++) losses.push((await training.step(examples, 3e-3)).loss);
    expect(losses[24]).toBeLessThan(losses[0] / 4);

    const directory = join(await mkdtemp(join(tmpdir(), 'tandem-')), 'trained');
    await saveWeights(directory, engine);
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) await cp(join(fixture(name), file), join(directory, file));
    const again = await loadModelFiles(directory);
    const trained = makeEngine(again.config, again.weights, onnxRuntimeExecutor({ threads: 1 }));
    const [ours, theirs] = [await batchGradient(engine, 'weights', examples, 0), await batchGradient(trained, 'weights', examples, 0)];
    expect(theirs.loss).toBe(ours.loss);
    await expect(saveWeights(directory, engine)).rejects.toThrow('already exists here');
  },
);

test('the other executor, which keeps copies of weights, learns the same', { tags: 'long' }, async () => {
  const examples = [3, 4, 5].map((first) => ({ prompt: [10, 11, first], answer: [first + 20, 7] }));
  const losses = async (executor: Executor): Promise<number[]> => {
    const files = await loadModelFiles(fixture('tiny-tied'));
    const training = trainWeights(makeEngine(files.config, files.weights, executor));
    const found: number[] = [];
    for (let step = 0; step < 6; step++) found.push((await training.step(examples, 3e-3)).loss);
    return found;
  };
  const ours = await losses(onnxRuntimeExecutor({ threads: 1 }));
  const theirs = await losses(await tensorFlowExecutor({ backend: 'wasm' }));
  expect(ours[5]).toBeLessThan(ours[0] - 0.5);
  theirs.forEach((loss, step) => expect(loss).toBeCloseTo(ours[step], 2));
});
