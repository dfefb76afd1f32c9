/** @file The table of ops: the shape rule, gradient and ONNX lowering of each, side by side. */
import {
  broadcast,
  constant,
  defineOp,
  difference,
  product,
  sameShape,
  shapeError,
  sumOf,
  float,
  type Dim,
  type DType,
  type Node,
  type Shape,
  type Lowering,
} from './graph.ts';

// ---- elementwise, two inputs, NumPy broadcasting: [..] x [..] -> broadcast ----

const binary = (name: string, gradient: (dy: Node, x: Node, y: Node, result: Node) => readonly [Node, Node], onnx = name) => {
  const make = defineOp(name, {
    shape: ([a, b]) => broadcast(a, b),
    gradient: (dy, [x, y], result) => {
      const [dx, dyOther] = gradient(dy, x, y, result);
      return [reduceTo(dx, x.shape), reduceTo(dyOther, y.shape)];
    },
    onnx: (emit, inputs, _attributes, node) => (name === 'Add' ? emit.matMulAdd(node) : undefined) ?? emit.node(onnx, inputs),
  });
  return (x: Node, y: Node | number): Node => make([x, typeof y === 'number' ? constant(y) : y], {});
};

export const add = binary('Add', (dy) => [dy, dy]);
export const sub = binary('Sub', (dy) => [dy, neg(dy)]);
export const mul = binary('Mul', (dy, x, y) => [mul(dy, y), mul(dy, x)]);
export const div = binary('Div', (dy, _x, y, q) => [div(dy, y), neg(div(mul(dy, q), y))]);

const comparison = (name: string) => {
  const make = defineOp(name, { shape: ([a, b]) => broadcast(a, b), dtype: 'bool', onnx: (emit, inputs) => emit.node(name, inputs) });
  return (x: Node, y: Node): Node => make([x, y], {});
};

/** x < y, and similar comparisons; no gradient flows through a comparison. */
export const less = comparison('Less');
export const lessOrEqual = comparison('LessOrEqual');
export const equal = comparison('Equal');

const whereOp = defineOp('Where', {
  shape: ([condition, x, y]) => broadcast(condition, broadcast(x, y)),
  dtype: 'float32',
  gradient: (dy, [condition, x, y]) => [
    undefined,
    reduceTo(where(condition, dy, constant(0)), x.shape),
    reduceTo(where(condition, constant(0), dy), y.shape),
  ],
  onnx: (emit, inputs) => emit.node('Where', inputs),
});
/** x where the condition holds, else y. */
export const where = (condition: Node, x: Node, y: Node): Node => whereOp([condition, x, y], {});

// ---- elementwise, one input: [..] -> [..] ----

const unary = (name: string, gradient: (dy: Node, x: Node, y: Node) => Node, lower?: (emit: Lowering, x: string) => string) => {
  const make = defineOp(name, {
    shape: ([x]) => x,
    gradient: (dy, [x], y) => [gradient(dy, x, y)],
    onnx: (emit, [x]) => (lower ? lower(emit, x) : emit.node(name, [x])),
  });
  return (x: Node): Node => make([x], {});
};

export const neg = unary('Neg', (dy) => neg(dy));
export const exp = unary('Exp', (dy, _x, y) => mul(dy, y));
export const log = unary('Log', (dy, x) => div(dy, x));
export const sqrt = unary('Sqrt', (dy, _x, y) => div(mul(dy, 0.5), y));
export const reciprocal = unary('Reciprocal', (dy, _x, y) => neg(mul(dy, mul(y, y))));
export const sigmoid = unary('Sigmoid', (dy, _x, y) => mul(dy, mul(y, sub(constant(1), y))));
export const tanh = unary('Tanh', (dy, _x, y) => mul(dy, sub(constant(1), mul(y, y))));
/** x sigmoid(x); its derivative is s + y (1 - s) = y + s (1 - y). */
export const silu = unary(
  'Silu',
  (dy, x, y) => mul(dy, add(y, mul(sigmoid(x), sub(constant(1), y)))),
  (emit, x) => emit.node('QuickGelu', [x], { alpha: float(1) }, 'com.microsoft'),
);
/** The largest integer that is not above x; its gradient is zero. */
export const floor = defineOp('Floor', { shape: ([x]) => x, onnx: (emit, inputs) => emit.node('Floor', inputs) });
/** The same value without a gradient. */
export const stopGradient = defineOp('StopGradient', { shape: ([x]) => x, onnx: (_emit, [x]) => x });

/** Numbers of 8 bits only come from outside. */
type CastType = Exclude<DType, 'int8'>;

