/**
 * @file The transformer as a graph over packed tokens. All rows of a batch share one prefix: it is computed once (or comes from a
 * cache), every row attends to [prefix ; its own tokens], and gradients flow back through the shared part.
 *
 * Sizes: P prefix tokens, T packed own tokens of N rows padded to L in attention, S own tokens of each row already in the cache,
 * M positions whose next token is predicted, R rank, V virtual tokens of a soft prompt, F positions in the rotary tables.
 */
import { input, product, sumOf, type DType, type Dim, type Node } from '../tensor/graph.ts';
import { rmsNorm, rope } from '../tensor/neuralOps.ts';
import { add, concat, gatherRows, matMul, mul, reshape, silu, slice } from '../tensor/ops.ts';
import type { FrozenForm, FrozenInput } from './frozen/frozenForm.ts';
import { blockOf, linearNames, type LinearName } from './linears.ts';
import { attention, masksOf, type KeysAndValues, type PackingInputs, type Positions } from './attention.ts';
import type { ModelShape } from './modelShape.ts';

/** The transformer to build. */
export interface Transformer {
  readonly config: ModelShape;
  /** The form of its frozen matrices. */
  readonly form: FrozenForm;
}

/** The variant to build. */
export interface GraphOptions {
  /** Linears that have a LoRA. Its matrices are inputs `layers.0.q_proj.a` [R, in] and `.b` [out, R]. */
  readonly adapter?: readonly LinearName[];
  /** Some tokens are rows of a soft prompt, an input `soft` [V, hidden]. `softPlace` says which row each token reads. */
  readonly soft?: boolean;
  /** Wraps the input of a LoRA's A in training. */
  readonly dropout?: (x: Node, name: string) => Node;
  /** 'computed': the prefix is run in this graph; 'cached': its keys and values are inputs. */
  readonly prefix: 'computed' | 'cached';
  /** Rows continue from keys and values of their own earlier tokens, and the new ones are outputs. */
  readonly past: boolean;
}

export interface TransformerGraph {
  /** Logits at the asked positions: [M, vocabulary]. */
  readonly logits: Node;
  /** Inputs of weights and adapter matrices by name, for gradients. */
  readonly parameters: ReadonlyMap<string, Node>;
  /** With `past`: keys and values of all own tokens, [keyValueHeads, N, S+L, headSize] under `layers.0.Keys` and `.Values`. */
  readonly cache: ReadonlyMap<string, Node>;
}

/** Builds the transformer. Every tensor that it needs is an input. Touvron et al. 2023; LoRA: Hu et al. 2021. */
export function transformerGraph(transformer: Transformer, options: GraphOptions): TransformerGraph {
  const parameters = new Map<string, Node>();
  const cache = new Map<string, Node>();
  const parameter = (name: string, shape: readonly Dim[], type?: DType): Node => {
    const node = parameters.get(name) ?? input(name, shape, type);
    parameters.set(name, node);
    return node;
  };
  const { config, form } = transformer;
  const { hiddenSize: hidden, intermediateSize: inner, headSize, heads, keyValueHeads } = config;
  const packing = packingInputs(config, options);
  const embedding = form.matrix('model.embed_tokens.weight', [config.vocabularySize, hidden], parameter);
  const norm = (x: Node, name: string): Node => rmsNorm(x, parameter(name, [hidden]), config.rmsNormEps);
  const window = config.slidingWindow;
  const [full, sliding] = [masksOf(packing.places), masksOf(packing.places, window?.size)];

  let x = embedding.rows(packing.ids);
  if (options.soft) {
    const place = input('softPlace', packing.ids.shape, 'int32');
    x = gatherRows(concat([x, parameter('soft', ['V', hidden])], 0), place);
  }
  for (let layer = 0; layer < config.layers; layer++) {
    const project = (from: Node, into: Readonly<Partial<Record<LinearName, number>>>): Node[] =>
      linears(from, into, layer, transformer, parameter, options);
    const headNorm = (states: Node, count: number, name: string): Node => {
      const [tokens] = states.shape;
      const byHead = reshape(states, [tokens, count, headSize]);
      const weight = parameter(`model.layers.${layer}.self_attn.${name}.weight`, [headSize]);
      return reshape(rmsNorm(byHead, weight, config.rmsNormEps), [tokens, count * headSize]);
    };
    const attended = norm(x, `model.layers.${layer}.input_layernorm.weight`);
    const [q, k, v] = project(attended, { q_proj: heads * headSize, k_proj: keyValueHeads * headSize, v_proj: keyValueHeads * headSize });
    const turn = (states: Node, count: number, name: string): Node =>
      rope(config.queryKeyNorm ? headNorm(states, count, name) : states, packing.cos, packing.sin, packing.positions, count);
    const projections = { q: turn(q, heads, 'q_norm'), k: turn(k, keyValueHeads, 'k_norm'), v };
    const prefix = options.prefix === 'cached' ? cached(`layers.${layer}.prefix`, [keyValueHeads, 'P', headSize]) : undefined;
    const past = options.past ? cached(`layers.${layer}.past`, [keyValueHeads, 'N', 'S', headSize]) : undefined;
    const { mixed, own } = attention(config, packing, window?.layers.includes(layer) ? sliding : full, projections, prefix, past);
    if (past) cache.set(`layers.${layer}.Keys`, own.keys).set(`layers.${layer}.Values`, own.values);
    // After the last attention only the asked positions matter.
    const needed = (states: Node): Node => (layer === config.layers - 1 ? gatherRows(states, packing.asked) : states);
    x = add(needed(x), project(needed(mixed), { o_proj: hidden })[0]);
    const [gate, up] = project(norm(x, `model.layers.${layer}.post_attention_layernorm.weight`), { gate_proj: inner, up_proj: inner });
    x = add(x, project(mul(silu(gate), up), { down_proj: hidden })[0]);
  }
  const asked = norm(x, 'model.norm.weight');
  const head = config.tiedEmbeddings ? embedding : form.matrix('lm_head.weight', [config.vocabularySize, hidden], parameter);
  return { logits: head.product(asked), parameters, cache };
}

