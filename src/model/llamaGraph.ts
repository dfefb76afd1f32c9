/**
 * @file The Llama transformer as a graph over packed tokens. All rows of a batch share one prefix: it is computed once (or comes from a
 * cache), every row attends to [prefix ; its own tokens], and gradients flow back through the shared part.
 */
import { constant, input, product, sumOf, type Dim, type Node } from '../tensor/graph.ts';
import {
  add,
  concat,
  gatherRows,
  lessOrEqual,
  matMul,
  mul,
  padRows,
  reshape,
  rmsNorm,
  rope,
  silu,
  slice,
  softmax,
  transpose,
  unpadRows,
  where,
} from '../tensor/ops.ts';
import { linearNames, type LinearName } from './adapter.ts';
import type { LlamaConfig } from './llamaConfig.ts';

/**
 * Sizes: P prefix tokens, T packed own tokens of N rows padded to L in attention, S own tokens of each row already in the cache,
 * M positions whose next token is asked for, R rank, F positions in the rotary tables.
 */
export const sizes = { prefix: 'P', tokens: 'T', rows: 'N', length: 'L', past: 'S', asked: 'M', rank: 'R', positions: 'F' } as const;

/** Which of the variants of the same transformer is built. */
export interface GraphOptions {
  /** Linears that carry a LoRA; its matrices are inputs `layers.0.q_proj.a` [R, in] and `.b` [out, R]. */
  readonly adapter?: readonly LinearName[];
  /** Wraps the input of a LoRA's A in training. */
  readonly dropout?: (x: Node, name: string) => Node;
  /** 'computed': the prefix is run in this graph; 'cached': its keys and values are inputs. */
  readonly prefix: 'computed' | 'cached';
  /** Rows continue from keys and values of their own earlier tokens, and the new ones are results. */
  readonly past: boolean;
}

export interface LlamaGraph {
  /** Logits at the asked positions: [M, vocabulary]. */
  readonly logits: Node;
  /** Weights and adapter matrices by name, for gradients. */
  readonly parameters: ReadonlyMap<string, Node>;
  /** With `past`: keys and values of all own tokens, [keyValueHeads, N, S+L, headSize] under `layers.0.keys` and `.values`. */
  readonly cache: ReadonlyMap<string, Node>;
}

/** Builds the transformer; every tensor it needs is an input. Touvron et al. 2023; LoRA: Hu et al. 2021. */
export function llamaGraph(config: LlamaConfig, options: GraphOptions): LlamaGraph {
  const parameters = new Map<string, Node>();
  const cache = new Map<string, Node>();
  const parameter = (name: string, shape: readonly Dim[]): Node => {
    const node = parameters.get(name) ?? input(name, shape);
    parameters.set(name, node);
    return node;
  };
  const { hiddenSize: hidden, intermediateSize: inner, headSize, heads, keyValueHeads } = config;
  const packing = packingInputs(config, options);
  const embedding = parameter('model.embed_tokens.weight', [config.vocabularySize, hidden]);
  const norm = (x: Node, name: string): Node => rmsNorm(x, parameter(name, [hidden]), config.rmsNormEps);

  let x = gatherRows(embedding, packing.ids);
  for (let layer = 0; layer < config.layers; layer++) {
    const weight = (name: string, shape: readonly Dim[]): Node => parameter(`model.layers.${layer}.${name}.weight`, shape);
    const project = (from: Node, into: Readonly<Partial<Record<LinearName, number>>>): Node[] =>
      linears(from, into, layer, weight, parameter, options);
    const attended = norm(x, `model.layers.${layer}.input_layernorm.weight`);
    const [q, k, v] = project(attended, { q_proj: heads * headSize, k_proj: keyValueHeads * headSize, v_proj: keyValueHeads * headSize });
    const turn = (states: Node, count: number): Node => rope(states, packing.cos, packing.sin, packing.positions, count);
    const mixed = attention(config, options, packing, layer, turn(q, heads), turn(k, keyValueHeads), v, cache);
    // After the last attention only the asked positions matter.
    const needed = (states: Node): Node => (layer === config.layers - 1 ? gatherRows(states, packing.asked) : states);
    x = add(needed(x), project(needed(mixed), { o_proj: hidden })[0]);
    const [gate, up] = project(norm(x, `model.layers.${layer}.post_attention_layernorm.weight`), { gate_proj: inner, up_proj: inner });
    x = add(x, project(mul(silu(gate), up), { down_proj: hidden })[0]);
  }
  const asked = norm(x, 'model.norm.weight');
  const head = config.tiedEmbeddings ? embedding : parameter('lm_head.weight', [config.vocabularySize, hidden]);
  return { logits: matMul(asked, head, { transB: true }), parameters, cache };
}