const castTo: Record<CastType, (inputs: readonly Node[], attributes: { to: CastType }) => Node> = {
  float32: defineCast('float32'),
  int32: defineCast('int32'),
  bool: defineCast('bool'),
};
function defineCast(to: CastType) {
  return defineOp<{ to: CastType }>(`Cast_${to}`, {
    shape: ([x]) => x,
    dtype: to,
    onnx: (emit, inputs) => emit.node('Cast', inputs, { to: emit.dtype(to) }),
  });
}
/** Changes the type; no gradient flows through it. */
export const cast = (x: Node, to: CastType): Node => castTo[to]([x], { to });

// ---- reductions ----

const sumOp = defineOp<{ axes: readonly number[]; keep: boolean }>('Sum', {
  shape: ([x], { axes, keep }) => (keep ? x.map((dim, i) => (axes.includes(i) ? 1 : dim)) : x.filter((_, i) => !axes.includes(i))),
  gradient: (dy, [x], _y, { axes, keep }) => [
    expand(
      keep
        ? dy
        : reshape(
            dy,
            x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
          ),
      x.shape,
    ),
  ],
  onnx: (emit, [x], { axes, keep }) => emit.node('ReduceSum', [x, emit.ints(axes)], { keepdims: keep ? 1 : 0 }),
});
/** Sum over axes (all by default; negative ones count from the end). */
export function sum(x: Node, axes: readonly number[] = x.shape.map((_, i) => i), keep = false): Node {
  if (!axes.length) return x;
  return sumOp([x], { axes: axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)), keep });
}

/** Mean over the last axis, whose size must be a number: [..., n] -> [..., 1]. */
export const meanLast = (x: Node): Node => mul(sum(x, [-1], true), 1 / (x.shape[x.shape.length - 1] as number));

/** Undoes broadcasting: sums dy down to a shape that was broadcast to dy's. */
export function reduceTo(dy: Node, shape: Shape): Node {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((dim, i) => (i < lead || (shape[i - lead] === 1 && dim !== 1) ? [i] : []));
  const reduced = axes.length ? sum(dy, axes, true) : dy;
  return lead || !sameShape(reduced.shape, shape) ? reshape(reduced, shape) : reduced;
}

// ---- shape ----

const expandOp = defineOp<{ shape: Shape }>('Expand', {
  shape: ([x], { shape }) =>
    sameShape(broadcast(x, shape), shape) ? shape : fail(`cannot expand [${x.join(', ')}] to [${shape.join(', ')}]`),
  gradient: (dy, [x]) => [reduceTo(dy, x.shape)],
  onnx: (emit, [x], { shape }) => emit.node('Expand', [x, emit.dims(shape)]),
});
/** Repeats size-1 (or missing leading) axes up to a shape. */
export const expand = (x: Node, shape: Shape): Node => (sameShape(x.shape, shape) ? x : expandOp([x], { shape }));

const reshapeOp = defineOp<{ shape: Shape }>('Reshape', {
  shape: ([x], { shape }) => {
    if (product(simple(x)) !== product(simple(shape))) throw shapeError(`cannot reshape [${x.join(', ')}] to [${shape.join(', ')}]`);
    return shape;
  },
  gradient: (dy, [x]) => [reshape(dy, x.shape)],
  onnx: (emit, [x], { shape }) => {
    const symbols = shape.filter((dim) => typeof dim !== 'number').length;
    const target = symbols > 1 ? emit.dims(shape) : emit.ints(shape.map((dim) => (typeof dim === 'number' ? dim : -1)));
    return emit.node('Reshape', [x, target], { allowzero: symbols > 1 ? 1 : 0 });
  },
});
/** The same values in the same order, in another shape with the same product. */
export const reshape = (x: Node, shape: Shape): Node => (sameShape(x.shape, shape) ? x : reshapeOp([x], { shape }));
/** Replaces a sum by one opaque factor, so that a reshape can keep it whole. */
const simple = (shape: Shape): Shape =>
  shape.map((dim) => (typeof dim === 'string' && dim.includes('+') ? `(${dim.replaceAll('+', '_').replaceAll('*', '.')})` : dim));

