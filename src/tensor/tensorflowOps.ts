/** @file The table of kernels for TensorFlow.js, one for each op; the counterpart of the ONNX lowering in ops.ts and neuralOps.ts. */
import type * as tensorflow from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Backend } from './executor.ts';
import type { Dim, DType, Node } from './graph.ts';

export type TensorFlow = typeof tensorflow;
/** Computes a node from its inputs. @param size gives the size of a dimension in this run */
export type Kernel = (inputs: readonly Tensor[], node: Node, size: (dim: Dim) => number) => Tensor;

/** Kernels by op name. */
export function tensorFlowKernels(tf: TensorFlow, backend: Backend): ReadonlyMap<string, Kernel> {
  return new Map(
    Object.entries(rules(tf, backend)).map(([name, rule]) => [
      name,
      (inputs, node, size) => {
        const shape = node.shape.map(size);
        const dtype = node.dtype === 'int8' ? 'int32' : node.dtype;
        const attributes = node.attributes as unknown as KnownAttributes;
        const filled = inputs.filter((x) => x.size > 0);
        // Kernels are unreliable with empty tensors. A result from empty inputs is empty or zero, because all ops that get here are sums.
        if (shape.includes(0) || (filled.length < inputs.length && name !== 'Concat')) return tf.zeros([...shape], dtype);
        return rule(name === 'Concat' ? filled : inputs, attributes, { shape, dtype }, size);
      },
    ]),
  );
}

/** The attributes of all ops together. Each rule uses those that ops.ts gives its op. */
interface KnownAttributes {
  readonly values: readonly number[];
  readonly axes: readonly number[];
  readonly keep: boolean;
  readonly order: readonly number[];
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly size: Dim;
  readonly padded: boolean;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
  readonly epsilon: number;
  readonly heads: number;
  readonly inverse: boolean;
  readonly block: number;
}
interface Result {
  readonly shape: number[];
  readonly dtype: Exclude<DType, 'int8'>;
}
type Rule = (inputs: readonly Tensor[], attributes: KnownAttributes, result: Result, size: (dim: Dim) => number) => Tensor;

