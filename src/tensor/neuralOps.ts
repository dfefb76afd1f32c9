/** @file The ops of neural networks, in the same form as ops.ts: shape rule, gradient and ONNX lowering side by side. */
import { defineOp, sameShape, shapeError, float, type Dim, type Node } from './graph.ts';
import { add, exp, meanLast, mul, reciprocal, reduceTo, reshape, sqrt, sub, sum } from './ops.ts';

const softmaxOp = defineOp('Softmax', {
  shape: ([x]) => x,
  gradient: (dy, _inputs, y) => [mul(y, sub(dy, sum(mul(dy, y), [-1], true)))],
  onnx: (emit, inputs) => emit.node('Softmax', inputs, { axis: -1 }),
});
/** Over the last axis: [..., n] -> [..., n]. */
export const softmax = (x: Node): Node => softmaxOp([x], {});

const logSoftmaxOp = defineOp('LogSoftmax', {
  shape: ([x]) => x,
  gradient: (dy, _inputs, y) => [sub(dy, mul(exp(y), sum(dy, [-1], true)))],
  onnx: (emit, inputs) => emit.node('LogSoftmax', inputs, { axis: -1 }),
});
/** Over the last axis: [..., n] -> [..., n]. */
export const logSoftmax = (x: Node): Node => logSoftmaxOp([x], {});

const oneHotOp = defineOp<{ size: Dim }>('OneHot', {
  shape: ([index], { size }) => [...index, size],
  dtype: 'float32',
  onnx: (emit, [index], { size }) =>
    emit.node(
      'OneHot',
      [emit.node('Cast', [index], { to: emit.dtype('int64') }), emit.dims([size]), emit.constant('float32', [0, 1], [2])],
      { axis: -1 },
    ),
});
/** 1 at the index, 0 elsewhere: int32 [...] -> [..., size]. */
export const oneHot = (index: Node, size: Dim): Node => oneHotOp([index], { size });

const crossEntropyOp = defineOp('CrossEntropy', {
  shape: ([logits, target]) => (sameShape(logits.slice(0, -1), target) ? target : fail('one target a row of logits')),
  dtype: 'float32',
  gradient: (dy, [logits, target]) => [
    mul(sub(softmax(logits), oneHot(target, logits.shape[logits.shape.length - 1])), reshape(dy, [...dy.shape, 1])),
    undefined,
  ],
  onnx: (emit, [logits, target]) => {
    const at = emit.node('Unsqueeze', [target, emit.ints([-1])]);
    const picked = emit.node('GatherElements', [emit.node('LogSoftmax', [logits], { axis: -1 }), at], { axis: -1 });
    return emit.node('Neg', [emit.node('Squeeze', [picked, emit.ints([-1])])]);
  },
});
/** -log softmax(logits)[target], a row: logits [m, v], target int32 [m] -> [m], in nats. */
export const crossEntropy = (logits: Node, target: Node): Node => crossEntropyOp([logits, target], {});

const rmsNormOp = defineOp<{ epsilon: number }>('RmsNorm', {
  shape: ([x]) => x,
  gradient: (dy, [x, weight], _y, { epsilon }) => {
    const inverse = reciprocal(sqrt(add(meanLast(mul(x, x)), epsilon)));
    const normalized = mul(x, inverse);
    const scaled = mul(dy, weight);
    return [mul(inverse, sub(scaled, mul(normalized, meanLast(mul(scaled, normalized))))), reduceTo(mul(dy, normalized), weight.shape)];
  },
  onnx: (emit, inputs, { epsilon }) =>
    emit.node('SimplifiedLayerNormalization', inputs, { axis: -1, epsilon: float(epsilon), stash_type: 1 }),
});
/** x / sqrt(mean(x^2) + epsilon) * weight over the last axis. x: [..., n], weight: [n]. Zhang and Sennrich 2019. */
export const rmsNorm = (x: Node, weight: Node, epsilon: number): Node => rmsNormOp([x, weight], { epsilon });

const ropeOp = defineOp<{ heads: number; inverse: boolean }>('Rope', {
  shape: ([x]) => x,
  gradient: (dy, [, cos, sin, positions], _y, { heads, inverse }) => [
    rope(dy, cos, sin, positions, heads, !inverse),
    undefined,
    undefined,
    undefined,
  ],
  onnx: (emit, [x, cos, sin, positions], { heads, inverse }, node) => {
    const width = node.shape[1] as number;
    const where = emit.node('Unsqueeze', [emit.node('Cast', [positions], { to: emit.dtype('int64') }), emit.ints([1])]);
    const turned = emit.node(
      'RotaryEmbedding',
      [emit.node('Reshape', [x, emit.ints([-1, 1, width])]), where, cos, inverse ? emit.node('Neg', [sin]) : sin],
      { interleaved: 0, num_heads: heads },
      'com.microsoft',
    );
    return emit.node('Reshape', [turned, emit.ints([-1, width])]);
  },
});
/**
 * Rotary position embedding, halves convention of Hugging Face's Llama (Su et al. 2021). x: [t, heads * size], cos and sin: tables
 * [positions, size / 2], positions: int32 [t]. `inverse` turns the other way, which is also the gradient.
 */
export const rope = (x: Node, cos: Node, sin: Node, positions: Node, heads: number, inverse = false): Node =>
  ropeOp([x, cos, sin, positions], { heads, inverse });

function fail(message: string): never {
  throw shapeError(message);
}
