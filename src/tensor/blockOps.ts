/** @file Ops over matrices that are stored as integers of 8 bits in blocks, each with a scale. No gradient flows to blocks and scales. */
import { defineOp, shapeError, type Lowering, type Node, type Shape } from './graph.ts';

interface Blocks extends Record<string, unknown> {
  /** Neighbouring numbers of a row that have a scale in common. The last block of a row may be shorter. */
  readonly block: number;
}

const dequantizeOp = defineOp<Blocks>('Dequantize', {
  shape: ([blocks, scales], { block }) => requireScales(blocks, scales, block),
  dtype: 'float32',
  onnx: (emit, [blocks, scales], { block }, node) => dequantized(emit, blocks, scales, block, node.shape[1] as number),
});
/** Each integer times its scale: blocks int8 [rows, width], scales [rows, width / block, rounded up] -> [rows, width]. */
export const dequantize = (blocks: Node, scales: Node, block: number): Node => dequantizeOp([blocks, scales], { block });

const matMulBlocksOp = defineOp<Blocks & { readonly transB: boolean }>('MatMulBlocks', {
  shape: ([[rows, inner], blocks, scales], { block, transB }) => {
    const [n, k] = requireScales(blocks, scales, block);
    if (inner !== (transB ? k : n))
      throw shapeError(`cannot multiply [${rows}, ${inner}] by blocks of [${n}, ${k}] (N${transB ? 'T' : 'N'})`);
    return [rows, transB ? n : k];
  },
  dtype: 'float32',
  gradient: (dy, [, blocks, scales], _y, { block, transB }) => [matMulBlocks(dy, blocks, scales, block, !transB), undefined, undefined],
  onnx: (emit, [x, blocks, scales], { block, transB }, node) => {
    const [rows, width] = node.inputs[1].shape as readonly number[];
    const most = Math.max(1, Math.floor(mostNumbers / width));
    const results: string[] = [];
    for (let start = 0; start < rows; start += most) {
      const end = Math.min(rows, start + most);
      const earlier = results.at(-1);
      const [ownBlocks, ownScales] = rowsAfter(emit, earlier ?? x, [blocks, scales], start, end);
      const part = dequantized(emit, ownBlocks, ownScales, block, width);
      const columns = rows <= most || transB ? x : emit.node('Slice', [x, emit.ints([start]), emit.ints([end]), emit.ints([1])]);
      const sum = transB || earlier === undefined ? [] : [earlier];
      results.push(emit.node('Gemm', [columns, part, ...sum], { transB: transB ? 1 : 0 }));
    }
    return transB && results.length > 1 ? emit.node('Concat', results, { axis: 1 }) : (results.at(-1) as string);
  },
});
/**
 * x W' for x [t, width], or x W for x [t, rows] without `transB`, where W [rows, width] is what `dequantize` makes of the blocks. As float32, at most
 * 16 MB of W are in memory at a time.
 */
export const matMulBlocks = (x: Node, blocks: Node, scales: Node, block: number, transB: boolean): Node =>
  matMulBlocksOp([x, blocks, scales], { block, transB });

/** The numbers of a matrix that are in memory as float32 at a time. */
const mostNumbers = 2 ** 22;

/**
 * Rows start..end of matrices, taken once another value has been computed. Their end depends on the shape of that value, which keeps ONNX Runtime from
 * computing all matrices of a graph in advance, and from keeping those of the forward pass for the backward pass as common subexpressions.
 */
function rowsAfter(
  emit: Lowering,
  earlier: string,
  [blocks, scales]: readonly [string, string],
  start: number,
  end: number,
): readonly [string, string] {
  const nothing = emit.node('Mul', [emit.node('Shape', [earlier], { start: 0, end: 1 }), emit.ints([0])]);
  const last = emit.node('Add', [nothing, emit.ints([end])]);
  const rows = (matrix: string): string => emit.node('Slice', [matrix, emit.ints([start]), last, emit.ints([0])]);
  return [rows(blocks), rows(scales)];
}

/** Not DequantizeLinear, which uses only one thread (decision 0043). The numbers are the same. */
function dequantized(emit: Lowering, blocks: string, scales: string, block: number, width: number): string {
  const integers = emit.node('Cast', [blocks], { to: emit.dtype('float32') });
  const shaped = (x: string, ...shape: number[]): string => emit.node('Reshape', [x, emit.ints(shape)]);
  if (width % block === 0) return shaped(emit.node('Mul', [shaped(integers, -1, block), shaped(scales, -1, 1)]), -1, width);
  const count = Math.ceil(width / block);
  const spread = shaped(emit.node('Expand', [shaped(scales, -1, count, 1), emit.ints([1, 1, block])]), -1, count * block);
  return emit.node('Mul', [integers, emit.node('Slice', [spread, emit.ints([0]), emit.ints([width]), emit.ints([1])])]);
}

function requireScales(blocks: Shape, scales: Shape, block: number): Shape {
  const [rows, width] = blocks;
  const count = typeof width === 'number' ? Math.ceil(width / block) : NaN;
  if (blocks.length === 2 && [rows, count].join() === scales.join()) return blocks;
  throw shapeError(`blocks of ${block} in [${blocks.join(', ')}] cannot have scales [${scales.join(', ')}]`);
}