const rules = (tf: TensorFlow, backend: Backend): Readonly<Record<string, Rule>> => {
  const { transpose, product } = backend === 'wasm' ? wasmAlgebra(tf) : plainAlgebra(tf);
  const same = (x: Tensor): Tensor => tf.reshape(x, x.shape);
  const zero = (dtype: Result['dtype']): Tensor => tf.zeros([], dtype);
  /** Treats an axis as columns of [outer, size * inner], because kernels are slow with more axes. */
  const around = (shape: readonly number[], axis: number): { outer: number; inner: number } => {
    const count = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
    return { outer: count(shape.slice(0, axis)), inner: count(shape.slice(axis + 1)) };
  };

  const dequantized = (blocks: Tensor, scales: Tensor, block: number): Tensor => {
    const [width, count] = [blocks, scales].map(({ shape }) => shape[shape.length - 1]);
    const rows = tf.pad(tf.reshape(tf.cast(blocks, 'float32'), [-1, width]), [
      [0, 0],
      [0, count * block - width],
    ]);
    const numbers = tf.mul(tf.reshape(rows, [-1, count, block]), tf.reshape(scales, [-1, count, 1]));
    return tf.reshape(tf.slice(tf.reshape(numbers, [-1, count * block]), [0, 0], [-1, width]), blocks.shape);
  };

  return {
    Constant: (_inputs, { values }, { shape, dtype }) => tf.tensor([...values], shape, dtype),

    Add: ([a, b]) => tf.add(a, b),
    Sub: ([a, b]) => tf.sub(a, b),
    Mul: ([a, b]) => tf.mul(a, b),
    Div: ([a, b]) => tf.div(a, b),
    Less: ([a, b]) => tf.less(a, b),
    LessOrEqual: ([a, b]) => tf.lessEqual(a, b),
    Equal: ([a, b]) => tf.equal(a, b),
    Where: ([condition, x, y]) => tf.where(condition, x, y),

    Neg: ([x]) => tf.neg(x),
    Exp: ([x]) => tf.exp(x),
    Log: ([x]) => tf.log(x),
    Sqrt: ([x]) => tf.sqrt(x),
    Reciprocal: ([x]) => tf.reciprocal(x),
    Sigmoid: ([x]) => tf.sigmoid(x),
    Tanh: ([x]) => tf.tanh(x),
    Silu: ([x]) => tf.mul(x, tf.sigmoid(x)),
    Floor: ([x]) => tf.floor(x),
    StopGradient: ([x]) => same(x),
    Cast_float32: ([x]) => tf.cast(x, 'float32'),
    Cast_int32: ([x]) => tf.cast(x, 'int32'),
    /** The cast of the wasm backend would turn 0.5 into false. */
    Cast_bool: ([x]) => (x.dtype === 'bool' ? same(x) : tf.notEqual(x, zero(x.dtype as Result['dtype']))),

    Sum: ([x], { axes, keep }) => (axes.length ? tf.sum(x, [...axes], keep) : same(x)),

    Expand: ([x], _, { shape }) => tf.broadcastTo(x, shape),
    Reshape: ([x], _, { shape }) => tf.reshape(x, shape),
    Transpose: ([x], { order }) => transpose(x, [...order]),
    Concat: (inputs, { axis }) => (inputs.length === 1 ? same(inputs[0]) : tf.concat([...inputs], axis)),
    Slice: ([x], { axis, start }, { shape }, size) => {
      const { outer, inner } = around(shape, axis);
      return tf.reshape(tf.slice(tf.reshape(x, [outer, -1]), [0, size(start) * inner], [outer, shape[axis] * inner]), shape);
    },
    PadTo: ([x], { axis, start, end }, { shape }, size) => {
      const { outer, inner } = around(shape, axis);
      const padding = [size(start), shape[axis] - size(end)].map((count) => count * inner) as [number, number];
      return tf.reshape(tf.pad(tf.reshape(x, [outer, -1]), [[0, 0], padding]), shape);
    },

    GatherRows: ([x, index]) => tf.gather(x, index),
    ScatterAddRows: ([x, index], _, { shape }) =>
      tf.scatterND(tf.reshape(index, [-1, 1]), tf.reshape(x, [index.size, ...shape.slice(1)]), shape),
    Arrange: ([x, index], { padded }, { shape }) => {
      const rows = tf.gather(x, tf.maximum(index, zero('int32')));
      if (!padded) return rows;
      const real = tf.cast(tf.greaterEqual(index, zero('int32')), 'float32');
      return tf.mul(rows, tf.reshape(real, [...index.shape, ...shape.slice(index.rank).fill(1)]));
    },

    MatMul: ([a, b], { transA, transB, alpha }, { shape }) => {
      const batch = shape.slice(0, -2);
      // Kernels pair batches one by one and do not broadcast both sides.
      const spread = (x: Tensor): Tensor =>
        String(x.shape.slice(0, -2)) === String(batch) ? x : tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
      const y = product(spread(a), spread(b), transA, transB);
      return alpha === 1 ? y : tf.mul(y, alpha);
    },

    Dequantize: ([blocks, scales], { block }) => dequantized(blocks, scales, block),
    MatMulBlocks: ([x, blocks, scales], { block, transB }) => product(x, dequantized(blocks, scales, block), false, transB),

    Softmax: ([x]) => tf.softmax(x),
    LogSoftmax: ([x]) => tf.logSoftmax(x),
    OneHot: ([index], { size: depth }, _, size) =>
      tf.cast(tf.equal(tf.expandDims(index, -1), tf.range(0, size(depth), 1, 'int32')), 'float32'),
    CrossEntropy: ([logits, target]) => {
      const width = logits.shape[logits.rank - 1];
      const lines = tf.mul(tf.range(0, target.size, 1, 'int32'), tf.scalar(width, 'int32'));
      const picked = tf.gather(tf.reshape(logits, [-1]), tf.add(lines, tf.reshape(target, [-1])));
      return tf.sub(tf.logSumExp(logits, -1), tf.reshape(picked, target.shape));
    },
    RmsNorm: ([x, weight], { epsilon }) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon))), weight),
    Rope: ([x, cosines, sines, positions], { heads, inverse }, { shape: [tokens, width] }) => {
      const [cos, sin] = [cosines, sines].map((table) => tf.expandDims(tf.gather(table, positions), 1));
      const [first, second] = tf.split(tf.reshape(x, [tokens, heads, width / heads]), 2, 2);
      const [ahead, behind] = inverse ? [tf.sub, tf.add] : [tf.add, tf.sub];
      const turned = [behind(tf.mul(first, cos), tf.mul(second, sin)), ahead(tf.mul(second, cos), tf.mul(first, sin))];
      return tf.reshape(tf.concat(turned, 2), [tokens, width]);
    },
  };
};

