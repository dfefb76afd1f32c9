/** @file Runs graphs on TensorFlow.js: an option in the settings, and the independent reference for ONNX Runtime in tests. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { TandemError } from '../errors.ts';
import { pulse } from '../pulse.ts';
import type { Backend, Executor, TensorValue } from './executor.ts';
import { inputName, isInput, topological, type Dim, type Node } from './graph.ts';
import { tensorFlowKernels, type Kernel, type TensorFlow } from './tensorflowOps.ts';

/**
 * @param options.backend default: the first that this machine has of 'node', if `@tensorflow/tfjs-node` is installed, 'wasm' and 'cpu'.
 *   'cpu' is plain JavaScript: exact, and only for tiny models.
 * @throws TandemError 'missing-backend'
 */
export async function tensorFlowExecutor(options: { backend?: Backend } = {}): Promise<Executor> {
  const { tf, backend } = await exclusively(() => loadFirst(options.backend ? [options.backend] : ['node', 'wasm', 'cpu']));
  const kernels = tensorFlowKernels(tf, backend);
  const uploads = makeUploads(tf);
  let compiled = 0;
  return {
    name: `tensorflow-${backend}`,
    async compile(outputs) {
      const steps = stepsOf(outputs, kernels);
      compiled++;
      return {
        run: (feeds) => exclusively(() => run(tf, backend, uploads, steps, feeds)),
        dispose: () => exclusively(async () => void (--compiled === 0 && uploads.clear())),
      };
    },
  };
}

/** TensorFlow.js has one current backend per process, so runs take turns. */
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const result = current.then(work);
  current = result.catch(() => undefined);
  return result;
}
let current: Promise<unknown> = Promise.resolve();

// ---- backends ----

async function loadFirst(backends: readonly Backend[]): Promise<{ tf: TensorFlow; backend: Backend }> {
  let cause: unknown;
  for (const backend of backends) {
    try {
      const tf = await loaders[backend]();
      await select(tf, backend);
      if (tf.tidy(() => tf.add(tf.scalar(1), tf.scalar(2)).dataSync())[0] === 3) return { tf, backend };
    } catch (error) {
      cause = error;
    }
  }
  throw new TandemError('missing-backend', `TensorFlow.js does not run here with the backend ${backends.join(' or ')}.`, {
    hint: backends.includes('node')
      ? 'Install @tensorflow/tfjs-node (Node 22 or older), or choose another backend.'
      : 'Choose another backend.',
    cause,
  });
}

const loaders: Readonly<Record<Backend, () => Promise<TensorFlow>>> = {
  async node() {
    // The package is the user's own installation, so bundlers must not resolve it.
    const name = ['@tensorflow', 'tfjs-node'].join('/');
    const found = (await import(/* @vite-ignore */ name)) as TensorFlow & { default?: TensorFlow };
    return quiet(found.default ?? found);
  },
  async wasm() {
    const tf = quiet(await import('@tensorflow/tfjs-core'));
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
    if (!tf.engine().registry.wasm) setWasmPaths(join(folder, 'dist', '/'));
    return tf;
  },
  async cpu() {
    const tf = quiet(await import('@tensorflow/tfjs-core'));
    await import('@tensorflow/tfjs-backend-cpu');
    return tf;
  },
};

/** Suppresses the banner that recommends tfjs-node. */
function quiet(tf: TensorFlow): TensorFlow {
  tf.env().set('PROD', true);
  return tf;
}

