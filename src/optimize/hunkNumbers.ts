/** @file What each changed place of an accepted prompt contributes by itself: the state is measured again with that place as it was. */
import { compareEvaluations } from '../evaluate/evaluation.ts';
import { applyHunks } from '../prompt/hunks.ts';
import { stepsOf, withStep } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { Pair } from './changes.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Change, ChangedHunk } from './events.ts';
import type { MeasuredCandidate } from './outcome.ts';
import { nothingIfTooLong } from './successiveHalving.ts';

/** On fewer rows, the number for a place would say nothing. */
const fewestRows = 16;

export interface MeasuredChanges {
  readonly changes: readonly Change[];
  readonly tokensUsed: number;
}

/**
 * Measures each changed place.
 * @param from what was changed
 * @param state as it was accepted, measured on the valset
 * @param affordable tokens; places are measured on as many rows as this pays for. If it does not pay for the fewest rows of each, the longest places
 *   come first and the rest have no number
 */
export async function measureHunks(
  { evaluator, valset, seed, signal }: OptimizationContext,
  from: Pair,
  state: MeasuredCandidate,
  changes: readonly Change[],
  affordable: number,
): Promise<MeasuredChanges> {
  const { prompt, adapter, evaluation } = state;
  const places = changes.flatMap(({ hunks = [] }) => hunks).length;
  // A single change has the decision's own numbers.
  if (places === 0 || (places === 1 && changes.length === 1)) return { changes, tokensUsed: 0 };
  if (valset.length < fewestRows) return { changes, tokensUsed: 0 };
  const paid = Math.floor((affordable / places / evaluation.tokensUsed) * valset.length);
  const count = Math.min(valset.length, Math.max(fewestRows, paid));
  const chosen = randomStream(seed, 'places')
    .shuffle([...valset.keys()])
    .slice(0, count)
    .sort((a, b) => a - b);
  const rows = chosen.map((place) => valset[place]);
  const whole = { ...evaluation, rows: chosen.map((place) => evaluation.rows[place]) };
  let tokensUsed = 0;
  // With a deleted place restored, a prompt costs more than without.
  let dearest = (evaluation.tokensUsed * count) / valset.length;

  async function measured(hunk: ChangedHunk, { step = 0, hunks = [] }: Change): Promise<ChangedHunk> {
    if (signal?.aborted || tokensUsed + dearest > affordable) return hunk;
    const before = stepsOf(from.prompt)[step].body;
    const others = hunks.flatMap(({ id }) => (id === hunk.id ? [] : [id]));
    const undone = withStep(prompt, step, { ...stepsOf(prompt)[step], body: applyHunks(before, hunks, others) });
    const without = await evaluator.evaluate({ prompt: undone, adapter }, rows).catch(nothingIfTooLong);
    if (!without) return hunk;
    tokensUsed += without.tokensUsed;
    dearest = Math.max(dearest, without.tokensUsed);
    return { ...hunk, own: compareEvaluations(without, whole).score, tokens: whole.promptTokens - without.promptTokens };
  }

  const found = new Map<ChangedHunk, ChangedHunk>();
  const asked = changes.flatMap((change) => (change.part === 'instruction' ? (change.hunks ?? []).map((hunk) => ({ hunk, change })) : []));
  const lengthOf = ({ hunk }: (typeof asked)[number]): number => hunk.before.length + hunk.after.length;
  for (const { hunk, change } of paid < fewestRows ? [...asked].sort((a, b) => lengthOf(b) - lengthOf(a)) : asked)
    found.set(hunk, await measured(hunk, change));
  const withNumbers = changes.map((change) =>
    change.hunks ? { ...change, hunks: change.hunks.map((hunk) => found.get(hunk) ?? hunk) } : change,
  );
  return { changes: withNumbers, tokensUsed };
}
