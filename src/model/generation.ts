/** @file Continues rows token by token, all rows of a call together over their common prefix. */
import { randomStream, type Random } from '../random.ts';
import type { TensorValue } from '../tensor/executor.ts';
import { adapterFeeds, stepGraph, variant, type Engine } from './engine.ts';
import type { GenerateOptions, Generation } from './languageModel.ts';
import { commonPrefix, int32, packRows } from './packing.ts';
import { continued, emptyPast, tokensPerRun, tunedBy, type PrefixCache, type PrefixFeeds } from './prefixCache.ts';
import { softFeeds } from './softPrompt.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What a model has written after a prompt, with the ids of its tokens. */
export interface Continuation extends Omit<Generation, 'tokens'> {
  readonly tokens: readonly number[];
}

/** One row in progress. */
interface Row {
  readonly at: number;
  readonly random: Random;
  /** The most tokens that it may write: the requested number, limited by the model's positions. */
  readonly most: number;
  /** Tokens of the next step. */
  fresh: readonly number[];
  readonly written: number[];
  /** Which slots of the cache belong to it. */
  slots: Uint8Array;
}

/** @returns one continuation per prompt: the text before the first stop string, without end tokens */
export async function generate(
  engine: Engine,
  cache: PrefixCache,
  tokenizer: Tokenizer,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<Continuation[]> {
  const { config } = engine;
  const targets = options.adapter?.config.targets;
  const shared = commonPrefix(prompts);
  if (!prompts.length || options.maxTokens < 1) return prompts.map(() => ({ text: '', tokens: [], finish: 'length' }));
  const prefix = await cache.encode(prompts[0].slice(0, shared), options.adapter);
  const done: Continuation[] = [];
  const randoms = randomStreams(prompts, options.seed);
  const rowFrom = (at: number, start: number): Row => ({
    at,
    random: randoms[at],
    most: Math.min(options.maxTokens, config.maxPositions - prompts[at].length),
    fresh: prompts[at].slice(start),
    written: [],
    slots: new Uint8Array(),
  });
  const isLong = (at: number): boolean => prompts[at].length - shared > tokensPerRun;
  const places = prompts.map((_, at) => at);
  for (const group of groups(
    places.filter((at) => !isLong(at)).map((at) => rowFrom(at, shared)),
    shared,
  ))
    await write(group, shared, prefix);
  for (const at of places.filter(isLong)) {
    const end = prompts[at].length - 1;
    const head = await continued(engine, prefix, prompts[at].slice(shared, end), shared, tunedBy(engine, options.adapter));
    await write([rowFrom(at, end)], end, head);
  }
  return done;

  async function write(begun: readonly Row[], before: number, head: PrefixFeeds): Promise<void> {
    let rows = begun;
    let past = emptyPast(engine, rows.length);
    while (rows.length) {
      const packing = packRows(
        rows.map((row) => ({ tokens: row.fresh })),
        before,
        rows.map((row) => row.slots),
      );
      const soft = softFeeds(config, options.adapter?.soft, packing.feeds);
      const shape = { targets, soft: soft !== undefined };
      const graph = await engine.graph(variant('step', shape), () => stepGraph(engine, shape));
      const results = await graph.run({
        ...engine.weights,
        ...(options.adapter && adapterFeeds(config, options.adapter)),
        ...head,
        ...past,
        ...packing.feeds,
        ...soft,
        asked: int32(rows.map((row, i) => packing.offsets[i] + row.fresh.length - 1)),
      });
      const length = Math.max(...rows.map((row) => row.fresh.length));
      const kept: number[] = [];
      rows.forEach((row, i) => {
        const logits = (results.logits.data as Float32Array).subarray(i * config.vocabularySize, (i + 1) * config.vocabularySize);
        const token = sample(logits, options, row.random);
        const slots = new Uint8Array(row.slots.length + length);
        slots.set(row.slots);
        slots.fill(1, row.slots.length, row.slots.length + row.fresh.length);
        row.slots = slots;
        row.fresh = [token];
        if (!tokenizer.endTokens.includes(token)) row.written.push(token);
        if (prompts.length === 1) options.onText?.(tokenizer.decode(row.written, { skipSpecial: true }));
        const end = finished(row, token, tokenizer, options);
        if (end) done[row.at] = end;
        else kept.push(i);
      });
      past = keepRows(results, kept, rows.length);
      rows = kept.map((i) => rows[i]);
    }
  }
}

/** Rows that begin together, limited so that their attention scores take at most about 500 MB per layer. */
function groups(rows: readonly Row[], shared: number): Row[][] {
  const result: Row[][] = [];
  let longest = 0;
  for (const row of [...rows].sort((a, b) => a.fresh.length - b.fresh.length)) {
    longest = Math.max(longest, row.fresh.length);
    const group = result.at(-1);
    if (group && (group.length + 1) * longest * (shared + longest) <= 14e6) group.push(row);
    else result.push([row]);
  }
  return result;
}

/** One random stream per row, by its prompt, so that samples do not depend on the other rows of the call. Copies of a prompt differ. */
function randomStreams(prompts: readonly (readonly number[])[], seed: number): Random[] {
  const copies = new Map<string, number>();
  return prompts.map((prompt) => {
    const name = prompt.join();
    const copy = copies.get(name) ?? 0;
    copies.set(name, copy + 1);
    return randomStream(seed, 'generate', name, copy);
  });
}

function finished(row: Row, token: number, tokenizer: Tokenizer, options: GenerateOptions): Continuation | undefined {
  const ended = tokenizer.endTokens.includes(token);
  const full = row.written.length >= row.most;
  if (!ended && !full && !options.stop.length) return undefined;
  const text = tokenizer.decode(row.written, { skipSpecial: true });
  const cut = Math.min(...options.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0));
  if (Number.isFinite(cut)) return { text: text.slice(0, cut), tokens: row.written, finish: 'stop' };
  if (ended) return { text, tokens: row.written, finish: 'stop' };
  if (full) return { text, tokens: row.written, finish: row.most < options.maxTokens ? 'context' : 'length' };
  return undefined;
}