async function select(tf: TensorFlow, backend: Backend): Promise<void> {
  const name = backend === 'node' ? 'tensorflow' : backend;
  if (tf.getBackend() === name) return;
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.listeners(event as 'uncaughtException'));
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend ${name}`);
  // Emscripten's loader makes every unhandled rejection fatal for the whole process, so its handlers are removed.
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as 'uncaughtException'))
      if (!before[i].includes(listener)) process.removeListener(event, listener);
  });
}

// ---- running ----

interface Step {
  readonly node: Node;
  /** Absent for inputs. */
  readonly kernel?: Kernel;
  /** The results that this step computes. */
  readonly outputs: readonly string[];
  /** Nodes that nothing needs after this step. */
  readonly last: readonly Node[];
}

function stepsOf(outputs: Readonly<Record<string, Node>>, kernels: ReadonlyMap<string, Kernel>): Step[] {
  const order = topological(Object.values(outputs));
  const lastUser = new Map<Node, Node>();
  for (const node of order) for (const used of [node, ...node.inputs]) lastUser.set(used, node);
  const freed = inverse(lastUser);
  const named = inverse(Object.entries(outputs));
  return order.map((node) => {
    const kernel = kernels.get(node.op.name);
    if (!kernel && !isInput(node)) throw new TandemError('unsupported-op', `TensorFlow.js has no kernel for the op ${node.op.name}.`);
    return { node, kernel, outputs: named.get(node) ?? [], last: freed.get(node) ?? [] };
  });
}

/** All keys of each value. */
function inverse<K, V>(pairs: Iterable<readonly [K, V]>): Map<V, K[]> {
  const found = new Map<V, K[]>();
  for (const [key, value] of pairs) found.set(value, [...(found.get(value) ?? []), key]);
  return found;
}

async function run(
  tf: TensorFlow,
  backend: Backend,
  uploads: Uploads,
  steps: readonly Step[],
  feeds: Readonly<Record<string, TensorValue>>,
): Promise<Record<string, TensorValue>> {
  await select(tf, backend);
  const size = sizesOf(steps.map((step) => step.node).filter(isInput), feeds);
  const results: Record<string, TensorValue> = {};
  const alive = new Map<Node, Tensor>();
  const free = (node: Node): void => {
    const tensor = alive.get(node);
    alive.delete(node);
    if (tensor && !uploads.keeps(tensor)) tensor.dispose();
  };
  uploads.nextRun();
  try {
    let pause = performance.now() + longestBlock;
    for (const { node, kernel, outputs, last } of steps) {
      if (performance.now() > pause) {
        await setImmediate();
        pulse();
        pause = performance.now() + longestBlock;
      }
      const inputs = node.inputs.map((x) => alive.get(x) as Tensor);
      alive.set(node, kernel ? tf.tidy(() => kernel(inputs, node, size)) : uploads.tensor(feeds[inputName(node)]));
      for (const name of outputs) results[name] = valueOf(alive.get(node) as Tensor);
      last.forEach(free);
    }
    return results;
  } finally {
    for (const node of [...alive.keys()]) free(node);
  }
}

/** Milliseconds after which a run lets other work proceed. */
const longestBlock = 30;

/** Copies the data, because on the cpu backend several tensors and the feeds share it. */
function valueOf(tensor: Tensor): TensorValue {
  const data = tensor.dataSync();
  return { shape: [...tensor.shape], data: tensor.dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data) };
}

/** The size of each dimension in this run, taken from the feeds. */
function sizesOf(inputs: readonly Node[], feeds: Readonly<Record<string, TensorValue>>): (dim: Dim) => number {
  const known = new Map<Dim, number>();
  const size = (dim: Dim): number => {
    if (typeof dim === 'number') return dim;
    const found = known.get(dim) ?? sumOfProducts(dim, known);
    known.set(dim, found);
    return found;
  };
  const misfit = (node: Node, { shape }: TensorValue): TandemError =>
    new TandemError('shape', `the input ${inputName(node)} is [${node.shape.join(', ')}]; it was fed as [${shape.join(', ')}]`);
  for (const node of inputs) {
    const value = feeds[inputName(node)];
    if (!value) throw new TandemError('missing-feed', `the graph's input ${inputName(node)} was not fed`);
    if (value.shape.length !== node.shape.length) throw misfit(node, value);
    node.shape.forEach((dim, i) => typeof dim === 'string' && /^[^*+]+$/.test(dim) && !known.has(dim) && known.set(dim, value.shape[i]));
  }
  for (const node of inputs) {
    const value = feeds[inputName(node)];
    if (value.shape.some((actual, i) => actual !== size(node.shape[i]))) throw misfit(node, value);
  }
  return size;
}

function sumOfProducts(dim: string, known: ReadonlyMap<Dim, number>): number {
  const factor = (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : known.get(text);
    if (value === undefined) throw new TandemError('shape', `no input has the dimension ${text}`);
    return value;
  };
  return dim.split('+').reduce((sum, term) => sum + term.split('*').reduce((product, text) => product * factor(text), 1), 0);
}

interface Uploads {
  /** The value on the backend. The caller disposes of it unless it is kept. */
  tensor(value: TensorValue): Tensor;
  keeps(tensor: Tensor): boolean;
  nextRun(): void;
  clear(): void;
}

/** Its smallest integers have 32 bits. */
function upload(tf: TensorFlow, { shape, data }: TensorValue): Tensor {
  if (data instanceof Float32Array) return tf.tensor(data, [...shape], 'float32');
  return tf.tensor(data instanceof Int8Array ? Int32Array.from(data) : data, [...shape], 'int32');
}

/**
 * A value that is fed a second time (the same object) is treated as a frozen weight: it stays on the backend until it has not been fed for
 * some runs. An array that was changed in place must be fed as a new object.
 */
function makeUploads(tf: TensorFlow, patience = 16): Uploads {
  const seen = new WeakSet<TensorValue>();
  const kept = new Map<TensorValue, { tensor: Tensor; run: number }>();
  const tensors = new Set<Tensor>();
  let now = 0;
  const drop = (value: TensorValue, tensor: Tensor): void => {
    kept.delete(value);
    tensors.delete(tensor);
    tensor.dispose();
  };
  return {
    tensor(value) {
      const known = kept.get(value);
      if (known) known.run = now;
      const tensor = known?.tensor ?? upload(tf, value);
      if (!known && seen.has(value)) {
        kept.set(value, { tensor, run: now });
        tensors.add(tensor);
      }
      seen.add(value);
      return tensor;
    },
    keeps: (tensor) => tensors.has(tensor),
    nextRun() {
      now++;
      for (const [value, { tensor, run }] of kept) if (now - run > patience) drop(value, tensor);
    },
    clear() {
      for (const [value, { tensor }] of kept) drop(value, tensor);
    },
  };
}
