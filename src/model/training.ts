/** @file Gradients of the log-likelihood of answers: forward and backward as one graph, the shared prompt computed once. */
import { randomStream } from '../random.ts';
import type { TensorValue } from '../tensor/executor.ts';
import { gradients } from '../tensor/gradients.ts';
import { constant, input, sumOf, type Node } from '../tensor/graph.ts';
import { crossEntropy } from '../tensor/neuralOps.ts';
import { add, cast, floor, gatherRows, lessOrEqual, mul, reshape, slice, sub, sum } from '../tensor/ops.ts';
import type { LoraConfig, LoraPair } from './adapter.ts';
import { loraFeeds, requirePositions, variant, type Engine, type GraphVariant } from './engine.ts';
import { llamaGraph } from './llamaGraph.ts';
import { commonPrefix, int32, packRows, prefixFeeds } from './packing.ts';
import { softFeeds, type SoftPrompt } from './softPrompt.ts';

/** A prompt and the answer whose likelihood is raised, as tokens. */
export interface TrainingExample {
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
}

export interface BatchGradient {
  /** Mean negative log-likelihood of an answer, nats a row. */
  readonly loss: number;
  /** Of that loss, by parameter name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Tokens that were run through the model. */
  readonly tokens: number;
}

/** What is trained: the matrices of a LoRA and, where the prompts have virtual tokens, the soft prompt; or every weight of the model. */
export type Trainable = { readonly config: LoraConfig; readonly pairs: readonly LoraPair[]; readonly soft?: SoftPrompt } | 'weights';

/** Tokens, shared ones included, that one run takes; larger batches are run in parts whose gradients add up: 2 GB with SmolLM2-135M. */
const tokensPerRun = 896;

/**
 * The gradient of the mean negative log-likelihood of the answers given the prompts.
 * The prompts' common prefix is computed once a run and receives gradients from every row.
 * @param dropoutSeed names the dropout masks of this step; the same seed gives the same masks
 * @param limit tokens a run, or somewhat more: a row is not divided
 * @throws TandemError 'too-long'
 */
export async function batchGradient(
  engine: Engine,
  trainable: Trainable,
  examples: readonly TrainingExample[],
  dropoutSeed: number,
  limit = tokensPerRun,
): Promise<BatchGradient> {
  for (const { prompt, answer } of examples) requirePositions(engine.config, prompt.length + answer.length - 1);
  const shared = commonPrefix(examples.map((example) => example.prompt));
  const total = new Map<string, Float32Array>();
  let loss = 0;
  let tokens = 0;
  for (const part of parts(examples, shared, Math.max(limit - shared, limit / 4))) {
    const result = await partGradient(engine, trainable, part, shared, examples.length, dropoutSeed);
    loss += result.loss;
    tokens += result.tokens;
    for (const [name, gradient] of result.gradients) {
      const sum = total.get(name);
      if (sum) for (let i = 0; i < sum.length; i++) sum[i] += gradient[i];
      else total.set(name, gradient);
    }
  }
  return { loss, gradients: total, tokens };
}

function parts(examples: readonly TrainingExample[], shared: number, most: number): TrainingExample[][] {
  const sizeOf = (example: TrainingExample): number => example.prompt.length - shared + example.answer.length - 1;
  const sorted = [...examples].sort((a, b) => sizeOf(a) - sizeOf(b));
  const all = sorted.reduce((sum, example) => sum + sizeOf(example), 0);
  const limit = all / Math.ceil(all / most);
  const result: TrainingExample[][] = [[]];
  let used = 0;
  for (const example of sorted) {
    if (used >= limit) {
      result.push([]);
      used = 0;
    }
    result[result.length - 1].push(example);
    used += sizeOf(example);
  }
  return result;
}