/** Where the packed tokens stand and what they are; see `Packing` in packing.ts for the values. */
function packingInputs(config: LlamaConfig, options: GraphOptions) {
  const computed = options.prefix === 'computed';
  const own = { ids: input('ids', ['T'], 'int32'), positions: input('positions', ['T'], 'int32') };
  const prefix = computed && { ids: input('prefixIds', ['P'], 'int32'), positions: input('prefixPositions', ['P'], 'int32') };
  const rowIndex = input('rowIndex', ['N', 'L'], 'int32');
  return {
    ids: prefix ? concat([prefix.ids, own.ids], 0) : own.ids,
    positions: prefix ? concat([prefix.positions, own.positions], 0) : own.positions,
    prefixPositions: prefix ? prefix.positions : undefined,
    /** Number of the packed token at each padded place, -1 at padding; and the way back. */
    rowIndex,
    flatRowIndex: reshape(rowIndex, [product(['N', 'L'])]),
    packIndex: input('packIndex', ['T'], 'int32'),
    /** 0 where a token may look, a large negative number where not: [N, L, own keys]. */
    mask: input('mask', ['N', 'L', options.past ? sumOf(['S', 'L']) : 'L']),
    /** Numbers among all tokens of this graph, prefix first. */
    asked: input('asked', ['M'], 'int32'),
    cos: input('cos', ['F', config.headSize / 2]),
    sin: input('sin', ['F', config.headSize / 2]),
  };
}
type PackingInputs = ReturnType<typeof packingInputs>;

/** y = W x + B A x for linears that read the same x: [t, in] -> [t, out] each. The scale alpha / rank is folded into the fed B. */
function linears(
  x: Node,
  into: Readonly<Partial<Record<LinearName, number>>>,
  layer: number,
  weight: (name: string, shape: readonly Dim[]) => Node,
  parameter: (name: string, shape: readonly Dim[]) => Node,
  options: GraphOptions,
): Node[] {
  const width = x.shape[1];
  const names = linearNames.filter((name) => into[name] !== undefined);
  const adapted = names.filter((name) => options.adapter?.includes(name));
  const lora = (name: LinearName, matrix: 'a' | 'b', shape: readonly Dim[]): Node => parameter(`layers.${layer}.${name}.${matrix}`, shape);
  const down = adapted.length
    ? matMul(
        options.dropout ? options.dropout(x, `${layer}.${names[0]}`) : x,
        concat(
          adapted.map((name) => lora(name, 'a', ['R', width])),
          0,
        ),
        { transB: true },
      )
    : undefined;
  return names.map((name) => {
    const out = into[name] as number;
    const base = matMul(x, weight(`${moduleOf(name)}.${name}`, [out, width]), { transB: true });
    const at = adapted.indexOf(name);
    if (!down || at < 0) return base;
    const mine = slice(down, 1, product([at, 'R']), product([at + 1, 'R']));
    return add(matMul(mine, lora(name, 'b', [out, 'R']), { transB: true }), base);
  });
}

const moduleOf = (name: LinearName): string => (name.length === 6 ? 'self_attn' : 'mlp');

/** Grouped-query attention (Ainslie et al. 2023) of the prefix to itself and of the rows to [prefix ; own]. q: [t, heads * size], k, v: [t, kv * size]. */
function attention(
  config: LlamaConfig,
  options: GraphOptions,
  packing: PackingInputs,
  layer: number,
  q: Node,
  k: Node,
  v: Node,
  cache: Map<string, Node>,
): Node {
  const { keyValueHeads: kv, headSize: size } = config;
  if (options.prefix === 'cached') {
    const keys = input(`layers.${layer}.prefixKeys`, [kv, 'P', size]);
    const values = input(`layers.${layer}.prefixValues`, [kv, 'P', size]);
    return rowAttention(config, options, packing, layer, q, k, v, keys, values, cache);
  }
  const end = sumOf(['P', 'T']);
  const [prefixQ, prefixK, prefixV] = [q, k, v].map((states) => slice(states, 0, 0, 'P'));
  const [ownQ, ownK, ownV] = [q, k, v].map((states) => slice(states, 0, 'P', end));
  const byHead = (states: Node): Node => transpose(reshape(states, ['P', kv, size]), [1, 0, 2]);
  const [keys, values] = [byHead(prefixK), byHead(prefixV)];
  const prefix = prefixAttention(config, packing.prefixPositions as Node, prefixQ, keys, values);
  return concat([prefix, rowAttention(config, options, packing, layer, ownQ, ownK, ownV, keys, values, cache)], 0);
}

