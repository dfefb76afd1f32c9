/** @file Every op: ONNX Runtime and TensorFlow.js agree, and gradients agree with central differences. */
import { expect, describe, test } from 'vitest';
import { randomStream, type Random } from '../random.ts';
import type { Executor, TensorValue } from './executor.ts';
import { gradients } from './gradients.ts';
import { allOps, constant, input, product, sumOf, topological, type Dim, type DType, type Node, type Shape } from './graph.ts';
import { dequantize, matMulBlocks } from './blockOps.ts';
import { onnxRuntimeExecutor } from './onnxruntime.ts';
import * as neural from './neuralOps.ts';
import * as basic from './ops.ts';
import { tensorFlowExecutor } from './tensorflow.ts';

const ops = { ...basic, ...neural };
const { add, cast, concat, crossEntropy, expand, gatherRows, logSoftmax, matMul, mul, oneHot, padRows, padTo, reshape } = ops;
const { rmsNorm, rope, scatterAddRows, slice, softmax, stopGradient, sum, transpose, unpadRows, where } = ops;

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
const small = (...shape: Shape): Leaf => leaf('int8', false, (random) => random.integer(255) - 127)(shape);
const given = (values: readonly number[], ...shape: Shape): Leaf => leaf('int32', false, (_random, _size, at) => values[at])(shape);

const covered = new Set<string>();
const executors: readonly (Executor | Promise<Executor>)[] = [
  onnxRuntimeExecutor({ threads: 1 }),
  tensorFlowExecutor({ backend: 'cpu' }),
  tensorFlowExecutor({ backend: 'wasm' }),
];

