/** @file Every op: ONNX Runtime and TensorFlow.js agree, and gradients agree with central differences. */
import { expect, describe, test } from 'vitest';
import { randomStream, type Random } from '../random.ts';
import type { Executor, TensorValue } from './executor.ts';
import { gradients } from './gradients.ts';
import { allOps, input, product, sumOf, topological, type Dim, type DType, type Node, type Shape } from './graph.ts';
import { onnxRuntimeExecutor } from './onnxruntime.ts';
import * as ops from './ops.ts';
import { tensorFlowExecutor } from './tensorflow.ts';

const { add, cast, concat, crossEntropy, expand, gatherRows, logSoftmax, matMul, mul, oneHot, padRows, padTo, reshape } = ops;
const { rmsNorm, rope, scatterAddRows, slice, softmax, stopGradient, sub, sum, transpose, unpadRows, where } = ops;

type Sizes = Readonly<Record<string, number>>;
interface Leaf {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly trained: boolean;
  readonly draw: (random: Random, size: (dim: Dim) => number, at: number) => number;
}
const leaf =
  (dtype: DType, trained: boolean, draw: Leaf['draw']) =>
  (shape: Shape): Leaf => ({ shape, dtype, trained, draw });
const real = (...shape: Shape): Leaf => leaf('float32', true, (random) => random.normal())(shape);
const positive = (...shape: Shape): Leaf => leaf('float32', true, (random) => 1 + random.uniform())(shape);
const frozen = (...shape: Shape): Leaf => leaf('float32', false, (random) => random.normal())(shape);
const index = (below: Dim, ...shape: Shape): Leaf => leaf('int32', false, (random, size) => random.integer(size(below)))(shape);
const given = (values: readonly number[], ...shape: Shape): Leaf => leaf('int32', false, (_random, _size, at) => values[at])(shape);

const covered = new Set<string>();
const executors: readonly (Executor | Promise<Executor>)[] = [
  onnxRuntimeExecutor({ threads: 1 }),
  tensorFlowExecutor({ backend: 'cpu' }),
  tensorFlowExecutor({ backend: 'wasm' }),
];

/**
 * The result of `build`, and the gradients of a random weighted sum of it, agree between the executors to 1e-4 and with central differences
 * to 2e-3, under all the given sizes of the symbols through one compiled graph.
 */
function check<L extends Readonly<Record<string, Leaf>>>(
  name: string,
  leaves: L,
  build: (x: Readonly<Record<keyof L, Node>>) => Node,
  sizes: readonly Sizes[] = [{}],
): void {
  const inputs = Object.fromEntries(Object.entries(leaves).map(([key, { shape, dtype }]) => [key, input(key, shape, dtype)])) as Record<
    keyof L,
    Node
  >;
  const built = build(inputs);
  for (const node of topological([built])) covered.add(node.op.name);
  test(name, async () => {
    const result = built.dtype === 'float32' ? built : cast(built, 'float32');
    const weights = frozen(...result.shape);
    const loss = sum(mul(result, input('weights', weights.shape)));
    const trained = Object.keys(leaves).filter((key) => leaves[key].trained);
    const adjoints = gradients(
      loss,
      trained.map((key) => inputs[key]),
    );
    const outputs = { result, loss, ...Object.fromEntries(trained.map((key, i) => [`d${key}`, adjoints[i]])) };
    const [reference, ...others] = await Promise.all(executors.map(async (executor) => (await executor).compile(outputs)));
    for (const size of sizes) {
      const feeds = draw({ ...leaves, weights }, size, randomStream(name, JSON.stringify(size)));
      const results = await reference.run(feeds);
      for (const other of others) expectClose(await other.run(feeds), results, 1e-4);
      for (const key of trained) {
        const numeric = await differences(async (fed) => dot((await reference.run(fed)).result, feeds.weights), feeds, key);
        expectClose({ [`d${key}`]: results[`d${key}`] }, { [`d${key}`]: numeric }, 2e-3);
      }
    }
    for (const executable of [reference, ...others]) await executable.dispose();
  });
}

function draw(leaves: Readonly<Record<string, Leaf>>, sizes: Sizes, random: Random): Record<string, TensorValue> {
  const size = (dim: Dim): number =>
    String(dim)
      .split('+')
      .reduce((total, term) => total + term.split('*').reduce((factor, part) => factor * (sizes[part] ?? Number(part)), 1), 0);
  return Object.fromEntries(
    Object.entries(leaves).map(([key, { shape, dtype, draw }]) => {
      const actual = shape.map(size);
      const values = Array.from({ length: actual.reduce((a, b) => a * b, 1) }, (_, at) => draw(random, size, at));
      return [key, { shape: actual, data: dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values) }];
    }),
  );
}

