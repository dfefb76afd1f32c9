/** @file Keys and values of prompts' shared prefixes, computed once and reused, whole or in part, by later prompts. */
import type { TensorValue } from '../tensor/executor.ts';
import type { Adapter } from './adapter.ts';
import { adapterFeeds, stepGraph, variant, type Engine, type GraphVariant } from './engine.ts';
import { int32, packRows } from './packing.ts';
import { softFeeds, type SoftPrompt } from './softPrompt.ts';

/** The inputs `layers.N.prefixKeys` and `.prefixValues`, each [keyValueHeads, tokens, headSize]. */
export type PrefixFeeds = Readonly<Record<string, TensorValue>>;

export interface PrefixCache {
  /** Computes what is not cached yet. Prompts that differ late share their common beginning. */
  encode(tokens: readonly number[], adapter: Adapter | undefined): Promise<PrefixFeeds>;
  /** Empties the cache, so that the next results do not depend on earlier requests, to the last bit. */
  forget(): void;
}

/** @param capacity the most prefixes kept; the least recently used is dropped first */
export function makePrefixCache(engine: Engine, capacity = 8): PrefixCache {
  interface Entry {
    readonly adapter: string;
    readonly tokens: readonly number[];
    readonly feeds: PrefixFeeds;
  }
  let entries: Entry[] = [];
  return {
    async encode(tokens, adapter) {
      const id = adapter?.id ?? '';
      let nearest: Entry | undefined;
      let common = 0;
      for (const entry of entries) {
        if (entry.adapter !== id) continue;
        const shared = sameHead(entry.tokens, tokens);
        if (shared > common || !nearest) [nearest, common] = [entry, shared];
      }
      const head = nearest ? firstTokens(nearest.feeds, common) : emptyPrefix(engine);
      const feeds = await continued(engine, head, tokens.slice(common), common, tunedBy(engine, adapter));
      entries = [{ adapter: id, tokens, feeds }, ...entries.filter((entry) => entry !== nearest || common < entry.tokens.length)].slice(
        0,
        capacity,
      );
      return feeds;
    },
    forget() {
      entries = [];
    },
  };
}

/** Inputs of a run in addition to the model's weights. */
export interface Tuned {
  readonly shape: Pick<GraphVariant, 'targets'>;
  /** The matrices of a LoRA. */
  readonly feeds?: Readonly<Record<string, TensorValue>>;
  readonly soft?: SoftPrompt;
}

export const tunedBy = ({ config }: Engine, adapter: Adapter | undefined): Tuned => ({
  shape: { targets: adapter?.config.targets },
  ...(adapter && { feeds: adapterFeeds(config, adapter) }),
  ...(adapter?.soft && { soft: adapter.soft }),
});

/** Tokens of one run. Its attention scores relate this many tokens to all before them. Rows with more tokens of their own are run separately. */
export const tokensPerRun = 1024;

/** The keys and values of `head`, which covers `start` tokens, followed by those of `tokens`. */
export async function continued(
  engine: Engine,
  head: PrefixFeeds,
  tokens: readonly number[],
  start: number,
  tuned: Tuned,
): Promise<PrefixFeeds> {
  let feeds = head;
  for (let at = 0; at < tokens.length; at += tokensPerRun)
    feeds = joined(feeds, await run(engine, tokens.slice(at, at + tokensPerRun), start + at, feeds, tuned));
  return feeds;
}

/** Keys and values of tokens that follow a prefix of known length. */
async function run(
  engine: Engine,
  tokens: readonly number[],
  start: number,
  head: PrefixFeeds,
  { shape: { targets }, feeds: lora, soft: softPrompt }: Tuned,
): Promise<PrefixFeeds> {
  const { config } = engine;
  const { feeds: packed } = packRows([{ tokens }], start);
  const soft = softFeeds(config, softPrompt, packed);
  const shape = { targets, soft: soft !== undefined };
  const graph = await engine.graph(variant('step', shape), () => stepGraph(engine, shape));
  const results = await graph.run({
    ...engine.weights,
    ...lora,
    ...head,
    ...emptyPast(engine, 1),
    ...packed,
    ...soft,
    asked: int32([tokens.length - 1]),
  });
  const feeds: Record<string, TensorValue> = {};
  for (let layer = 0; layer < config.layers; layer++) {
    for (const kind of ['Keys', 'Values']) {
      const { data } = results[`layers.${layer}.${kind}`];
      feeds[`layers.${layer}.prefix${kind}`] = { shape: [config.keyValueHeads, tokens.length, config.headSize], data };
    }
  }
  return feeds;
}

/** `layers.N.pastKeys` and `.pastValues` without any tokens. */
export function emptyPast({ config }: Engine, rows: number): Record<string, TensorValue> {
  return perLayer(config.layers, 'past', () => ({ shape: [config.keyValueHeads, rows, 0, config.headSize], data: new Float32Array() }));
}

export function emptyPrefix({ config }: Engine): PrefixFeeds {
  return perLayer(config.layers, 'prefix', () => ({ shape: [config.keyValueHeads, 0, config.headSize], data: new Float32Array() }));
}

function perLayer(layers: number, prefix: string, make: () => TensorValue): Record<string, TensorValue> {
  const names = Array.from({ length: layers }, (_, layer) => [`layers.${layer}.${prefix}Keys`, `layers.${layer}.${prefix}Values`]).flat();
  return Object.fromEntries(names.map((name) => [name, make()]));
}

function sameHead(a: readonly number[], b: readonly number[]): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

const firstTokens = (feeds: PrefixFeeds, count: number): PrefixFeeds => mapValues(feeds, (value) => cut(value, count));

function cut({ shape: [heads, length, size], data }: TensorValue, count: number): TensorValue {
  if (count === length) return { shape: [heads, length, size], data };
  const out = new Float32Array(heads * count * size);
  for (let head = 0; head < heads; head++)
    out.set(data.subarray(head * length * size, (head * length + count) * size), head * count * size);
  return { shape: [heads, count, size], data: out };
}

const joined = (head: PrefixFeeds, tail: PrefixFeeds): PrefixFeeds => mapValues(head, (value, name) => join(value, tail[name]));

function join(a: TensorValue, b: TensorValue): TensorValue {
  const [heads, first, size] = a.shape;
  if (first === 0) return b;
  const total = first + b.shape[1];
  const out = new Float32Array(heads * total * size);
  for (let head = 0; head < heads; head++) {
    out.set(a.data.subarray(head * first * size, (head + 1) * first * size), head * total * size);
    out.set(b.data.subarray(head * b.shape[1] * size, (head + 1) * b.shape[1] * size), (head * total + first) * size);
  }
  return { shape: [heads, total, size], data: out };
}

function mapValues(feeds: PrefixFeeds, change: (value: TensorValue, name: string) => TensorValue): PrefixFeeds {
  return Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, change(value, name)]));
}