/**
 * Checks the result of `build` and the gradients of a random weighted sum of it. The executors must agree to 1e-4, and gradients must agree
 * with central differences to 2e-3. One compiled graph is used for all the given sizes of the symbols.
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
    // The inputs are outputs too, so that inputs which only determine a size are also fed.
    const fed = Object.entries(inputs).map(([key, node]) => [`fed ${key}`, node]);
    const found = trained.map((key, i) => [`d${key}`, adjoints[i]]);
    const outputs = { result, loss, ...(Object.fromEntries([...fed, ...found]) as Record<string, Node>) };
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

const arrays: Readonly<Record<DType, (values: readonly number[]) => TensorValue['data']>> = {
  float32: (values) => Float32Array.from(values),
  int32: (values) => Int32Array.from(values),
  int8: (values) => Int8Array.from(values),
  bool: (values) => Int32Array.from(values),
};

function draw(leaves: Readonly<Record<string, Leaf>>, sizes: Sizes, random: Random): Record<string, TensorValue> {
  const size = (dim: Dim): number =>
    String(dim)
      .split('+')
      .reduce((total, term) => total + term.split('*').reduce((factor, part) => factor * (sizes[part] ?? Number(part)), 1), 0);
  return Object.fromEntries(
    Object.entries(leaves).map(([key, { shape, dtype, draw }]) => {
      const actual = shape.map(size);
      const values = Array.from({ length: actual.reduce((a, b) => a * b, 1) }, (_, at) => draw(random, size, at));
      return [key, { shape: actual, data: arrays[dtype](values) }];
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

const dot = (a: TensorValue, b: TensorValue): number => Array.from(a.data).reduce((total, value, i) => total + value * b.data[i], 0);

function expectClose(actual: Record<string, TensorValue>, expected: Record<string, TensorValue>, tolerance: number): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name].shape, name).toEqual(shape);
    const scale = Math.max(1, ...Array.from(data, Math.abs));
    for (let i = 0; i < data.length; i++) {
      const off = Math.abs(actual[name].data[i] - data[i]);
      if (!(off <= tolerance * scale)) expect.fail(`${name}[${i}] is ${actual[name].data[i]}, not ${data[i]}`);
    }
  }
}

const total = sumOf(['P', 'T']);
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
  check('expand', { x: real(3, 1), n: index(9, 'N') }, ({ x }) => expand(x, [2, 3, 'N']), [...two, { N: 0 }]);
  const several = [
    { N: 2, L: 3 },
    { N: 3, L: 1 },
    { N: 2, L: 0 },
  ];
  check('reshape', { x: real('N', 'L', 6) }, ({ x }) => mul(reshape(x, [product(['N', 'L']), 6]), 2), several);
  check('reshape, several symbols', { x: real('N', 'L', 6) }, ({ x }) => mul(reshape(x, ['N', 2, 'L', 3]), 2), several);
  check(
    'reshape, a sum of sizes',
    { x: real(total, 2), p: index(1, 'P'), t: index(1, 'T') },
    ({ x }) => mul(reshape(x, [total, 1, 2]), 2),
    prefixes,
  );
  for (const order of [
    [1, 0],
    [2, 0, 1],
    [2, 0, 3, 1],
    [2, 0, 3, 1, 4],
    [4, 3, 2, 1, 0],
    [5, 0, 2, 4, 3, 1],
  ]) {
    const shape = ['N', 2, 3, 1, 2, 2].slice(0, order.length);
    check(`transpose ${order.join()}`, { x: real(...shape) }, ({ x }) => mul(transpose(x, order), 2), [...two, { N: 0 }]);
  }
  check('concat', { x: real(2, 'P', 2), y: real(2, 'T', 2) }, ({ x, y }) => concat([x, y, x], 1), prefixes);
  check('concat of nothing', { x: real('P', 2), y: real('P', 2) }, ({ x, y }) => concat([x, y], 0), [{ P: 0 }]);
  check('slice', { x: real(total, 2), p: index(1, 'P'), t: index(1, 'T') }, ({ x }) => slice(x, 0, 'P', total), prefixes);
  check('slice of a middle axis', { x: real(2, 5, 3) }, ({ x }) => mul(slice(x, 1, 1, 4), 2));
  check('slices that overlap', { x: real(2, 5) }, ({ x }) => mul(slice(x, 1, 0, 3), slice(x, 1, 2, 5)));
  check('slices that tile', { x: real(total, 2), p: real('P', 2), t: index(1, 'T') }, ({ x, p }) => tiled(x, p), prefixes);
  check('slices that tile and share an adjoint', { x: real(4, 2) }, ({ x }) => add(slice(x, 0, 0, 2), slice(x, 0, 2, 4)));
  check('slices that tile, and the whole', { x: real(2, 4) }, ({ x }) =>
    mul(concat([slice(x, 1, 3, 4), slice(x, 1, 0, 1), slice(x, 1, 1, 3)], 1), x),
  );
  check('padTo', { x: real(2, 'T', 1, 2), p: index(1, 'P') }, ({ x }) => mul(padTo(x, 1, 'P', total, sumOf(['P', 'P', 'T'])), 2), prefixes);

  test('slices that tile an axis are joined, not padded', () => {
    const [x, p] = [input('x', [total, 2]), input('p', ['P', 2])];
    const [dx] = gradients(sum(tiled(x, p)), [x]);
    expect(topological([dx]).map((node) => node.op.name)).not.toContain('PadTo');
  });
  /** [2 P ; T], where each part is computed differently from the two parts of x. */
  function tiled(x: Node, p: Node): Node {
    return concat([mul(slice(x, 0, 0, 'P'), p), ops.tanh(slice(x, 0, 'P', total)), p], 0);
  }
});

