/** @file Log-likelihoods of completions: labels as a trie of tokens under every row, in one pass over the rows. */
import { TandemError } from '../errors.ts';
import type { Adapter } from './adapter.ts';
import { adapterFeeds, requirePositions, scoringGraph, variant, type Engine } from './engine.ts';
import type { LabelScore } from './languageModel.ts';
import { commonPrefix, int32, packRows, type PackedRow } from './packing.ts';
import { continued, tokensPerRun, tunedBy, type PrefixCache, type PrefixFeeds } from './prefixCache.ts';
import { softFeeds } from './softPrompt.ts';

/** A prompt and the completions that are scored after it, all as tokens. */
export interface ScoringRow {
  readonly prompt: readonly number[];
  readonly completions: readonly (readonly number[])[];
}

/**
 * log P(completion | prompt) in nats for every completion of every row.
 * Completions with the same beginning share tokens. The last token of a completion is never run.
 * @throws TandemError 'empty-completion', 'too-long'
 */
export async function score(
  engine: Engine,
  cache: PrefixCache,
  rows: readonly ScoringRow[],
  adapter: Adapter | undefined,
): Promise<LabelScore[][]> {
  if (!rows.length) return [];
  for (const { prompt, completions } of rows)
    for (const completion of completions) requirePositions(engine.config, prompt.length + completion.length - 1);
  const shared = commonPrefix(rows.map((row) => row.prompt));
  const prefix = await cache.encode(rows[0].prompt.slice(0, shared), adapter);
  const targets = adapter?.config.targets;
  const order = rows.map((_, i) => i).sort((a, b) => rows[a].prompt.length - rows[b].prompt.length);
  const isLong = (at: number): boolean => rows[at].prompt.length - shared > tokensPerRun;
  const results: LabelScore[][] = [];
  const short = order.filter((at) => !isLong(at)).map((at) => ({ at, tree: labelTree(rows[at], shared) }));
  for (const batch of batches(short, engine.config.vocabularySize, shared)) await run(batch, shared, prefix);
  for (const at of order.filter(isLong)) {
    const { prompt } = rows[at];
    const end = prompt.length - 1;
    const head = await continued(engine, prefix, prompt.slice(shared, end), shared, tunedBy(engine, adapter));
    await run([{ at, tree: labelTree(rows[at], end) }], end, head);
  }
  return results;

  async function run(batch: readonly { at: number; tree: LabelTree }[], before: number, head: PrefixFeeds): Promise<void> {
    const packing = packRows(
      batch.map(({ tree }) => tree.row),
      before,
    );
    const asked = batch.flatMap(({ tree }, i) => tree.asked.map((token) => packing.offsets[i] + token));
    const firstAsked = startsOf(batch.map(({ tree }) => tree.asked.length));
    const picks = batch.flatMap(({ tree }, i) =>
      tree.picks.map((pick) => (firstAsked[i] + pick.asked) * engine.config.vocabularySize + pick.token),
    );
    const soft = softFeeds(engine.config, adapter?.soft, packing.feeds);
    const shape = { targets, soft: soft !== undefined };
    const graph = await engine.graph(variant('score', shape), () => scoringGraph(engine, shape));
    const { logProbabilities } = await graph.run({
      ...engine.weights,
      ...(adapter && adapterFeeds(engine.config, adapter)),
      ...head,
      ...packing.feeds,
      ...soft,
      asked: int32(asked),
      picks: int32(picks),
    });
    let next = 0;
    for (const { at } of batch) {
      results[at] = rows[at].completions.map((tokens) => {
        let logLikelihood = 0;
        for (let t = 0; t < tokens.length; t++) logLikelihood += logProbabilities.data[next++];
        return { logLikelihood, tokens: tokens.length };
      });
    }
  }
}

interface LabelTree {
  readonly row: PackedRow;
  /** Tokens of the row whose next token is predicted. */
  readonly asked: readonly number[];
  /** For every token of every completion, in order, the index in `asked` of the token that predicts it. */
  readonly picks: readonly { readonly asked: number; readonly token: number }[];
}

/** A row's own tokens followed by the inner nodes of its completions' trie. */
function labelTree({ prompt, completions }: ScoringRow, shared: number): LabelTree {
  const tokens = prompt.slice(shared);
  const parents = tokens.map((_, i) => i - 1);
  const asked = [tokens.length - 1];
  const picks: { asked: number; token: number }[] = [];
  const inner = new Map<string, number>();
  for (const completion of completions) {
    if (!completion.length)
      throw new TandemError('empty-completion', 'A label or answer without any text cannot be scored.', {
        hint: 'Check the labels and the answers in the data.',
      });
    let node = 0;
    let path = '';
    completion.forEach((token, t) => {
      picks.push({ asked: node, token });
      if (t === completion.length - 1) return;
      path += `${token},`;
      let child = inner.get(path);
      if (child === undefined) {
        child = asked.length;
        inner.set(path, child);
        parents.push(asked[node]);
        asked.push(tokens.length);
        tokens.push(token);
      }
      node = child;
    });
  }
  return { row: { tokens, parents }, asked, picks };
}

/** Rows per run, limited so that the attention scores and the logits take at most about 100 MB. */
function* batches<T extends { tree: LabelTree }>(rows: readonly T[], vocabulary: number, shared: number): Generator<T[]> {
  let batch: T[] = [];
  let longest = 0;
  let asked = 0;
  for (const row of rows) {
    const length = Math.max(longest, row.tree.row.tokens.length);
    const questions = asked + row.tree.asked.length;
    const count = batch.length + 1;
    if (batch.length && (count * length > 2048 || questions * vocabulary > 12e6 || count * length * (shared + length) > 2.5e6)) {
      yield batch;
      batch = [];
      longest = row.tree.row.tokens.length;
      asked = row.tree.asked.length;
    } else {
      longest = length;
      asked = questions;
    }
    batch.push(row);
  }
  if (batch.length) yield batch;
}

function startsOf(counts: readonly number[]): number[] {
  let at = 0;
  return counts.map((count) => (at += count) - count);
}
