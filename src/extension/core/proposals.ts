/** @file Whether a run has something to offer that a prompt file does not have yet. */
import { diffHunks, rebaseHunks } from '../../prompt/hunks.ts';
import type { Proposal } from '../../run/review.ts';

/** Whether some change of the proposal is not in the text yet, be it that it still fits or that it conflicts with what was edited since. */
export function hasOpenChanges({ before, after }: Proposal, text: string): boolean {
  const [from, to, now] = [before, after, text].map((each) => each.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'));
  const { applied, conflicts } = rebaseHunks(from, diffHunks(from, to), now);
  return applied.length > 0 || conflicts.length > 0;
}
