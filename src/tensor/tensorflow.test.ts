/** @file What TensorFlow.js must do besides computing: free memory, keep frozen weights, report errors. ops.test.ts checks its results. */
import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Executor, TensorValue } from './executor.ts';
import { constant, input, sumOf } from './graph.ts';
import { onnxRuntimeExecutor } from './onnxruntime.ts';
import { softmax } from './neuralOps.ts';
import { add, gatherRows, matMul, mul } from './ops.ts';
import { tensorFlowExecutor } from './tensorflow.ts';

const reals = (values: readonly number[], shape: readonly number[] = [values.length]): TensorValue => ({
  shape,
  data: Float32Array.from(values),
});
const int32 = (...values: number[]): TensorValue => ({ shape: [values.length], data: Int32Array.from(values) });

const weight = input('weight', [3, 3]);
const logits = matMul(gatherRows(weight, input('ids', ['T'], 'int32')), weight, { transB: true });
const outputs = { logits, doubled: mul(softmax(logits), constant(2)) };
const identity = (): TensorValue => reals([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);

describe.each(['cpu', 'wasm'] as const)('%s', (backend) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await tensorFlowExecutor({ backend });
  });

  test('memory does not grow between runs and is freed at the end', async () => {
    const start = memory().numTensors;
    const executable = await executor.compile(outputs);
    const feeds = { weight: identity() };
    const held: number[] = [];
    for (let i = 0; i < 5; i++) {
      await executable.run({ ...feeds, ids: int32(0, 2) });
      held.push(memory().numTensors - start);
    }
    // The weight stays on the backend from its second run on; ids are new each time.
    expect(held).toEqual([0, 1, 1, 1, 1]);
    await executable.dispose();
    expect(memory().numTensors).toBe(start);
  });

  test('weights that are no longer fed are freed after some runs', async () => {
    const executable = await executor.compile(outputs);
    const start = memory().numTensors;
    for (const feed of [identity(), identity()]) for (let i = 0; i < 20; i++) await executable.run({ weight: feed, ids: int32(1) });
    expect(memory().numTensors - start).toBe(1);
    await executable.dispose();
  });

  test('a run that fails frees its tensors', async () => {
    const executable = await executor.compile(outputs);
    const start = memory().numTensors;
    await expect(executable.run({ weight: identity(), ids: int32(0, 7) })).rejects.toThrow('7');
    expect(memory().numTensors).toBe(start);
    const { doubled } = await executable.run({ weight: identity(), ids: int32(2) });
    expect(doubled.data[2]).toBeCloseTo((2 * Math.E) / (Math.E + 2), 5);
    await executable.dispose();
  });

  test('results are copies: changing one does not change a feed', async () => {
    const executable = await executor.compile({ same: weight });
    const fed = identity();
    const { same } = await executable.run({ weight: fed });
    same.data[0] = 5;
    expect(fed.data[0]).toBe(1);
    await executable.dispose();
  });
});

test('other work can run during a long run', async () => {
  const size = 100;
  let x = input('x', [size, size]);
  for (let i = 0; i < 60; i++) x = matMul(x, x, { alpha: 1 / size });
  const executable = await (await tensorFlowExecutor({ backend: 'cpu' })).compile({ x });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await executable.run({ x: reals(Array<number>(size * size).fill(1), [size, size]) });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(0);
});

test('executors with different backends can run at the same time', async () => {
  const executors = await Promise.all((['cpu', 'wasm', 'cpu'] as const).map((backend) => tensorFlowExecutor({ backend })));
  const executables = await Promise.all(executors.map((executor) => executor.compile(outputs)));
  const runs = await Promise.all(executables.flatMap((one) => [0, 1, 2].map((id) => one.run({ weight: identity(), ids: int32(id) }))));
  runs.forEach(({ logits }, i) => expect([...logits.data]).toEqual([0, 1, 2].map((id) => (id === i % 3 ? 1 : 0))));
});

test('the default is the first backend that this machine has', async () => {
  expect((await tensorFlowExecutor()).name).toMatch(/^tensorflow-(node|wasm)$/);
});

test('a backend that is not installed is an error that says what to install', async () => {
  const found: unknown = await import(['@tensorflow', 'tfjs-node'].join('/')).catch(() => undefined);
  if (!found) await expect(tensorFlowExecutor({ backend: 'node' })).rejects.toMatchObject({ reason: 'missing-backend', hint: /Install/ });
});

test('loading a backend adds no handlers for unhandled rejections to the process', async () => {
  await tensorFlowExecutor({ backend: 'wasm' });
  expect(process.listeners('unhandledRejection').map(String).join()).not.toContain('throw reason');
});

test('errors say what is wrong with a feed', async () => {
  const graph = { sum: add(input('x', ['P', 'T']), input('y', [sumOf(['P', 'T']), 1, 1])) };
  const executable = await (await tensorFlowExecutor({ backend: 'cpu' })).compile(graph);
  const run = (feeds: Record<string, TensorValue>): ReturnType<typeof executable.run> => executable.run(feeds);
  const x = reals([1, 2], [2, 1]);
  await expect(run({ x })).rejects.toMatchObject({ reason: 'missing-feed', message: /input y/ });
  await expect(run({ x, y: reals([1]) })).rejects.toMatchObject({
    reason: 'shape',
    message: 'the input y is [P+T, 1, 1]; it was fed as [1]',
  });
  await expect(run({ x, y: reals([1, 2], [2, 1, 1]) })).rejects.toMatchObject({ reason: 'shape' });
  expect((await run({ x, y: reals([1, 2, 3], [3, 1, 1]) })).sum.shape).toEqual([3, 2, 1]);
  const other = await onnxRuntimeExecutor().compile(graph);
  await expect(other.run({ x })).rejects.toMatchObject({ reason: 'missing-feed', message: /input y/ });
});
