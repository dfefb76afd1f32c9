/**
 * @file The Llama transformer as a graph over packed tokens. All rows of a batch share one prefix: it is computed once (or comes from a
 * cache), every row attends to [prefix ; its own tokens], and gradients flow back through the shared part.
 *
 * Sizes: P prefix tokens, T packed own tokens of N rows padded to L in attention, S own tokens of each row already in the cache,
 * M positions whose next token is asked for, R rank, F positions in the rotary tables.
 */
import { input, product, sumOf, type Dim, type Node } from '../tensor/graph.ts';
import { rmsNorm, rope } from '../tensor/neuralOps.ts';
import { add, concat, gatherRows, matMul, mul, reshape, silu, slice } from '../tensor/ops.ts';
import { linearNames, type LinearName } from './adapter.ts';
import { attention, type KeysAndValues, type PackingInputs } from './attention.ts';
import type { LlamaConfig } from './llamaConfig.ts';

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
  /** With `past`: keys and values of all own tokens, [keyValueHeads, N, S+L, headSize] under `layers.0.Keys` and `.Values`. */
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
    const projections = { q: turn(q, heads), k: turn(k, keyValueHeads), v };
    const prefix = options.prefix === 'cached' ? cached(`layers.${layer}.prefix`, [keyValueHeads, 'P', headSize]) : undefined;
    const past = options.past ? cached(`layers.${layer}.past`, [keyValueHeads, 'N', 'S', headSize]) : undefined;
    const { mixed, own } = attention(config, packing, projections, prefix, past);
    if (past) cache.set(`layers.${layer}.Keys`, own.keys).set(`layers.${layer}.Values`, own.values);
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

/** Keys and values that are fed. */
function cached(name: string, shape: readonly Dim[]): KeysAndValues {
  return { keys: input(`${name}Keys`, shape), values: input(`${name}Values`, shape) };
}

/** Where the packed tokens stand and what they are; see `Packing` in packing.ts for the values. */
function packingInputs(
  config: LlamaConfig,
  options: GraphOptions,
): PackingInputs & Readonly<Record<'ids' | 'positions' | 'asked' | 'cos' | 'sin', Node>> {
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
