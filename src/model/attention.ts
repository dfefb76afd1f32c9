/** @file Grouped-query attention over packed tokens: the shared prefix to itself, every row to [prefix ; its own tokens]. */
import { constant, product, sumOf, type Node } from '../tensor/graph.ts';
import { softmax } from '../tensor/neuralOps.ts';
import { add, cast, concat, lessOrEqual, matMul, padRows, reshape, slice, sub, transpose, unpadRows, where } from '../tensor/ops.ts';
import type { ModelShape } from './modelShape.ts';

/** One layer's projections of all packed tokens, rotated: q [t, heads * headSize], k and v [t, keyValueHeads * headSize]. */
export interface Projections {
  readonly q: Node;
  readonly k: Node;
  readonly v: Node;
}

/** Keys and values by head: of the prefix [keyValueHeads, P, headSize], of rows [keyValueHeads, N, own tokens, headSize]. */
export interface KeysAndValues {
  readonly keys: Node;
  readonly values: Node;
}

/** The layout of the packed tokens. The values come from packing.ts. */
export interface PackingInputs {
  /** Index of the packed token at each padded place, -1 for padding: [N, L], the same flattened, and the inverse: [T]. */
  readonly rowIndex: Node;
  readonly flatRowIndex: Node;
  readonly packIndex: Node;
}

/** Positions of tokens, in their rows and in the text. The values come from packing.ts. */
export interface Positions {
  /** 0 if a token may attend, otherwise a large negative number: [N, L, own keys]. */
  readonly mask: Node;
  /** [P]. */
  readonly prefix: Node;
  /** [N, L]. */
  readonly queries: Node;
  /** [N, own keys]. */
  readonly keys: Node;
}

/** Added to the scores: 0 if a token may attend, otherwise a large negative number. */
export interface Masks {
  /** The prefix to itself: [P, P]. */
  readonly prefix: Node;
  /** Rows to the prefix, if they do not see all of it: [N, 1, L, P]. */
  readonly onPrefix?: Node;
  /** [N, 1, L, own keys]. */
  readonly own: Node;
}

/** @param window how many of the latest tokens a token sees, including itself; all of them if omitted */
export function masksOf({ mask, prefix, queries, keys }: Positions, window?: number): Masks {
  const [rows, length, own] = mask.shape;
  const all = reshape(mask, [rows, 1, length, own]);
  const causal = lessOrEqual(reshape(prefix, [1, 'P']), reshape(prefix, ['P', 1]));
  const visible = (condition: Node, otherwise = constant(0)): Node => where(condition, otherwise, constant(-1e9));
  if (window === undefined) return { prefix: visible(causal), own: all };
  const near = (query: Node, key: Node): Node => lessOrEqual(sub(cast(query, 'float32'), cast(key, 'float32')), constant(window - 1));
  const query = reshape(queries, [rows, 1, length, 1]);
  return {
    prefix: visible(causal, visible(near(reshape(prefix, ['P', 1]), reshape(prefix, [1, 'P'])))),
    onPrefix: visible(near(query, reshape(prefix, [1, 1, 1, 'P']))),
    own: add(all, visible(near(query, reshape(keys, [rows, 1, 1, own])))),
  };
}

/**
 * Ainslie et al. 2023. The packed tokens are the rows' own, preceded by the prefix unless its keys and values are given.
 * @param past the rows' own earlier keys and values
 * @returns the attention output per token [t, heads * headSize], and keys and values of the rows' own tokens, including past ones
 */