/** d f / d feeds[key] by central differences. */
async function differences(
  f: (feeds: Record<string, TensorValue>) => Promise<number>,
  feeds: Record<string, TensorValue>,
  key: string,
): Promise<TensorValue> {
  const { shape, data } = feeds[key];
  const slopes = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [below, above] = [-0.01, 0.01].map((step) => data.with(i, data[i] + step) as Float32Array);
    const rise = (await f({ ...feeds, [key]: { shape, data: above } })) - (await f({ ...feeds, [key]: { shape, data: below } }));
    slopes[i] = rise / (above[i] - below[i]);
  }
  return { shape, data: slopes };
}

const dot = (a: TensorValue, b: TensorValue): number => a.data.reduce((total: number, value, i) => total + value * b.data[i], 0);

function expectClose(actual: Record<string, TensorValue>, expected: Record<string, TensorValue>, tolerance: number): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name].shape, name).toEqual(shape);
    const scale = data.reduce((largest: number, value) => Math.max(largest, Math.abs(value)), 1);
    for (let i = 0; i < data.length; i++) {
      const off = Math.abs(actual[name].data[i] - data[i]);
      if (!(off <= tolerance * scale)) expect.fail(`${name}[${i}] is ${actual[name].data[i]}, not ${data[i]}`);
    }
  }
}

const two = [{ N: 3 }, { N: 1 }];
const prefixes = [
  { P: 2, T: 3 },
  { P: 0, T: 2 },
  { P: 3, T: 1 },
];

describe('elementwise', () => {
  for (const name of ['add', 'sub', 'mul', 'div'] as const) {
    const op = ops[name];
    check(`${name}, same shapes`, { x: real(2, 3), y: positive(2, 3) }, ({ x, y }) => op(x, y));
    check(`${name}, both sides broadcast`, { x: real(2, 1, 3), y: positive(4, 1) }, ({ x, y }) => op(x, y));
    check(`${name}, scalars`, { x: real('N'), y: positive() }, ({ x, y }) => op(op(x, 2), y), [...two, { N: 0 }]);
    check(`${name}, symbolic sizes`, { x: real('N', 3), y: positive('N', 1) }, ({ x, y }) => op(x, y), [...two, { N: 0 }]);
  }
  for (const name of ['less', 'lessOrEqual', 'equal'] as const) {
    check(name, { x: index(3, 4, 1), y: index(3, 5) }, ({ x, y }) => ops[name](x, y));
    check(`${name}, reals`, { x: frozen(4, 3), y: frozen(3) }, ({ x, y }) => ops[name](x, y));
  }
  check('where', { a: index(4, 'N', 1), b: index(4, 3), x: real('N', 3), y: real() }, ({ a, b, x, y }) => where(ops.less(a, b), x, y), two);
  for (const name of ['neg', 'exp', 'sigmoid', 'tanh', 'silu'] as const)
    check(name, { x: real('N', 4) }, ({ x }) => ops[name](x), [{ N: 2 }, { N: 0 }]);
  for (const name of ['log', 'sqrt', 'reciprocal'] as const) check(name, { x: positive(2, 3) }, ({ x }) => ops[name](x));
  check('floor', { x: frozen(2, 5) }, ({ x }) => ops.floor([x], {}));
  check('stopGradient', { x: frozen(3) }, ({ x }) => stopGradient([x], {}));
  check('cast', { x: frozen(2, 5), i: index(3, 5) }, ({ x, i }) =>
    add(
      add(cast(cast(mul(x, 3), 'int32'), 'float32'), cast(cast(x, 'bool'), 'float32')),
      mul(cast(cast(cast(i, 'bool'), 'int32'), 'float32'), 2),
    ),
  );
});

describe('shape', () => {
  check('sum of all', { x: real('N', 3) }, ({ x }) => sum(x), [...two, { N: 0 }]);
  check('sum of a scalar', { x: real() }, ({ x }) => sum(x));
  check('sum over no axis', { x: real(2, 3) }, ({ x }) => sum(x, []));
  check('sum over some axes', { x: real(2, 'N', 3) }, ({ x }) => sum(x, [0, -1]), [...two, { N: 0 }]);
  check('sum, axes kept', { x: real(2, 'N', 3) }, ({ x }) => mul(x, sum(x, [1], true)), [...two, { N: 0 }]);
  check('expand', { x: real(3, 1) }, ({ x }) => expand(x, [2, 3, 'N']), [{ N: 2 }]);
});