describe('indexing', () => {
  const emptyToo = [
    { M: 4, N: 3 },
    { M: 1, N: 5 },
    { M: 0, N: 3 },
  ];
  check('gatherRows', { x: real('N', 2, 2), i: index('N', 'M') }, ({ x, i }) => mul(gatherRows(x, i), 2), emptyToo);
  check('gatherRows by a matrix', { x: real(5, 2), i: index(5, 'M', 'N') }, ({ x, i }) => gatherRows(x, i), emptyToo);
  check('gatherRows from a vector', { x: real('N'), i: index('N', 'M') }, ({ x, i }) => gatherRows(x, i), emptyToo);
  check('gatherRows, one', { x: real('N', 2), i: index('N') }, ({ x, i }) => gatherRows(x, i), two);
  check(
    'scatterAddRows',
    { x: real('M', 2), i: index('N', 'M'), n: index(1, 'N') },
    ({ x, i }) => mul(scatterAddRows(x, i, 'N'), 2),
    emptyToo,
  );
  check('scatterAddRows by a matrix', { x: real(2, 'M', 3), i: index(4, 2, 'M') }, ({ x, i }) => scatterAddRows(x, i, 4), emptyToo);
  check('scatterAddRows of scalars', { x: real('M'), i: index(4, 'M') }, ({ x, i }) => scatterAddRows(x, i, 4), emptyToo);

  const packed = [
    { T: 4, N: 2, L: 3 },
    { T: 0, N: 0, L: 0 },
  ];
  const places = { rowIndex: given([0, 1, 2, 3, -1, -1], 'N', 'L'), packIndex: given([0, 1, 2, 3], 'T') };
  check(
    'padRows',
    { x: real('T', 2), ...places },
    ({ x, rowIndex, packIndex }) => {
      const held = cast(ops.lessOrEqual(constant(0, [], 'int32'), rowIndex), 'float32');
      return mul(padRows(x, rowIndex, packIndex), reshape(held, ['N', 'L', 1]));
    },
    packed,
  );
  const flat = product(['N', 'L']);
  const unpad = (x: Node, { rowIndex, packIndex }: Record<keyof typeof places, Node>): Node =>
    unpadRows(x, packIndex, reshape(rowIndex, [flat]));
  check('unpadRows', { x: real(flat, 2), ...places }, ({ x, ...at }) => unpad(x, at), packed);
  check('unpadRows of scalars', { x: real(flat), ...places }, ({ x, ...at }) => unpad(x, at), packed);
  check(
    'unpadRows after padRows',
    { x: real('T', 2), ...places },
    ({ x, ...at }) => mul(unpad(ops.exp(reshape(padRows(x, at.rowIndex, at.packIndex), [flat, 2])), at), x),
    packed,
  );
});

describe('linear algebra', () => {
  const sizes = [
    { M: 2, K: 3, N: 4 },
    { M: 1, K: 5, N: 2 },
    { M: 3, K: 0, N: 2 },
    { M: 0, K: 2, N: 1 },
  ];
  const batches: Record<string, readonly [Shape, Shape]> = {
    matrices: [[], []],
    'a batch': [[2], [2]],
    'a broadcast batch': [[1], [3]],
    'a batch broadcast on both sides': [
      [2, 1],
      [1, 2],
    ],
    'many in a batch': [
      [3, 4],
      [3, 4],
    ],
  };
  for (const [name, [batchA, batchB]] of Object.entries(batches)) {
    for (const [transA, transB] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const a = real(...batchA, ...(transA ? ['K', 'M'] : ['M', 'K']));
      const b = real(...batchB, ...(transB ? ['N', 'K'] : ['K', 'N']));
      const kind = `${transA ? 'T' : 'N'}${transB ? 'T' : 'N'}`;
      check(
        `matMul ${kind}, ${name}`,
        { a, b },
        (x) => matMul(x.a, x.b, { transA, transB, alpha: 0.5 }),
        name === 'many in a batch' ? sizes.slice(0, 1) : sizes,
      );
    }
  }
  check('matMul with a large right side', { a: real(2, 3), b: real(40, 3) }, ({ a, b }) => matMul(a, b, { transB: true }));

  const sums: Record<string, (m: Node, c: Node) => Node> = {
    'product + c': (m, c) => add(m, c),
    'c + product': (m, c) => add(c, m),
    'product + product': (m, c) => add(m, mul(m, c)),
    'product + itself': (m, c) => mul(add(m, m), c),
    'a product used twice': (m, c) => mul(add(m, c), m),
    'product + a row': (m, c) => add(m, sum(c, [0])),
    'a row + product': (m, c) => add(sum(c, [0], true), m),
    'product + a stack': (m, c) => add(m, concat([reshape(c, [1, 'M', 'N']), reshape(c, [1, 'M', 'N'])], 0)),
  };
  for (const [name, build] of Object.entries(sums)) {
    for (const alpha of [1, 0.5]) {
      const leaves = { a: real('K', 'M'), b: real('N', 'K'), c: real('M', 'N') };
      check(`${name}, alpha ${alpha}`, leaves, ({ a, b, c }) => build(matMul(a, b, { transA: true, transB: true, alpha }), c), sizes);
    }
  }
});

