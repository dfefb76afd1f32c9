/** @file The graph: immutable nodes of named ops over tensors whose dimensions may be symbols. */
import { TandemError } from '../errors.ts';

/** A number, or a symbolic sum of products such as 'T', '3*N*L' or 'P+T'; equal symbols are equal sizes. */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type DType = 'float32' | 'int32' | 'int8' | 'bool';
export type Attributes = Readonly<Record<string, unknown>>;

export interface Node {
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Everything about an op in one place. */
export interface Op {
  readonly name: string;
  /** Throws TandemError 'shape' when the inputs do not fit. */
  shape(inputs: readonly Shape[], attributes: Attributes): Shape;
  /** The type of the result. Default: the type of the first input. */
  readonly dtype?: DType;
  /** Adjoints of the inputs, given the adjoint of the result; undefined for inputs that get none. An op without this rule stops gradients. */
  gradient?(dy: Node, inputs: readonly Node[], y: Node): readonly (Node | undefined)[];
  /** Emits ONNX nodes and returns the name of the result. */
  onnx(emit: Lowering, inputs: readonly string[], node: Node): string;
}

/** A float attribute; plain numbers are written as integers. */
export interface FloatAttribute {
  readonly float: number;
}
export const float = (value: number): FloatAttribute => ({ float: value });
export type OnnxAttribute = number | string | readonly number[] | FloatAttribute;

/** What the lowering rules of ops write with. Names are those of ONNX values. */
export interface Lowering {
  node(type: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>, domain?: string): string;
  input(node: Node): string;
  constant(dtype: DType | 'int64', values: readonly number[], shape: readonly number[]): string;
  /** A constant vector of int64. */
  ints(values: readonly number[]): string;
  /** A shape vector of int64; symbolic sizes are computed from the inputs. */
  dims(shape: Shape): string;
  dtype(type: DType | 'int64'): number;
  /** One Gemm for (A B) + C, if the node is such a sum of full matrices, or of a matrix and a row. */
  matMulAdd(node: Node): string | undefined;
}

const ops = new Map<string, Op>();

/** Registers an op and returns the function that makes its nodes. */
export function defineOp<A extends Attributes = Attributes>(
  name: string,
  rules: {
    shape(inputs: readonly Shape[], attributes: A): Shape;
    dtype?: DType;
    gradient?(dy: Node, inputs: readonly Node[], y: Node, attributes: A): readonly (Node | undefined)[];
    onnx(emit: Lowering, inputs: readonly string[], attributes: A, node: Node): string;
  },
): (inputs: readonly Node[], attributes: A) => Node {
  const gradient = rules.gradient?.bind(rules);
  const op: Op = {
    name,
    dtype: rules.dtype,
    shape: (inputs, attributes) => rules.shape(inputs, attributes as A),
    gradient: gradient && ((dy, inputs, y) => gradient(dy, inputs, y, y.attributes as A)),
    onnx: (emit, inputs, node) => rules.onnx(emit, inputs, node.attributes as A, node),
  };
  ops.set(name, op);
  return (inputs, attributes) => ({
    op,
    inputs,
    attributes,
    shape: op.shape(
      inputs.map((x) => x.shape),
      attributes,
    ),
    dtype: op.dtype ?? inputs[0].dtype,
  });
}

/** All ops, for tests that must cover each of them. */
export const allOps = (): readonly Op[] => [...ops.values()];

const inputOp: Op = {
  name: 'Input',
  shape: () => [],
  onnx: (emit, _inputs, node) => emit.input(node),
};

/** A value that is fed in each run. Names are unique within a graph. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Node {
  return { op: inputOp, inputs: [], attributes: { name }, shape, dtype };
}

export const isInput = (node: Node): boolean => node.op === inputOp;
export const inputName = (node: Node): string => node.attributes.name as string;

const constantOp: Op = {
  name: 'Constant',
  shape: () => [],
  onnx: (emit, _inputs, node) => emit.constant(node.dtype, node.attributes.values as readonly number[], node.shape as readonly number[]),
};

/** A small constant that is part of the graph. */
export function constant(values: readonly number[] | number, shape: readonly number[] = [], dtype: DType = 'float32'): Node {
  return { op: constantOp, inputs: [], attributes: { values: typeof values === 'number' ? [values] : values }, shape, dtype };
}

/** All nodes that the outputs need, inputs before users, each once. */
export function topological(outputs: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  for (const output of outputs) {
    if (seen.has(output)) continue;
    seen.add(output);
    stack.push({ node: output, next: 0 });
    while (stack.length) {
      const top = stack[stack.length - 1];
      if (top.next < top.node.inputs.length) {
        const child = top.node.inputs[top.next++];
        if (!seen.has(child)) {
          seen.add(child);
          stack.push({ node: child, next: 0 });
        }
      } else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** Product of dimensions; sums cannot be multiplied. */
export function product(dims: readonly Dim[]): Dim {
  let factor = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (typeof dim === 'number') {
      factor *= dim;
      continue;
    }
    if (dim.includes('+')) throw shapeError(`cannot multiply the sum ${dim}`);
    for (const part of dim.split('*')) {
      if (/^\d+$/.test(part)) factor *= Number(part);
      else symbols.push(part);
    }
  }
  if (!symbols.length || factor === 0) return factor;
  return (factor === 1 ? symbols.sort() : [String(factor), ...symbols.sort()]).join('*');
}

/** Sum of dimensions, in a canonical order. */
export const sumOf = (dims: readonly Dim[]): Dim => polynomial(dims.map((dim) => [dim, 1]));

/** end - start, which must not be negative in any symbol. */
export const difference = (end: Dim, start: Dim): Dim =>
  polynomial([
    [end, 1],
    [start, -1],
  ]);

function polynomial(parts: readonly (readonly [Dim, 1 | -1])[]): Dim {
  const terms = new Map<string, number>();
  for (const [dim, sign] of parts) {
    for (const term of String(dim).split('+')) {
      const factors = term.split('*');
      const factor = /^\d+$/.test(factors[0]) ? Number(factors.shift()) : 1;
      const symbol = factors.join('*');
      terms.set(symbol, (terms.get(symbol) ?? 0) + sign * factor);
    }
  }
  const number = terms.get('') ?? 0;
  terms.delete('');
  const symbolic = [...terms].filter(([, factor]) => factor !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (number < 0 || symbolic.some(([, factor]) => factor < 0))
    throw shapeError(`a size below zero: ${parts.map(([dim]) => dim).join(' - ')}`);
  if (!symbolic.length) return number;
  const written = symbolic.map(([symbol, factor]) => (factor === 1 ? symbol : `${factor}*${symbol}`));
  return [...written, ...(number ? [String(number)] : [])].join('+');
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

export function shapeError(message: string): TandemError {
  return new TandemError('shape', message);
}

/** NumPy's broadcasting over symbolic dimensions. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw shapeError(`cannot broadcast [${a.join(', ')}] with [${b.join(', ')}]`);
  });
}
