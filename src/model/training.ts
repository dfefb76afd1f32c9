/** @file Gradients of the log-likelihood of answers: forward and backward as one graph, the shared prompt computed once. */
import { randomStream } from '../random.ts';
import type { TensorValue } from '../tensor/executor.ts';
import { gradients } from '../tensor/gradients.ts';
import { constant, input, sumOf, type Dim, type Node } from '../tensor/graph.ts';
import { crossEntropy } from '../tensor/neuralOps.ts';
import { add, cast, floor, gatherRows, lessOrEqual, mul, reshape, slice, sub, sum } from '../tensor/ops.ts';
import type { LoraConfig, LoraPair } from './adapter.ts';
import { loraFeeds, requirePositions, variant, type Engine, type GraphVariant } from './engine.ts';
import { transformerGraph } from './transformerGraph.ts';
import { commonPrefix, int32, packRows, prefixFeeds } from './packing.ts';
import { continued, emptyPrefix } from './prefixCache.ts';
import { softFeeds, type SoftPrompt } from './softPrompt.ts';

/** A prompt and the answer whose likelihood is raised, as tokens. */
export interface TrainingExample {
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
  /** Places in the prompt of other answers whose likelihood is also raised, first to last: those of the worked examples before the question. */
  readonly earlier?: readonly TokenSpan[];
}

/** Tokens [start, end) of a prompt. Start is at least 1. */
export interface TokenSpan {
  readonly start: number;
  readonly end: number;
}

/** The number of answers that are learned from an example. */
const answersIn = ({ earlier = [] }: TrainingExample): number => 1 + earlier.length;

/** The tokens of a forward pass over examples: those that they share and run once, all others, and the number of answers learned from them. */
export function tokensOf(examples: readonly TrainingExample[]): {
  readonly shared: number;
  readonly own: number;
  readonly answers: number;
} {
  const shared = sharedPrefix(examples);
  return {
    shared,
    own: examples.reduce((sum, { prompt, answer }) => sum + prompt.length - shared + answer.length - 1, 0),
    answers: examples.reduce((sum, example) => sum + answersIn(example), 0),
  };
}

/**
 * How many tokens the examples have in common and share in a run. A learned answer is predicted from a token of the example's own.
 */
export const sharedPrefix = (examples: readonly TrainingExample[]): number =>
  Math.min(
    commonPrefix(examples.map(({ prompt }) => prompt)),
    ...examples.map(({ earlier = [] }) => (earlier.at(0)?.start ?? Infinity) - 1),
  );

export interface BatchGradient {
  /** Mean negative log-likelihood of an answer, in nats. */
  readonly loss: number;
  /** The gradient of that loss, by parameter name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Tokens that were run through the model. */
  readonly tokens: number;
}

/** What is trained: the matrices of a LoRA and, where the prompts have virtual tokens, the soft prompt; or every weight of the model. */
export type Trainable = { readonly config: LoraConfig; readonly pairs: readonly LoraPair[]; readonly soft?: SoftPrompt } | 'weights';

/** The most tokens of one run, including shared ones. Larger batches are run in parts whose gradients are summed: 2 GB with SmolLM2-135M. */
const tokensPerRun = 896;

/**
 * The most pairs of a token and one that it attends to, over all heads and layers, whose scores one run stores for its backward pass: about 4 GB. A row of
 * SmolLM2-135M has this many with 900 tokens.
 */
const pairsPerRun = 2.2e8;

export interface RunLimits {
  /** Tokens per run, or slightly more. */
  readonly tokens?: number;
  readonly pairs?: number;
}

/**
 * The gradient of the mean negative log-likelihood of the answers given the prompts.
 * The prompts' common prefix is computed once per run and receives gradients from every row.
 * @param dropoutSeed names the dropout masks of this step; the same seed gives the same masks
 * @param limits if a LoRA is trained, a row or a prefix that alone has more pairs than a run may store keeps its loss, but its gradient
 *   flows only through the last tokens, and the earlier ones count as constant (truncated backpropagation)
 * @throws TandemError 'too-long'
 */