async function partGradient(
  engine: Engine,
  trainable: Trainable,
  examples: readonly TrainingExample[],
  shared: number,
  batchRows: number,
  dropoutSeed: number,
): Promise<BatchGradient> {
  const adapter = trainable === 'weights' ? undefined : trainable;
  const dropout = adapter?.config.dropout ?? 0;
  const packing = packRows(
    examples.map(({ prompt, answer }) => ({ tokens: [...prompt.slice(shared), ...answer.slice(0, -1)] })),
    shared,
  );
  const asked = examples.flatMap(({ prompt, answer }, row) =>
    answer.map((_, t) => shared + packing.offsets[row] + prompt.length - shared - 1 + t),
  );
  const targets = examples.flatMap(({ answer }) => answer);
  const tokens = shared + packing.feeds.ids.data.length;
  const prefix = prefixFeeds(examples[0].prompt.slice(0, shared));
  const soft = softFeeds(engine.config, adapter?.soft, { ...prefix, ...packing.feeds });
  const shape = { targets: adapter?.config.targets, soft: soft !== undefined };
  const graph = await engine.graph(variant(`train:${dropout > 0 ? 'dropout' : ''}`, shape), () =>
    trainingGraph(engine, shape, dropout > 0),
  );
  const results = await graph.run({
    ...engine.weights,
    ...(adapter && loraFeeds(engine.config, adapter)),
    ...prefix,
    ...packing.feeds,
    ...soft,
    asked: int32(asked),
    targets: int32(targets),
    rowWeight: scalar(1 / batchRows),
    ...(dropout > 0 && dropoutFeeds(dropout, dropoutSeed, tokens, Math.max(engine.config.hiddenSize, engine.config.intermediateSize))),
  });
  const found = new Map<string, Float32Array>();
  for (const [name, value] of Object.entries(results))
    if (name.startsWith(gradientOf)) found.set(name.slice(gradientOf.length), value.data as Float32Array);
  if (adapter) unscale(found, adapter.config.alpha / adapter.config.rank);
  return { loss: results.loss.data[0], gradients: found, tokens };
}

/** The graph sees B times alpha / rank; the parameter is B. */
function unscale(found: ReadonlyMap<string, Float32Array>, scale: number): void {
  for (const [name, gradient] of found) if (name.endsWith('.b')) for (let i = 0; i < gradient.length; i++) gradient[i] *= scale;
}

const gradientOf = 'gradient of ';

/** LoRA and soft prompt stand in one graph: one forward and one backward for both. */
function trainingGraph(engine: Engine, { targets, soft }: GraphVariant, dropout: boolean): Readonly<Record<string, Node>> {
  const graph = llamaGraph(engine.config, {
    adapter: targets,
    soft,
    dropout: dropout ? dropoutNode() : undefined,
    prefix: 'computed',
    past: false,
  });
  const loss = sum(mul(crossEntropy(graph.logits, input('targets', ['M'], 'int32')), input('rowWeight', [])));
  const trained = [...graph.parameters].filter(([name]) => !targets || name === 'soft' || /\.[ab]$/.test(name));
  const adjoints = gradients(
    loss,
    trained.map(([, node]) => node),
  );
  return { loss, ...Object.fromEntries(trained.map(([name], i) => [gradientOf + name, adjoints[i]])) };
}

/**
 * Inverted dropout on the input of each A. A mask's noise is the fractional part of a product of two random vectors, one over tokens and
 * one over features: seeded from outside, the same in every executor, and no [tokens, features] array has to be fed.
 */
function dropoutNode(): (x: Node, name: string) => Node {
  const tokens = input('dropoutTokens', [sumOf(['P', 'T'])]);
  const features = input('dropoutFeatures', ['D']);
  const rate = input('dropoutRate', []);
  let linear = 0;
  return (x) => {
    const width = x.shape[1] as number;
    const shift = add(slice(features, 0, 0, width), constant(((++linear * 0.618034) % 1) + 0.01));
    // The last layer's x holds the asked positions only.
    const own = x.shape[0] === 'M' ? gatherRows(tokens, input('asked', ['M'], 'int32')) : tokens;
    const product = mul(reshape(own, [x.shape[0], 1]), reshape(shift, [1, width]));
    const noise = sub(product, floor([product], {}));
    const kept = cast(lessOrEqual(rate, noise), 'float32');
    return mul(x, mul(kept, input('dropoutScale', [])));
  };
}

function dropoutFeeds(rate: number, seed: number, tokens: number, features: number): Record<string, TensorValue> {
  const random = randomStream(seed, 'dropout');
  const draw = (length: number, scale: number): TensorValue => ({
    shape: [length],
    data: Float32Array.from({ length }, () => random.uniform() * scale),
  });
  return {
    dropoutTokens: draw(tokens, 1000),
    dropoutFeatures: draw(features, 1),
    dropoutRate: scalar(rate),
    dropoutScale: scalar(1 / (1 - rate)),
  };
}

const scalar = (value: number): TensorValue => ({ shape: [], data: Float32Array.of(value) });