/** Two operations that are composed differently for wasm, whose kernels vary greatly in speed. */
interface Algebra {
  readonly transpose: (x: Tensor, order: number[]) => Tensor;
  /** Matrix products over the last two axes. All other axes are the same on both sides. */
  readonly product: (a: Tensor, b: Tensor, transA: boolean, transB: boolean) => Tensor;
}

const plainAlgebra = (tf: TensorFlow): Algebra => ({
  transpose: (x, order) => tf.transpose(x, order),
  product: (a, b, transA, transB) => tf.matMul(a, b, transA, transB),
});

/**
 * On wasm, only products of two plain matrices use the fast routines (XNNPACK, about ten times faster), and only transposes of at most four
 * axes are fast (about two hundred times).
 */
function wasmAlgebra(tf: TensorFlow): Algebra {
  /** Moves the axes of the result to the front one by one. Each move is a transpose of [done, skipped, axis, rest]. */
  function transpose(x: Tensor, order: number[]): Tensor {
    if (order.length <= 4) return tf.transpose(x, order);
    const sizes = [...x.shape];
    const axes = order.map((_, i) => i);
    const count = (from: number, to: number): number => sizes.slice(from, to).reduce((a, b) => a * b, 1);
    for (let done = 0; done < order.length; done++) {
      const at = axes.indexOf(order[done]);
      if (at === done) continue;
      const parts = [count(0, done), count(done, at), sizes[at], count(at + 1, sizes.length)];
      x = tf.transpose(tf.reshape(x, parts), [0, 2, 1, 3]);
      for (const list of [axes, sizes]) list.splice(done, 0, ...list.splice(at, 1));
    }
    return tf.reshape(x, sizes);
  }

  const flip = (x: Tensor): Tensor => tf.transpose(x, [1, 0]);

  function matrices(a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
    const left = transA ? flip(a) : a;
    if (!transB) return tf.matMul(left, b);
    const [rows, columns] = [left.shape[0], b.shape[0]] as [number, number];
    // A B' = (B A')', which moves less data if B is large: the embedding as the output layer is [49152, 576].
    return b.size > left.size + rows * columns ? flip(tf.matMul(b, transA ? a : flip(a))) : tf.matMul(left, flip(b));
  }

  function product(a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
    if (a.rank === 2) return matrices(a, b, transA, transB);
    const batch = a.shape.slice(0, -2);
    const parts = batch.reduce((count, size) => count * size, 1);
    // Extracting one part copies the whole tensor, so the slow routine is better for many parts.
    if (parts > 8) return tf.matMul(a, b, transA, transB);
    const [as, bs] = [a, b].map((x) => tf.unstack(tf.reshape(x, [parts, ...x.shape.slice(-2)])));
    const ys = as.map((part, i) => matrices(part, bs[i], transA, transB));
    return tf.reshape(tf.stack(ys), [...batch, ...ys[0].shape]);
  }

  return { transpose, product };
}