/** Causal attention of the prefix. q: [P, heads * size], keys, values: [kv, P, size] -> [P, heads * size]. */
function prefixAttention(
  { heads, keyValueHeads: kv, headSize: size }: LlamaConfig,
  positions: Node,
  q: Node,
  keys: Node,
  values: Node,
): Node {
  const group = heads / kv;
  const stacked = product([group, 'P']);
  const queries = reshape(transpose(reshape(q, ['P', kv, group, size]), [1, 2, 0, 3]), [kv, stacked, size]);
  const mask = where(lessOrEqual(reshape(positions, [1, 'P']), reshape(positions, ['P', 1])), constant(0), constant(-1e9));
  const scores = reshape(matMul(queries, keys, { transB: true, alpha: size ** -0.5 }), [kv, group, 'P', 'P']);
  const weights = reshape(softmax(add(scores, mask)), [kv, stacked, 'P']);
  return reshape(transpose(reshape(matMul(weights, values), [kv, group, 'P', size]), [2, 0, 1, 3]), ['P', heads * size]);
}

/** Attention of every row to [prefix ; own past ; own]. q: [T, heads * size], k, v: [T, kv * size], prefix: [kv, P, size] -> [T, heads * size]. */
function rowAttention(
  { heads, keyValueHeads: kv, headSize: size }: LlamaConfig,
  options: GraphOptions,
  packing: PackingInputs,
  layer: number,
  q: Node,
  k: Node,
  v: Node,
  prefixKeys: Node,
  prefixValues: Node,
  cache: Map<string, Node>,
): Node {
  const group = heads / kv;
  const pad = (states: Node): Node => padRows(states, packing.rowIndex, packing.packIndex);
  const queries = transpose(reshape(pad(q), ['N', 'L', kv, group, size]), [2, 0, 3, 1, 4]);
  const remembered = (states: Node, name: string): Node => {
    const fresh = transpose(reshape(pad(states), ['N', 'L', kv, size]), [2, 0, 1, 3]);
    if (!options.past) return fresh;
    const all = concat([input(`layers.${layer}.past${name}`, [kv, 'N', 'S', size]), fresh], 2);
    cache.set(`layers.${layer}.${name}`, all);
    return all;
  };
  const [keys, values] = [remembered(k, 'Keys'), remembered(v, 'Values')];
  const ownLength = keys.shape[2];
  const allRows = product(['N', group, 'L']);
  const byRow = product([group, 'L']);
  const alpha = size ** -0.5;
  const onPrefix = reshape(matMul(reshape(queries, [kv, allRows, size]), prefixKeys, { transB: true, alpha }), [kv, 'N', group, 'L', 'P']);
  const onOwn = reshape(matMul(reshape(queries, [kv, 'N', byRow, size]), keys, { transB: true, alpha }), [kv, 'N', group, 'L', ownLength]);
  const scores = concat([onPrefix, add(onOwn, reshape(packing.mask, ['N', 1, 'L', ownLength]))], 4);
  const weights = softmax(scores);
  const weightsOnPrefix = reshape(slice(weights, 4, 0, 'P'), [kv, allRows, 'P']);
  const weightsOnOwn = reshape(slice(weights, 4, 'P', sumOf(['P', ownLength])), [kv, 'N', byRow, ownLength]);
  const fromPrefix = reshape(matMul(weightsOnPrefix, prefixValues), [kv, 'N', group, 'L', size]);
  const mixed = add(fromPrefix, reshape(matMul(weightsOnOwn, values), [kv, 'N', group, 'L', size]));
  const padded = reshape(transpose(mixed, [1, 3, 0, 2, 4]), [product(['N', 'L']), heads * size]);
  return unpadRows(padded, packing.packIndex, packing.flatRowIndex);
}