describe('neural', () => {
  check('softmax', { x: real(2, 'N', 4) }, ({ x }) => softmax(mul(x, 3)), [...two, { N: 0 }]);
  check('softmax over nothing', { x: real(2, 'N') }, ({ x }) => softmax(x), [{ N: 3 }, { N: 0 }]);
  check(
    'softmax with a mask',
    { x: real('N', 4), m: given([0, -1e9, 0, -1e9], 4) },
    ({ x, m }) => softmax(add(x, cast(m, 'float32'))),
    two,
  );
  check('softmax of rank 5', { x: real(2, 1, 2, 'N', 3) }, ({ x }) => softmax(x), two);
  check('logSoftmax', { x: real('N', 4) }, ({ x }) => logSoftmax(mul(x, 3)), [...two, { N: 0 }]);
  check('oneHot', { i: index('N', 'M', 2), v: real('N') }, ({ i, v }) => mul(oneHot(i, 'N'), v), [
    { N: 3, M: 2 },
    { N: 1, M: 3 },
    { N: 2, M: 0 },
  ]);
  check('crossEntropy', { x: real('M', 5), target: index(5, 'M') }, ({ x, target }) => crossEntropy(mul(x, 3), target), [
    { M: 4 },
    { M: 1 },
    { M: 0 },
  ]);
  check('rmsNorm', { x: real('N', 6), weight: real(6) }, ({ x, weight }) => rmsNorm(x, weight, 1e-5), [...two, { N: 0 }]);
  check('rmsNorm of tiny values', { x: real(2, 4), weight: real(4) }, ({ x, weight }) => rmsNorm(mul(x, 1e-2), weight, 1e-3));
  const tables = { cos: frozen('F', 2), sin: frozen('F', 2), positions: index('F', 'T') };
  const turns = [
    { T: 3, F: 7 },
    { T: 1, F: 9 },
    { T: 0, F: 7 },
  ];
  check('rope', { x: real('T', 8), ...tables }, ({ x, cos, sin, positions }) => mul(rope(x, cos, sin, positions, 2), 2), turns);
  check('rope, inverse', { x: real('T', 8), ...tables }, ({ x, cos, sin, positions }) => rope(x, cos, sin, positions, 2, true), turns);
});

describe('blocks', () => {
  const scales = (...shape: Shape): Leaf => leaf('float32', false, (random) => random.uniform() / 100)(shape);
  for (const [width, count] of [
    [32, 1],
    [96, 3],
    [24, 1],
    [40, 2],
  ]) {
    const matrix = { blocks: small(6, width), scales: scales(6, count) };
    check(
      `rows of ${width}`,
      { ...matrix, i: index(6, 'N'), x: real('N', width) },
      ({ blocks, scales, i, x }) => mul(dequantize(gatherRows(blocks, i), gatherRows(scales, i), 32), x),
      two,
    );
    check(`x W' with rows of ${width}`, { ...matrix, x: real('N', width) }, (w) => matMulBlocks(w.x, w.blocks, w.scales, 32, true), two);
    check(`x W with rows of ${width}`, { ...matrix, x: real('N', 6) }, (w) => matMulBlocks(w.x, w.blocks, w.scales, 32, false), two);
  }
});

test('no gradient flows through comparisons, floor, casts and stopGradient', () => {
  const x = input('x', []);
  for (const stopped of [ops.floor([x], {}), stopGradient([x], {}), cast(cast(x, 'int32'), 'float32'), cast(ops.less(x, x), 'float32')]) {
    expect(() => gradients(stopped, [x])).toThrow('does not depend');
    expect(gradients(add(stopped, x), [x])[0].op.name).toBe('Constant');
  }
});

test('every op has a test case', () => {
  expect(
    allOps()
      .map(({ name }) => name)
      .filter((name) => !covered.has(name)),
  ).toEqual([]);
});
