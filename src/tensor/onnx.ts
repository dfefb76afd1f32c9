/** @file Writes a graph as an ONNX model: lowers it, shares common subexpressions, drops dead nodes, and encodes the result as protobuf. */
import protobuf from 'protobufjs';
import {
  float,
  inputName,
  isInput,
  sameShape,
  topological,
  type Dim,
  type DType,
  type Lowering,
  type Node,
  type OnnxAttribute,
  type Shape,
} from './graph.ts';
import { TandemError } from '../errors.ts';

/** The ONNX bytes of a graph, with `outputs` under the given names. */
export function onnxModel(outputs: Readonly<Record<string, Node>>): Uint8Array {
  const order = topological(Object.values(outputs));
  const names = new Map<Node, string>();
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const known = new Map<string, string>();
  const inputs = inputsOf(order);
  const shared = (key: string, make: (name: string) => void): string => {
    const found = known.get(key);
    if (found) return found;
    const name = `v${known.size}`;
    known.set(key, name);
    make(name);
    return name;
  };
  const emit: Lowering = {
    node: (type, nodeInputs, attributes = {}, domain = '') =>
      shared(JSON.stringify([type, nodeInputs, attributes, domain]), (name) =>
        nodes.push({
          opType: type,
          domain,
          input: [...nodeInputs],
          output: [name],
          attribute: Object.entries(attributes).map(attributeOf),
        }),
      ),
    input: inputName,
    constant: (dtype, values, shape) =>
      shared(JSON.stringify(['constant', dtype, values, shape]), (name) =>
        initializers.push({ name, dims: [...shape], dataType: dtypes[dtype], rawData: bytesOf(dtype, values) }),
      ),
    ints: (values) => emit.constant('int64', values, [values.length]),
    dims: (shape) => {
      if (shape.every((dim) => typeof dim === 'number')) return emit.ints(shape);
      const parts = shape.map((dim) => dimension(emit, inputs, dim));
      return parts.length === 1 ? parts[0] : emit.node('Concat', parts, { axis: 0 });
    },
    dtype: (type) => dtypes[type],
    matMulAdd: (node) => {
      for (const [at, matMul] of node.inputs.entries()) {
        const rest = node.inputs[1 - at];
        if (
          matMul.op.name !== 'MatMul' ||
          matMul.shape.length !== 2 ||
          (rest.shape.join() !== node.shape.join() && rest.shape.join() !== String(node.shape[1])) ||
          matMul.shape.join() !== node.shape.join()
        )
          continue;
        const { transA, transB, alpha } = matMul.attributes as { transA: boolean; transB: boolean; alpha: number };
        const operands = [...matMul.inputs, rest].map((x) => names.get(x) as string);
        return emit.node('Gemm', operands, { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: float(alpha) });
      }
      return undefined;
    },
  };
  for (const node of order) {
    const inputsOfNode = node.inputs.map((x) => names.get(x) as string);
    names.set(node, node.op.onnx(emit, inputsOfNode, node));
  }
  const results = Object.entries(outputs).map(([name, node]) => {
    nodes.push({ opType: 'Identity', domain: '', input: [names.get(node) as string], output: [name], attribute: [] });
    return { name, type: typeOf(node.dtype, node.shape) };
  });
  const written = alive(nodes, Object.keys(outputs));
  const types = new Map(order.map((node) => [names.get(node) as string, typeOf(node.dtype, node.shape)]));
  const model = {
    irVersion: 9,
    producerName: 'tandem',
    opsetImport: [
      { domain: '', version: 18 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'tandem',
      node: written,
      initializer: initializers,
      input: inputs.map((node) => ({ name: inputName(node), type: typeOf(node.dtype, node.shape) })),
      output: results,
      // ONNX Runtime cannot infer sizes such as P+T. Without these names its planner reuses no buffer and compares each value with all earlier
      // ones: for the training graph of a 135M model it takes 4.4 s instead of 0.3 s.
      valueInfo: written.flatMap(({ output: [name] }) => (types.has(name) ? [{ name, type: types.get(name) }] : [])),
    },
  };
  return Model.encode(model).finish();
}

/** Each input once, even if several nodes stand for it. */
function inputsOf(order: readonly Node[]): Node[] {
  const found = new Map<string, Node>();
  for (const node of order.filter(isInput)) {
    const known = found.get(inputName(node)) ?? node;
    if (!sameShape(known.shape, node.shape) || known.dtype !== node.dtype)
      throw new TandemError('shape', `two inputs are named ${inputName(node)}: [${known.shape.join(', ')}] and [${node.shape.join(', ')}]`);
    found.set(inputName(node), known);
  }
  return [...found.values()];
}

/** One dimension as an int64 vector of length 1, computed as sums of products of the inputs' sizes. */
function dimension(emit: Lowering, inputs: readonly Node[], dim: Dim): string {
  if (typeof dim === 'number') return emit.ints([dim]);
  const terms = dim.split('+').map((term) => {
    const factors = term.split('*').map((factor) => (/^\d+$/.test(factor) ? emit.ints([Number(factor)]) : symbol(emit, inputs, factor)));
    return factors.reduce((a, b) => emit.node('Mul', [a, b]));
  });
  return terms.reduce((a, b) => emit.node('Add', [a, b]));
}

function symbol(emit: Lowering, inputs: readonly Node[], name: string): string {
  for (const node of inputs) {
    const axis = node.shape.indexOf(name);
    if (axis >= 0) return emit.node('Shape', [inputName(node)], { start: axis, end: axis + 1 });
  }
  throw new TandemError('shape', `no input has the dimension ${name}`);
}

function alive(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const wanted = new Set(outputs);
  const kept: OnnxNode[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (!nodes[i].output.some((name) => wanted.has(name))) continue;
    kept.push(nodes[i]);
    nodes[i].input.forEach((name) => wanted.add(name));
  }
  return kept.reverse();
}

const dtypes: Readonly<Record<DType | 'int64', number>> = { float32: 1, int8: 3, int32: 6, int64: 7, bool: 9 };

function bytesOf(dtype: DType | 'int64', values: readonly number[]): Uint8Array {
  return new Uint8Array(typedArrays[dtype](values).buffer);
}

const typedArrays: Readonly<Record<DType | 'int64', (values: readonly number[]) => { readonly buffer: ArrayBuffer }>> = {
  float32: (values) => Float32Array.from(values),
  int8: (values) => Int8Array.from(values),
  int32: (values) => Int32Array.from(values),
  int64: (values) => BigInt64Array.from(values, BigInt),
  bool: (values) => Uint8Array.from(values),
};

function typeOf(dtype: DType, shape: Shape): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { tensorType: { elemType: dtypes[dtype], shape: { dim } } };
}

