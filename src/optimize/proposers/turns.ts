/** @file Whose turn it is among the sources of proposals: one that has brought nothing lately stands back for the others. */
import type { Runner } from '../successiveHalving.ts';
import type { RejectedEdit } from './proposer.ts';
import type { ProposerEntry } from './table.ts';

/** JSON. */
export interface SourceMemory {
  /** By source: prompt phases in a row whose proposals of it came to nothing. */
  readonly failures: Readonly<Record<string, number>>;
  /** The latest first. */
  readonly rejected: readonly RejectedEdit[];
}

export const noSourceMemory: SourceMemory = { failures: {}, rejected: [] };

/** Edits that are remembered. */
const mostRejected = 24;

/** The sources that have failed least first, each with a share that falls with its failures; the shares add up to what they did. */
export function inTurn<T extends Pick<ProposerEntry, 'proposer' | 'share'>>(
  entries: readonly T[],
  { failures }: SourceMemory,
): readonly T[] {
  const failed = ({ proposer: { name } }: T): number => (Object.hasOwn(failures, name) ? failures[name] : 0);
  const sum = (of: readonly T[]): number => of.reduce((all, { share }) => all + share, 0);
  const scaled = entries.map((entry) => ({ ...entry, share: entry.share / (1 + failed(entry)) }));
  const factor = sum(entries) / sum(scaled);
  return scaled.map((entry) => ({ ...entry, share: factor * entry.share })).sort((a, b) => failed(a) - failed(b));
}

/**
 * What is remembered after a prompt phase.
 * @param proposed all that the phase proposed
 * @param winner the proposal that was judged, whether it was accepted, and why
 */
export function rememberSources(
  memory: SourceMemory,
  proposed: readonly Runner[],
  winner?: { readonly candidate: string; readonly accepted: boolean; readonly because: string },
): SourceMemory {
  const failures: Record<string, number> = { ...memory.failures };
  for (const proposer of new Set(proposed.map((runner) => runner.proposer))) {
    const won = winner?.accepted === true && proposed.some((runner) => runner.id === winner.candidate && runner.proposer === proposer);
    failures[proposer] = won ? 0 : (Object.hasOwn(failures, proposer) ? failures[proposer] : 0) + 1;
  }
  const rejected = proposed
    .filter(({ id }) => id !== winner?.candidate || !winner.accepted)
    .map(({ id, reason }): RejectedEdit => ({
      reason,
      because: id === winner?.candidate ? winner.because : 'other proposals did better',
    }));
  return { failures, rejected: [...rejected, ...memory.rejected].slice(0, mostRejected) };
}
