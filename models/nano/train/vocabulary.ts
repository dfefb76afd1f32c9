/** @file The part of a byte-level BPE vocabulary that English needs: its most frequent tokens, and the merges that lead to them. */
import type { TokenizerJson } from '../../../src/model/files/tokenizerJson.ts';

export interface PrunedVocabulary {
  readonly json: TokenizerJson;
  /** The old id of each new id. */
  readonly kept: readonly number[];
}

/**
 * Keeps `size` tokens: every single byte, the named special tokens, and for the rest the most frequent tokens together with those that they are
 * merged from. New ids are in the order of the old ones.
 * @param counts  how often each old token occurs in the texts
 * @param special contents of the added tokens to keep; the others are dropped
 */
export function pruneVocabulary(
  json: TokenizerJson,
  counts: ReadonlyMap<number, number>,
  size: number,
  special: readonly string[],
): PrunedVocabulary {
  const vocabulary = json.model.vocab as Readonly<Record<string, number>>;
  const merges = (json.model.merges as readonly (string | readonly [string, string])[]).map((merge) =>
    typeof merge === 'string' ? (merge.split(' ') as [string, string]) : merge,
  );
  const parts = new Map<string, readonly [string, string]>();
  for (const [left, right] of merges) if (!parts.has(left + right)) parts.set(left + right, [left, right]);
  const added = json.added_tokens.filter(({ content }) => special.includes(content));
  const names = Object.keys(vocabulary);
  const dropped = new Set(json.added_tokens.map(({ content }) => content));
  const kept = new Set([...added.map(({ content }) => content), ...names.filter((name) => [...name].length === 1)]);
  const byCount = names
    .filter((name) => !dropped.has(name))
    .sort((a, b) => (counts.get(vocabulary[b]) ?? 0) - (counts.get(vocabulary[a]) ?? 0) || vocabulary[a] - vocabulary[b]);
  for (const name of byCount) {
    const needed = withParts(name, parts, kept);
    if (kept.size + needed.length <= size) for (const each of needed) kept.add(each);
    if (kept.size >= size) break;
  }
  const ordered = [...kept].sort((a, b) => vocabulary[a] - vocabulary[b]);
  const ids = new Map(ordered.map((name, id) => [name, id]));
  return {
    kept: ordered.map((name) => vocabulary[name]),
    json: {
      ...json,
      added_tokens: added.map((token) => ({ ...token, id: ids.get(token.content)! })),
      model: {
        ...json.model,
        vocab: Object.fromEntries(ids),
        merges: merges.filter(([left, right]) => ids.has(left) && ids.has(right) && ids.has(left + right)),
      },
    },
  };
}

/** A token and those it is merged from, without those that are already there. */
function withParts(name: string, parts: ReadonlyMap<string, readonly [string, string]>, there: ReadonlySet<string>): string[] {
  if (there.has(name)) return [];
  const found = parts.get(name);
  return found ? [...new Set([...withParts(found[0], parts, there), ...withParts(found[1], parts, there), name])] : [name];
}