function attributeOf([name, value]: [string, OnnxAttribute]): object {
  if (typeof value === 'number') return { name, i: value, type: 2 };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  return 'float' in value ? { name, f: value.float, type: 1 } : { name, ints: [...value], type: 7 };
}

interface OnnxNode {
  opType: string;
  domain: string;
  input: string[];
  output: string[];
  attribute: object[];
}
interface OnnxTensor {
  name: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array;
}

/** The messages of onnx.proto3 that we write, with the published field numbers (onnx 1.16, IR version 9). */
const field = (type: string, id: number, repeated = false) => ({ type, id, ...(repeated && { rule: 'repeated' }) });
const Model = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        graph: field('GraphProto', 7),
        opsetImport: field('OperatorSetIdProto', 8, true),
      },
    },
    OperatorSetIdProto: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    GraphProto: {
      fields: {
        node: field('NodeProto', 1, true),
        name: field('string', 2),
        initializer: field('TensorProto', 5, true),
        input: field('ValueInfoProto', 11, true),
        output: field('ValueInfoProto', 12, true),
        valueInfo: field('ValueInfoProto', 13, true),
      },
    },
    NodeProto: {
      fields: {
        input: field('string', 1, true),
        output: field('string', 2, true),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: field('AttributeProto', 5, true),
        domain: field('string', 7),
      },
    },
    AttributeProto: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        ints: field('int64', 8, true),
        type: field('int32', 20),
      },
    },
    TensorProto: {
      fields: { dims: field('int64', 1, true), dataType: field('int32', 2), name: field('string', 8), rawData: field('bytes', 9) },
    },
    ValueInfoProto: { fields: { name: field('string', 1), type: field('TypeProto', 2) } },
    TypeProto: { fields: { tensorType: field('TypeProtoTensor', 1) } },
    TypeProtoTensor: { fields: { elemType: field('int32', 1), shape: field('TensorShapeProto', 2) } },
    TensorShapeProto: { fields: { dim: field('Dimension', 1, true) } },
    Dimension: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
  },
}).lookupType('ModelProto');