export function attention(
  config: ModelShape,
  packing: PackingInputs,
  masks: Masks,
  { q, k, v }: Projections,
  cachedPrefix: KeysAndValues | undefined,
  past: KeysAndValues | undefined,
): { readonly mixed: Node; readonly own: KeysAndValues } {
  if (cachedPrefix) return rowAttention(config, packing, masks, { q, k, v }, cachedPrefix, past);
  const { keyValueHeads: kv, headSize: size } = config;
  const byHead = (states: Node): Node => transpose(reshape(slice(states, 0, 0, 'P'), ['P', kv, size]), [1, 0, 2]);
  const prefix = { keys: byHead(k), values: byHead(v) };
  const ownPart = (states: Node): Node => slice(states, 0, 'P', sumOf(['P', 'T']));
  const rows = rowAttention(config, packing, masks, { q: ownPart(q), k: ownPart(k), v: ownPart(v) }, prefix, past);
  const head = prefixAttention(config, masks.prefix, slice(q, 0, 0, 'P'), prefix);
  return { mixed: concat([head, rows.mixed], 0), own: rows.own };
}

/** Causal. q: [P, heads * headSize] -> the same shape. */
function prefixAttention(
  { heads, keyValueHeads: kv, headSize: size }: ModelShape,
  mask: Node,
  q: Node,
  { keys, values }: KeysAndValues,
): Node {
  const group = heads / kv;
  const stacked = product([group, 'P']);
  const queries = reshape(transpose(reshape(q, ['P', kv, group, size]), [1, 2, 0, 3]), [kv, stacked, size]);
  const scores = reshape(matMul(queries, keys, { transB: true, alpha: size ** -0.5 }), [kv, group, 'P', 'P']);
  const weights = reshape(softmax(add(scores, mask)), [kv, stacked, 'P']);
  return reshape(transpose(reshape(matMul(weights, values), [kv, group, 'P', size]), [2, 0, 1, 3]), ['P', heads * size]);
}

/** q: [T, heads * headSize], k and v: [T, keyValueHeads * headSize] -> [T, heads * headSize]. */
function rowAttention(
  { heads, keyValueHeads: kv, headSize: size }: ModelShape,
  { rowIndex, flatRowIndex, packIndex }: PackingInputs,
  masks: Masks,
  { q, k, v }: Projections,
  prefix: KeysAndValues,
  past: KeysAndValues | undefined,
): { readonly mixed: Node; readonly own: KeysAndValues } {
  const group = heads / kv;
  const pad = (states: Node): Node => padRows(states, rowIndex, packIndex);
  const byHead = (states: Node): Node => transpose(reshape(pad(states), ['N', 'L', kv, size]), [2, 0, 1, 3]);
  const queries = transpose(reshape(pad(q), ['N', 'L', kv, group, size]), [2, 0, 3, 1, 4]);
  const own = past
    ? { keys: concat([past.keys, byHead(k)], 2), values: concat([past.values, byHead(v)], 2) }
    : { keys: byHead(k), values: byHead(v) };
  const length = own.keys.shape[2];
  const allRows = product(['N', group, 'L']);
  const byRow = product([group, 'L']);
  const scaled = { transB: true, alpha: size ** -0.5 };
  const toPrefix = reshape(matMul(reshape(queries, [kv, allRows, size]), prefix.keys, scaled), [kv, 'N', group, 'L', 'P']);
  const onPrefix = masks.onPrefix ? add(toPrefix, masks.onPrefix) : toPrefix;
  const onOwn = reshape(matMul(reshape(queries, [kv, 'N', byRow, size]), own.keys, scaled), [kv, 'N', group, 'L', length]);
  const weights = softmax(concat([onPrefix, add(onOwn, masks.own)], 4));
  const weightsOnPrefix = reshape(slice(weights, 4, 0, 'P'), [kv, allRows, 'P']);
  const weightsOnOwn = reshape(slice(weights, 4, 'P', sumOf(['P', length])), [kv, 'N', byRow, length]);
  const fromPrefix = reshape(matMul(weightsOnPrefix, prefix.values), [kv, 'N', group, 'L', size]);
  const gathered = add(fromPrefix, reshape(matMul(weightsOnOwn, own.values), [kv, 'N', group, 'L', size]));
  const padded = reshape(transpose(gathered, [1, 3, 0, 2, 4]), [product(['N', 'L']), heads * size]);
  return { mixed: unpadRows(padded, packIndex, flatRowIndex), own };
}