const transposeOp = defineOp<{ order: readonly number[] }>('Transpose', {
  shape: ([x], { order }) => order.map((axis) => x[axis]),
  gradient: (dy, _inputs, _y, { order }) => [
    transpose(
      dy,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
  onnx: (emit, inputs, { order }) => emit.node('Transpose', inputs, { perm: order }),
});
/** Axis i of the result is axis order[i] of x. */
export const transpose = (x: Node, order: readonly number[]): Node => transposeOp([x], { order });

const concatOp = defineOp<{ axis: number }>('Concat', {
  shape: (shapes, { axis }) => {
    for (const shape of shapes)
      if (!sameShape(without(shape, axis), without(shapes[0], axis)))
        throw shapeError(`cannot concatenate [${shape.join(', ')}] and [${shapes[0].join(', ')}]`);
    return shapes[0].map((dim, i) => (i === axis ? sumOf(shapes.map((shape) => shape[axis])) : dim));
  },
  gradient: (dy, inputs, _y, { axis }) => {
    let offset: Dim = 0;
    return inputs.map((x) => {
      const start = offset;
      offset = sumOf([offset, x.shape[axis]]);
      return slice(dy, axis, start, offset);
    });
  },
  onnx: (emit, inputs, { axis }) => emit.node('Concat', inputs, { axis }),
});
const without = (shape: Shape, axis: number): Shape => shape.filter((_, i) => i !== axis);
/** Joins along an axis. */
export const concat = (xs: readonly Node[], axis: number): Node => (xs.length === 1 ? xs[0] : concatOp(xs, { axis }));

const sliceOp = defineOp<{ axis: number; start: Dim; end: Dim; size: Dim }>('Slice', {
  shape: ([x], { axis, size }) => x.map((dim, i) => (i === axis ? size : dim)),
  gradient: (dy, [x], _y, { axis, start, end }) => [padTo(dy, axis, start, end, x.shape[axis])],
  onnx: (emit, [x], { axis, start, end }) => emit.node('Slice', [x, emit.dims([start]), emit.dims([end]), emit.ints([axis])]),
});
/** Elements start..end of an axis; both may be symbols. */
export function slice(x: Node, axis: number, start: Dim, end: Dim): Node {
  if (start === 0 && end === x.shape[axis]) return x;
  return sliceOp([x], { axis, start, end, size: difference(end, start) });
}
const padOp = defineOp<{ axis: number; start: Dim; end: Dim; size: Dim }>('PadTo', {
  shape: ([x], { axis, size }) => x.map((dim, i) => (i === axis ? size : dim)),
  gradient: (dy, _inputs, _y, { axis, start, end }) => [slice(dy, axis, start, end)],
  onnx: (emit, [x], { axis, start, end, size }, node) => {
    const rank = node.shape.length;
    const zeros = (n: number) => emit.ints(Array.from({ length: n }, () => 0));
    const after = emit.node('Sub', [emit.dims([size]), emit.dims([end])]);
    const parts = [axis && zeros(axis), emit.dims([start]), rank - 1 && zeros(rank - 1), after, rank - 1 - axis && zeros(rank - 1 - axis)];
    return emit.node('Pad', [
      x,
      emit.node(
        'Concat',
        parts.filter((part) => typeof part === 'string'),
        { axis: 0 },
      ),
    ]);
  },
});
/** Zeros on the axis except from start to end, where x stands: the adjoint of slice. */
export const padTo = (x: Node, axis: number, start: Dim, end: Dim, size: Dim): Node => padOp([x], { axis, start, end, size });

// ---- indexing ----

const gatherOp = defineOp('GatherRows', {
  shape: ([x, index]) => [...index, ...x.slice(1)],
  gradient: (dy, [x, index]) => [scatterAddRows(dy, index, x.shape[0]), undefined],
  onnx: (emit, inputs) => emit.node('Gather', inputs, { axis: 0 }),
});
/** The rows of x with these numbers. x: [n, ...], index: int32 [...m] in [0, n) -> [...m, ...]. */
export const gatherRows = (x: Node, index: Node): Node => gatherOp([x, index], {});

const scatterAddOp = defineOp<{ rows: Dim }>('ScatterAddRows', {
  shape: ([x, index], { rows }) => [rows, ...x.slice(index.length)],
  gradient: (dy, [, index]) => [gatherRows(dy, index), undefined],
  onnx: (emit, [x, index], _attributes, node) => {
    const zeros = emit.node('Expand', [emit.constant('float32', [0], []), emit.dims(node.shape)]);
    const where = emit.node('Unsqueeze', [emit.node('Cast', [index], { to: emit.dtype('int64') }), emit.ints([-1])]);
    return emit.node('ScatterND', [zeros, where, x], { reduction: 'add' });
  },
});
/** Adds row i of x to row index[i] of zeros: the adjoint of gatherRows. */
export const scatterAddRows = (x: Node, index: Node, rows: Dim): Node => scatterAddOp([x, index], { rows });

interface Padding extends Record<string, unknown> {
  readonly padded: boolean;
  readonly inversePadded: boolean;
}
const arrangeOp: (inputs: readonly Node[], attributes: Padding) => Node = defineOp<Padding>('Arrange', {
  shape: ([x, index]) => [...index, ...x.slice(1)],
  gradient: (dy, [x, index, inverse], _y, { padded, inversePadded }) => {
    const moved = [product(index.shape)];
    const back = { padded: inversePadded, inversePadded: padded };
    const flat: Node = arrangeOp([reshape(dy, [...moved, ...x.shape.slice(1)]), inverse, reshape(index, moved)], back);
    return [reshape(flat, x.shape), undefined, undefined];
  },
  onnx: (emit, [x, index], { padded }, node) => {
    const rows = emit.node('Gather', [x, index], { axis: 0 });
    if (!padded) return rows;
    const real = emit.node('Cast', [emit.node('GreaterOrEqual', [index, emit.constant('int32', [0], [])])], { to: emit.dtype('float32') });
    const lead = node.inputs[1].shape.length;
    const trailing = Array.from({ length: node.shape.length - lead }, (_, i) => lead + i);
    return emit.node('Mul', [rows, trailing.length ? emit.node('Unsqueeze', [real, emit.ints(trailing)]) : real]);
  },
});
/**
 * Turns packed rows into padded ones: row i of the result is row index[i] of x, or anything finite if index is -1. `inverse` gives the place
 * of each row of x in the result. x: [n, ...], index: int32 [...m], inverse: int32 [n] -> [...m, ...]. Later results must not depend on the
 * content of the padding.
 */
export const padRows = (x: Node, index: Node, inverse: Node): Node =>
  arrangeOp([x, index, inverse], { padded: false, inversePadded: false });
/**
 * Turns padded rows back into packed ones. x: [m, ...], index: int32 [n], inverse: int32 [m], -1 at padding, whose gradient is zero
 * -> [n, ...].
 */
export const unpadRows = (x: Node, index: Node, inverse: Node): Node =>
  arrangeOp([x, index, inverse], { padded: false, inversePadded: true });

// ---- linear algebra ----

interface Transposes extends Record<string, unknown> {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
}
const matMulOp = defineOp<Transposes>('MatMul', {
  shape: ([a, b], { transA, transB }) => {
    const [m, k] = transA ? [a[a.length - 1], a[a.length - 2]] : [a[a.length - 2], a[a.length - 1]];
    const [k2, n] = transB ? [b[b.length - 1], b[b.length - 2]] : [b[b.length - 2], b[b.length - 1]];
    if (k !== k2 || a.length !== b.length)
      throw shapeError(`cannot multiply [${a.join(', ')}] by [${b.join(', ')}] (${transA ? 'T' : 'N'}${transB ? 'T' : 'N'})`);
    return [...broadcast(a.slice(0, -2), b.slice(0, -2)), m, n];
  },
  gradient: (dy, [a, b], _y, { transA, transB, alpha }) => [
    reduceTo(transA ? matMul(b, dy, { transA: transB, transB: true, alpha }) : matMul(dy, b, { transB: !transB, alpha }), a.shape),
    reduceTo(transB ? matMul(dy, a, { transA: true, transB: transA, alpha }) : matMul(a, dy, { transA: !transA, alpha }), b.shape),
  ],
  onnx: (emit, inputs, { transA, transB, alpha }, node) => {
    const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: float(alpha) };
    if (node.shape.length === 2) return emit.node('Gemm', inputs, attributes);
    const a = node.inputs[0].shape;
    const inner = a[a.length - (transA ? 2 : 1)];
    if (typeof inner === 'number' && inner > 0) return emit.node('FusedMatMul', inputs, attributes, 'com.microsoft');
    // If the inner size is zero, ONNX Runtime 1.30 does not broadcast batches, and writes only the first of several transposed ones.
    const batch = node.shape.slice(0, -2);
    const spread = inputs.map((name, i) => {
      const { shape } = node.inputs[i];
      return sameShape(shape.slice(0, -2), batch) ? name : emit.node('Expand', [name, emit.dims([...batch, ...shape.slice(-2)])]);
    });
    const y = emit.node('FusedMatMul', spread, attributes, 'com.microsoft');
    if (!transA && !transB) return y;
    return emit.node('Where', [emit.node('Equal', [emit.dims([inner]), emit.ints([0])]), emit.constant('float32', [0], []), y]);
  },
});
/** alpha A B over the last two axes, after transposing either; leading axes broadcast. */
export const matMul = (a: Node, b: Node, { transA = false, transB = false, alpha = 1 }: Partial<Transposes> = {}): Node =>
  matMulOp([a, b], { transA, transB, alpha });

function fail(message: string): never {
  throw shapeError(message);
}
