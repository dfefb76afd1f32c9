/** @file Arithmetic of symbolic dimensions, walking and lowering graphs, and the messages of errors. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradients } from './gradients.ts';
import { broadcast, constant, difference, input, product, sumOf, topological, type Dim, type Node } from './graph.ts';
import { onnxModel } from './onnx.ts';
import { onnxRuntimeExecutor } from './onnxruntime.ts';
import { add, concat, exp, expand, gatherRows, matMul, mul, neg, reshape, slice, sum, tanh } from './ops.ts';

type Sizes = Readonly<Record<string, number>>;
const valueOf = (dim: Dim, sizes: Sizes): number =>
  String(dim)
    .split('+')
    .map((term) => term.split('*').reduce((value, factor) => value * (sizes[factor] ?? Number(factor)), 1))
    .reduce((a, b) => a + b);

const sizes = fc.record({ P: fc.nat(9), T: fc.nat(9), N: fc.nat(9) });
const factor: fc.Arbitrary<Dim> = fc.oneof(fc.nat(5), fc.constantFrom('P', 'T', 'N'));
const term = fc.array(factor, { maxLength: 3 }).map(product);
const terms = fc.array(term, { minLength: 1, maxLength: 4 });

describe('dimensions', () => {
  test('the value of a product is the product of the values', () => {
    fc.assert(
      fc.property(fc.array(term), sizes, (dims, at) => {
        const expected = dims.reduce((value: number, dim) => value * valueOf(dim, at), 1);
        expect(valueOf(product(dims), at)).toBe(expected);
      }),
    );
  });

  test('the value of a sum is the sum of the values', () => {
    fc.assert(
      fc.property(terms, sizes, (dims, at) => {
        const expected = dims.reduce((value: number, dim) => value + valueOf(dim, at), 0);
        expect(valueOf(sumOf(dims), at)).toBe(expected);
      }),
    );
  });

  test('equal sums have the same text, whatever their order and grouping', () => {
    fc.assert(
      fc.property(terms, terms, (some, others) => {
        const all = sumOf([...some, ...others]);
        expect(sumOf([...others, ...some].reverse())).toBe(all);
        expect(sumOf([sumOf(others), sumOf(some)])).toBe(all);
      }),
    );
  });

  test('a difference undoes a sum', () => {
    fc.assert(
      fc.property(terms, terms, (some, others) => {
        expect(difference(sumOf([...some, ...others]), sumOf(others))).toBe(sumOf(some));
      }),
    );
    expect(() => difference('P', 'T')).toThrow('a size below zero: P - T');
    expect(() => difference('P+1', 'P+2')).toThrow('a size below zero: P+1 - P+2');
  });

  test('products of sums are refused', () => {
    expect(() => product(['P+T', 2])).toThrow('cannot multiply the sum P+T');
  });

  test('shapes broadcast as in NumPy', () => {
    const axes = fc.array(fc.tuple(term, fc.constantFrom('both', 'left', 'right')), { maxLength: 4 });
    fc.assert(
      fc.property(axes, fc.array(term, { maxLength: 2 }), (shared, lead) => {
        const a = [...lead, ...shared.map(([dim, who]) => (who === 'right' ? 1 : dim))];
        const b = shared.map(([dim, who]) => (who === 'left' ? 1 : dim));
        const whole = [...lead, ...shared.map(([dim]) => dim)];
        expect(broadcast(a, b)).toEqual(whole);
        expect(broadcast(b, a)).toEqual(whole);
      }),
    );
    expect(() => broadcast(['P', 2], ['P', 3])).toThrow('cannot broadcast [P, 2] with [P, 3]');
  });
});

test('shape errors name the shapes', () => {
  const [x, y] = [input('x', ['P', 3]), input('y', ['T', 4])];
  const errors: Record<string, () => unknown> = {
    'cannot multiply [P, 3] by [T, 4] (NT)': () => matMul(x, y, { transB: true }),
    'cannot reshape [P, 3] to [P, 4]': () => reshape(x, ['P', 4]),
    'cannot concatenate [T, 4] and [P, 3]': () => concat([x, y], 0),
    'cannot expand [P, 3] to [P, 1]': () => expand(x, ['P', 1]),
    'cannot broadcast [P, 3] with [T, 4]': () => add(x, y),
    'a loss is a scalar, not [P, 3]': () => gradients(x, [x]),
    'the loss does not depend on this parameter': () => gradients(sum(x), [y]),
    'no input has the dimension T': () => onnxModel({ x: expand(sum(x), ['T']) }),
    'two inputs are named x: [P, 3] and [P]': () => onnxModel({ x, again: input('x', ['P']) }),
  };
  for (const [message, run] of Object.entries(errors)) expect(run).toThrow(message);
});

test('nodes come after their inputs, each once', () => {
  const x = input('x', []);
  const y = exp(x);
  const z = mul(add(y, x), y);
  const order = topological([z, y]);
  expect(new Set(order).size).toBe(order.length);
  for (const node of order) for (const child of node.inputs) expect(order.indexOf(child)).toBeLessThan(order.indexOf(node));
  expect(order.length).toBe(4);
});

test('a chain of 20,000 nodes can be walked, differentiated and written', () => {
  const x = input('x', []);
  let y: Node = x;
  for (let i = 0; i < 20_000; i++) y = neg(y);
  expect(topological([y]).length).toBe(20_001);
  const [dx] = gradients(y, [x]);
  expect(topological([dx]).length).toBe(20_001);
  expect(onnxModel({ y }).length).toBeGreaterThan(20_000);
});

describe('ONNX', () => {
  /** How often an op type occurs in the file. Values are named v0, v1, … */
  const count = (outputs: Record<string, Node>, type: string): number =>
    Buffer.from(onnxModel(outputs)).toString('latin1').split(type).length - 1;
  const [a, b, c] = [input('a', ['P', 3]), input('b', [3, 4]), input('c', ['P', 4])];

  test('common subexpressions are computed once', () => {
    expect(count({ y: add(mul(exp(a), exp(a)), tanh(a)), z: exp(a) }, 'Exp')).toBe(1);
    expect(count({ y: add(exp(a), constant(2)), z: mul(a, constant(2)) }, String.fromCharCode(0, 0, 0, 64))).toBe(1);
    expect(count({ y: slice(a, 1, 0, 2), z: slice(a, 1, 0, 3), w: slice(a, 1, 1, 3) }, 'Slice')).toBe(2);
  });

  test('nodes that no output needs are left out', () => {
    expect(count({ y: add(matMul(a, b), c) }, 'Gemm')).toBe(1);
    const [da] = gradients(sum(mul(exp(a), tanh(a))), [a]);
    expect(count({ da }, 'ReduceSum')).toBe(0);
  });

  test('a product and a sum are merged, in either order', () => {
    expect(count({ y: add(matMul(a, b), c) }, 'Add')).toBe(0);
    expect(count({ y: add(c, matMul(a, b)) }, 'Add')).toBe(0);
    // A bias: the same for every row.
    expect(count({ y: add(matMul(a, b), sum(c, [0])) }, 'Add')).toBe(0);
    expect(count({ y: add(matMul(a, b), sum(c, [1], true)) }, 'Add')).toBe(1);
    expect(count({ y: add(matMul(a, b), constant(2)) }, 'Add')).toBe(1);
  });

  test('sizes that ONNX Runtime cannot infer are named, because planning a large graph would take seconds otherwise', () => {
    const joined = neg(exp(concat([input('p', ['P']), input('t', ['T'])], 0)));
    expect(count({ y: sum(joined) }, 'P+T')).toBe(3);
  });

  test('an input that occurs twice is fed once', async () => {
    const twice = add(input('x', ['P']), input('x', ['P']));
    const executable = await onnxRuntimeExecutor().compile({ twice, rows: gatherRows(twice, input('i', [1], 'int32')) });
    const results = await executable.run({ x: { shape: [2], data: Float32Array.of(1, 2) }, i: { shape: [1], data: Int32Array.of(1) } });
    expect(Array.from(results.twice.data)).toEqual([2, 4]);
    expect(Array.from(results.rows.data)).toEqual([4]);
  });
});