export async function batchGradient(
  engine: Engine,
  trainable: Trainable,
  examples: readonly TrainingExample[],
  dropoutSeed: number,
  limits: RunLimits = {},
): Promise<BatchGradient> {
  for (const example of examples) requirePositions(engine.config, lengthOf(example));
  const { heads, layers } = engine.config;
  const { tokens: most = tokensPerRun, pairs = pairsPerRun } = limits;
  const pairsPerHead = pairs / (heads * layers);
  // A soft prompt is at the beginning, which is the part that would be constant.
  const isDivisible = trainable !== 'weights' && !trainable.soft;
  const common = sharedPrefix(examples);
  // A single row shares its whole prompt with itself. As much of a long one as allowed counts as its own.
  const shared = isDivisible && examples.length === 1 && common * common > pairsPerHead ? 0 : common;
  const isLong = (example: TrainingExample): boolean => isDivisible && (lengthOf(example) - shared) * lengthOf(example) > pairsPerHead;
  const short = examples.filter((example) => !isLong(example));
  const given = isDivisible && shared * shared > pairsPerHead;
  const runs = [
    ...parts(short, shared, Math.max(most - shared, most / 4), pairsPerHead).map((part) => ({ part, prefix: shared, given })),
    ...examples.filter(isLong).map((example) => {
      const own = Math.max(example.answer.length, Math.floor(pairsPerHead / lengthOf(example)));
      return { part: [example], prefix: lengthOf(example) - own, given: true };
    }),
  ];
  const answers = examples.reduce((sum, example) => sum + answersIn(example), 0);
  const total = new Map<string, Float32Array>();
  let loss = 0;
  let tokens = 0;
  for (const run of runs) {
    const result = await partGradient(engine, trainable, run, answers, dropoutSeed);
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

/** The tokens that are run. The last one of the answer is never an input. */
const lengthOf = ({ prompt, answer }: TrainingExample): number => prompt.length + answer.length - 1;

/** Parts of similar size, short rows first. */
function parts(examples: readonly TrainingExample[], shared: number, most: number, pairsPerHead: number): TrainingExample[][] {
  if (examples.length === 0) return [];
  const sizeOf = (example: TrainingExample): number => lengthOf(example) - shared;
  const sorted = [...examples].sort((a, b) => sizeOf(a) - sizeOf(b));
  const all = sorted.reduce((sum, example) => sum + sizeOf(example), 0);
  const limit = all / Math.ceil(all / most);
  const result: TrainingExample[][] = [[]];
  let used = 0;
  for (const example of sorted) {
    const size = sizeOf(example);
    const padded = (result[result.length - 1].length + 1) * size * (shared + size);
    if (used >= limit || (used > 0 && padded > pairsPerHead)) {
      result.push([]);
      used = 0;
    }
    result[result.length - 1].push(example);
    used += size;
  }
  return result;
}

interface Part {
  readonly part: readonly TrainingExample[];
  /** The tokens that all of them begin with. */
  readonly prefix: number;
  /** The prefix is run beforehand, and no gradient flows through it. */
  readonly given: boolean;
}

async function partGradient(
  engine: Engine,
  trainable: Trainable,
  { part: examples, prefix: shared, given }: Part,
  answers: number,
  dropoutSeed: number,
): Promise<BatchGradient> {
  const adapter = trainable === 'weights' ? undefined : trainable;
  const dropout = adapter?.config.dropout ?? 0;
  const packing = packRows(
    examples.map(({ prompt, answer }) => ({ tokens: [...prompt.slice(shared), ...answer.slice(0, -1)] })),
    shared,
  );
  const first = given ? 0 : shared;
  const learned = examples.map((example) => spansIn(example).filter(({ start }) => start > shared));
  const tokensOf = ({ prompt, answer }: TrainingExample): readonly number[] => [...prompt, ...answer];
  // Each token is predicted from the one before it.
  const asked = learned.flatMap((spans, row) =>
    spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, t) => first + packing.offsets[row] + start - shared - 1 + t)),
  );
  const targets = learned.flatMap((spans, row) => spans.flatMap(({ start, end }) => tokensOf(examples[row]).slice(start, end)));
  const own = packing.feeds.ids.data.length;
  const lora = adapter && loraFeeds(engine.config, adapter);
  const beginning = examples[0].prompt.slice(0, shared);
  const prefix = given
    ? await continued(engine, emptyPrefix(engine), beginning, 0, { shape: { targets: adapter?.config.targets }, feeds: lora })
    : prefixFeeds(beginning);
  const soft = softFeeds(engine.config, adapter?.soft, { ...prefix, ...packing.feeds });
  const shape = { targets: adapter?.config.targets, soft: soft !== undefined };
  const kind = `train:${given ? 'given' : ''}${dropout > 0 ? 'dropout' : ''}`;
  const graph = await engine.graph(variant(kind, shape), () => trainingGraph(engine, shape, { dropout: dropout > 0, given }));
  const results = await graph.run({
    ...engine.weights,
    ...lora,
    ...prefix,
    ...packing.feeds,
    ...soft,
    asked: int32(asked),
    targets: int32(targets),
    rowWeight: scalar(1 / answers),
    ...(dropout > 0 && dropoutFeeds(dropout, dropoutSeed, first + own, Math.max(engine.config.hiddenSize, engine.config.intermediateSize))),
  });
  const found = new Map<string, Float32Array>();
  for (const [name, value] of Object.entries(results))
    if (name.startsWith(gradientOf)) found.set(name.slice(gradientOf.length), value.data as Float32Array);
  if (adapter) unscale(found, adapter.config.alpha / adapter.config.rank);
  return { loss: results.loss.data[0], gradients: found, tokens: shared + own };
}

/** The learned answers, in the tokens of prompt and answer, without those in the constant part of a long prompt. */
const spansIn = ({ prompt, answer, earlier = [] }: TrainingExample): TokenSpan[] => [
  ...earlier,
  { start: prompt.length, end: prompt.length + answer.length },
];

/** The graph's input is B times alpha / rank, but the parameter is B. */
function unscale(found: ReadonlyMap<string, Float32Array>, scale: number): void {
  for (const [name, gradient] of found) if (name.endsWith('.b')) for (let i = 0; i < gradient.length; i++) gradient[i] *= scale;
}

const gradientOf = 'gradient of ';

/** LoRA and soft prompt are in one graph, with one forward and one backward pass for both. */
function trainingGraph(
  engine: Engine,
  { targets, soft }: GraphVariant,
  { dropout, given }: { readonly dropout: boolean; readonly given: boolean },
): Readonly<Record<string, Node>> {
  const graph = transformerGraph(engine, {
    adapter: targets,
    soft,
    dropout: dropout ? dropoutNode(given ? 'T' : sumOf(['P', 'T'])) : undefined,
    prefix: given ? 'cached' : 'computed',
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
function dropoutNode(count: Dim): (x: Node, name: string) => Node {
  const tokens = input('dropoutTokens', [count]);
  const features = input('dropoutFeatures', ['D']);
  const rate = input('dropoutRate', []);
  let linear = 0;
  return (x) => {
    const width = x.shape[1] as number;
    const shift = add(slice(features, 0, 0, width), constant(((++linear * 0.618034) % 1) + 0.01));
    // The last layer's x contains only the asked positions.
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