/** The next step's past: keys and values [heads, rows, length, size] of the rows that continue. */
function keepRows(results: Readonly<Record<string, TensorValue>>, kept: readonly number[], rows: number): Record<string, TensorValue> {
  const past: Record<string, TensorValue> = {};
  for (const [name, value] of Object.entries(results)) {
    if (name === 'logits') continue;
    const [heads, , length, size] = value.shape;
    const block = length * size;
    let data = value.data;
    if (kept.length < rows) {
      data = new Float32Array(heads * kept.length * block);
      for (let head = 0; head < heads; head++) {
        kept.forEach((row, i) =>
          data.set(value.data.subarray((head * rows + row) * block, (head * rows + row + 1) * block), (head * kept.length + i) * block),
        );
      }
    }
    past[name.replace(/\.(Keys|Values)$/, '.past$1')] = { shape: [heads, kept.length, length, size], data };
  }
  return past;
}

/** Greedy at temperature 0, otherwise nucleus sampling (Holtzman et al. 2020). */
export function sample(
  logits: Float32Array | Int32Array,
  { temperature, topP }: Pick<GenerateOptions, 'temperature' | 'topP'>,
  random: Random,
): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  if (temperature <= 0) return best;
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += weights[i] = Math.exp((logits[i] - logits[best]) / temperature);
  const order: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i] > total * 1e-7) order.push(i);
  order.sort((a, b) => weights[b] - weights[a] || a - b);
  let nucleus = 0;
  let size = 0;
  while (size < order.length && nucleus < topP * total) nucleus += weights[order[size++]];
  let rest = random.uniform() * nucleus;
  for (let i = 0; i < size; i++) if ((rest -= weights[order[i]]) < 0) return order[i];
  return order[Math.max(size - 1, 0)];
}
