/** @file Grouped-query attention over packed tokens: the shared prefix to itself, every row to [prefix ; its own tokens]. */
import { constant, product, sumOf, type Node } from '../tensor/graph.ts';
import { softmax } from '../tensor/neuralOps.ts';
import { add, concat, lessOrEqual, matMul, padRows, reshape, slice, transpose, unpadRows, where } from '../tensor/ops.ts';
import type { LlamaConfig } from './llamaConfig.ts';

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

/** Where the packed tokens stand; the values come from packing.ts. */
export interface PackingInputs {
  /** Of a prefix that is computed in this graph: [P]. */
  readonly prefixPositions?: Node;
  /** Number of the packed token at each padded place, -1 at padding: [N, L], the same laid flat, and the way back: [T]. */
  readonly rowIndex: Node;
  readonly flatRowIndex: Node;
  readonly packIndex: Node;
  /** 0 where a token may look, a large negative number where not: [N, L, own keys]. */
  readonly mask: Node;
}

/**
 * Ainslie et al. 2023. The packed tokens are the rows' own, with the prefix before them unless its keys and values are given.
 * @param past the rows' own earlier keys and values
 * @returns what the tokens gather [t, heads * headSize], and keys and values of the rows' own tokens, past ones included
 */
export function attention(
  config: LlamaConfig,
  packing: PackingInputs,
  { q, k, v }: Projections,
  cachedPrefix: KeysAndValues | undefined,
  past: KeysAndValues | undefined,
): { readonly mixed: Node; readonly own: KeysAndValues } {
  if (cachedPrefix) return rowAttention(config, packing, { q, k, v }, cachedPrefix, past);
  const { keyValueHeads: kv, headSize: size } = config;
  const byHead = (states: Node): Node => transpose(reshape(slice(states, 0, 0, 'P'), ['P', kv, size]), [1, 0, 2]);
  const prefix = { keys: byHead(k), values: byHead(v) };
  const ownPart = (states: Node): Node => slice(states, 0, 'P', sumOf(['P', 'T']));
  const rows = rowAttention(config, packing, { q: ownPart(q), k: ownPart(k), v: ownPart(v) }, prefix, past);
  const head = prefixAttention(config, packing.prefixPositions as Node, slice(q, 0, 0, 'P'), prefix);
  return { mixed: concat([head, rows.mixed], 0), own: rows.own };
}

/** Causal. q: [P, heads * headSize] -> the same shape. */
function prefixAttention(
  { heads, keyValueHeads: kv, headSize: size }: LlamaConfig,
  positions: Node,
  q: Node,
  { keys, values }: KeysAndValues,
): Node {
  const group = heads / kv;
  const stacked = product([group, 'P']);
  const queries = reshape(transpose(reshape(q, ['P', kv, group, size]), [1, 2, 0, 3]), [kv, stacked, size]);
  const mask = where(lessOrEqual(reshape(positions, [1, 'P']), reshape(positions, ['P', 1])), constant(0), constant(-1e9));
  const scores = reshape(matMul(queries, keys, { transB: true, alpha: size ** -0.5 }), [kv, group, 'P', 'P']);
  const weights = reshape(softmax(add(scores, mask)), [kv, stacked, 'P']);
  return reshape(transpose(reshape(matMul(weights, values), [kv, group, 'P', size]), [2, 0, 1, 3]), ['P', heads * size]);
}

/** q: [T, heads * headSize], k and v: [T, keyValueHeads * headSize] -> [T, heads * headSize]. */
function rowAttention(
  { heads, keyValueHeads: kv, headSize: size }: LlamaConfig,
  { rowIndex, flatRowIndex, packIndex, mask }: PackingInputs,
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
  const onPrefix = reshape(matMul(reshape(queries, [kv, allRows, size]), prefix.keys, scaled), [kv, 'N', group, 'L', 'P']);
  const onOwn = reshape(matMul(reshape(queries, [kv, 'N', byRow, size]), own.keys, scaled), [kv, 'N', group, 'L', length]);
  const weights = softmax(concat([onPrefix, add(onOwn, reshape(mask, ['N', 1, 'L', length]))], 4));
  const weightsOnPrefix = reshape(slice(weights, 4, 0, 'P'), [kv, allRows, 'P']);
  const weightsOnOwn = reshape(slice(weights, 4, 'P', sumOf(['P', length])), [kv, 'N', byRow, length]);
  const fromPrefix = reshape(matMul(weightsOnPrefix, prefix.values), [kv, 'N', group, 'L', size]);
  const gathered = add(fromPrefix, reshape(matMul(weightsOnOwn, own.values), [kv, 'N', group, 'L', size]));
  const padded = reshape(transpose(gathered, [1, 3, 0, 2, 4]), [product(['N', 'L']), heads * size]);
  return { mixed: unpadRows(padded, packIndex, flatRowIndex), own };
}
