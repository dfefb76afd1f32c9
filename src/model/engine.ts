/** @file One model's weights and compiled graphs. Frozen weights are in memory once, whichever graph reads them. */
import { TandemError } from '../errors.ts';
import type { Executable, Executor, TensorValue } from '../tensor/executor.ts';
import { input, product, type Node } from '../tensor/graph.ts';
import { logSoftmax } from '../tensor/neuralOps.ts';
import { gatherRows, reshape } from '../tensor/ops.ts';
import { linearSizes, type Adapter } from './adapter.ts';
import { f32 } from './frozen/f32.ts';
import { frozenWeights, type FrozenWeights } from './frozen/frozenWeights.ts';
import type { LinearName } from './linears.ts';
import type { ModelShape } from './modelShape.ts';

import { inverseFrequencies } from './rotary.ts';
import { transformerGraph, type Transformer } from './transformerGraph.ts';
import type { WeightTensor } from './weightTensor.ts';

export interface Engine extends Transformer {
  /** The inputs of every graph: vectors by Hugging Face's names, matrices in the inputs of their form, and the rotary tables `cos` and `sin`. */
  readonly weights: Readonly<Record<string, TensorValue>>;
  /** The float32 numbers of a matrix that graphs compute with. */
  matrix(name: string): WeightTensor;
  /** Compiles on first use, then caches by name. */
  graph(name: string, outputs: () => Readonly<Record<string, Node>>): Promise<Executable>;
  /** Must be called after weights were changed in place, because executors may keep copies in their own format. */
  weightsChanged(): void;
  dispose(): Promise<void>;
}

/** Weights in a form, or float32 tensors by Hugging Face's names. */
export type Weights = FrozenWeights | ReadonlyMap<string, WeightTensor>;

export function makeEngine(config: ModelShape, weights: Weights, executor: Executor): Engine {
  const compiled = new Map<string, Promise<Executable>>();
  const { form, feeds: fed } = 'form' in weights ? weights : frozenWeights(weights, f32);
  const values: Record<string, TensorValue> = { ...fed, ...rotaryTables(config) };
  const numbers = new Map<string, WeightTensor>();
  return {
    config,
    form,
    weights: values,
    matrix(name) {
      const found = numbers.get(name) ?? form.numbers(name, values);
      numbers.set(name, found);
      return found;
    },
    graph(name, outputs) {
      const known = compiled.get(name);
      if (known) return known;
      const fresh = executor.compile(outputs());
      compiled.set(name, fresh);
      return fresh;
    },
    weightsChanged() {
      for (const name of Object.keys(fed)) values[name] = { ...values[name] };
      numbers.clear();
    },
    async dispose() {
      for (const executable of compiled.values()) await (await executable).dispose();
      compiled.clear();
    },
  };
}

/** @throws TandemError 'too-long' for more tokens than the model has positions */
export function requirePositions({ maxPositions }: ModelShape, tokens: number): void {
  if (tokens <= maxPositions) return;
  throw new TandemError('too-long', `A prompt with its answer has ${tokens} tokens, but the model reads at most ${maxPositions}.`, {
    hint: 'Shorten the prompt or remove demonstrations.',
  });
}

/** The graph that scores: log-probabilities of chosen tokens. `picks` are indices into [M, vocabulary] flattened -> [K]. */
export function scoringGraph(transformer: Transformer, { targets, soft }: GraphVariant): Readonly<Record<string, Node>> {
  const { logits } = transformerGraph(transformer, { adapter: targets, soft, prefix: 'cached', past: false });
  const flat = reshape(logSoftmax(logits), [product(['M', transformer.config.vocabularySize])]);
  return { logProbabilities: gatherRows(flat, input('picks', ['K'], 'int32')) };
}

/** The graph that continues rows: logits [M, vocabulary], and all keys and values of their own tokens. */
export function stepGraph(transformer: Transformer, { targets, soft }: GraphVariant): Readonly<Record<string, Node>> {
  const { logits, cache } = transformerGraph(transformer, { adapter: targets, soft, prefix: 'cached', past: true });
  return { logits, ...Object.fromEntries(cache) };
}

/** The graph variant for an adapter, and for tokens some of which are virtual. */
export interface GraphVariant {
  readonly targets?: readonly LinearName[];
  readonly soft: boolean;
}

/** The name of a graph's variant. */
export const variant = (kind: string, { targets, soft }: GraphVariant): string =>
  `${kind}:${targets?.join() ?? 'base'}${soft ? ':soft' : ''}`;

/** The adapter's matrices as the graph's inputs, created once. */
export function adapterFeeds(config: ModelShape, adapter: Adapter): Readonly<Record<string, TensorValue>> {
  const known = fed.get(adapter);
  if (known) return known;
  const feeds = loraFeeds(config, adapter);
  fed.set(adapter, feeds);
  return feeds;
}
const fed = new WeakMap<Adapter, Readonly<Record<string, TensorValue>>>();

/** LoRA matrices as the graph's inputs, with alpha / rank multiplied into B. Linears that the adapter lacks in a layer are zero. */
export function loraFeeds(
  config: ModelShape,
  { config: { rank, alpha, targets }, pairs }: Pick<Adapter, 'config' | 'pairs'>,
): Record<string, TensorValue> {
  const feeds: Record<string, TensorValue> = pairs.length < config.layers * targets.length ? zeroFeeds(config, rank, targets) : {};
  for (const { layer, linear, a, b } of pairs) {
    const { inputs, outputs } = linearSizes(config, linear);
    if (layer >= config.layers || a.length !== rank * inputs || b.length !== rank * outputs) {
      throw new TandemError('adapter-mismatch', `The adapter was made for another model: its ${linear} of layer ${layer} does not fit.`, {
        hint: 'Use it with the model that it was tuned on, or tune again.',
      });
    }
    feeds[`layers.${layer}.${linear}.a`] = { shape: [rank, a.length / rank], data: a };
    feeds[`layers.${layer}.${linear}.b`] = { shape: [b.length / rank, rank], data: b.map((value) => (value * alpha) / rank) };
  }
  return feeds;
}

function zeroFeeds(config: ModelShape, rank: number, targets: readonly LinearName[]): Record<string, TensorValue> {
  const feeds: Record<string, TensorValue> = {};
  for (const linear of targets) {
    const { inputs, outputs } = linearSizes(config, linear);
    const a = { shape: [rank, inputs], data: new Float32Array(rank * inputs) };
    const b = { shape: [outputs, rank], data: new Float32Array(outputs * rank) };
    for (let layer = 0; layer < config.layers; layer++) {
      feeds[`layers.${layer}.${linear}.a`] = a;
      feeds[`layers.${layer}.${linear}.b`] = b;
    }
  }
  return feeds;
}

/** cos and sin of every position up to the model's context length: [positions, headSize / 2]. */
function rotaryTables(config: ModelShape): Record<'cos' | 'sin', TensorValue> {
  const frequencies = inverseFrequencies(config);
  const factor = config.ropeScaling?.type === 'yarn' ? config.ropeScaling.attentionFactor : 1;
  const shape = [config.maxPositions, frequencies.length];
  const table = (f: (angle: number) => number): TensorValue => {
    const data = new Float32Array(shape[0] * shape[1]);
    for (let position = 0, at = 0; position < shape[0]; position++)
      for (const frequency of frequencies) data[at++] = f(position * frequency) * factor;
    return { shape, data };
  };
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