/** Keys and values that are inputs. */
function cached(name: string, shape: readonly Dim[]): KeysAndValues {
  return { keys: input(`${name}Keys`, shape), values: input(`${name}Values`, shape) };
}

/** The layout and ids of the packed tokens. See `Packing` in packing.ts for the values. */
function packingInputs(
  config: ModelShape,
  options: GraphOptions,
): PackingInputs & { readonly places: Positions } & Readonly<Record<'ids' | 'positions' | 'asked' | 'cos' | 'sin', Node>> {
  const computed = options.prefix === 'computed';
  const own = { ids: input('ids', ['T'], 'int32'), positions: input('positions', ['T'], 'int32') };
  const prefix = { ids: input('prefixIds', ['P'], 'int32'), positions: input('prefixPositions', ['P'], 'int32') };
  const rowIndex = input('rowIndex', ['N', 'L'], 'int32');
  const ownKeys = options.past ? sumOf(['S', 'L']) : 'L';
  return {
    ids: computed ? concat([prefix.ids, own.ids], 0) : own.ids,
    positions: computed ? concat([prefix.positions, own.positions], 0) : own.positions,
    places: {
      mask: input('mask', ['N', 'L', ownKeys]),
      prefix: prefix.positions,
      queries: input('queryPositions', ['N', 'L'], 'int32'),
      keys: input('keyPositions', ['N', ownKeys], 'int32'),
    },
    /** Index of the packed token at each padded place, -1 for padding, and the inverse. */
    rowIndex,
    flatRowIndex: reshape(rowIndex, [product(['N', 'L'])]),
    packIndex: input('packIndex', ['T'], 'int32'),
    /** Indices among all tokens of this graph, prefix first. */
    asked: input('asked', ['M'], 'int32'),
    cos: input('cos', ['F', config.headSize / 2]),
    sin: input('sin', ['F', config.headSize / 2]),
  };
}

/** y = W x + b + B A x for linears that read the same x: [t, in] -> [t, out] each. The scale alpha / rank is folded into the fed B. */
function linears(
  x: Node,
  into: Readonly<Partial<Record<LinearName, number>>>,
  layer: number,
  { config, form }: Transformer,
  parameter: FrozenInput,
  options: GraphOptions,
): Node[] {
  const width = x.shape[1] as number;
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
    const place = `model.layers.${layer}.${blockOf(name)}.${name}`;
    const weighted = form.matrix(`${place}.weight`, [out, width], parameter).product(x);
    const base = config.biases?.includes(name) ? add(weighted, parameter(`${place}.bias`, [out])) : weighted;
    const at = adapted.indexOf(name);
    if (!down || at < 0) return base;
    const mine = slice(down, 1, product([at, 'R']), product([at + 1, 'R']));
    return add(matMul(mine, lora(name, 'b', [out, 'R']), { transB: true }), base);
  });
}
