/** @file The order of the sources of proposals: one that has gained nothing lately comes after the others and gets a smaller share. */
import type { Runner } from '../successiveHalving.ts';
import type { RejectedEdit } from './proposer.ts';
import type { ProposerEntry } from './table.ts';

export interface SourceMemory {
  /** For each source, the number of prompt phases in a row in which its proposals failed. */
  readonly failures: Readonly<Record<string, number>>;
  /** The latest first. */
  readonly rejected: readonly RejectedEdit[];
}

export const noSourceMemory: SourceMemory = { failures: {}, rejected: [] };

/** How many edits are remembered. */
const mostRejected = 24;

/** The sources with the fewest failures first. A source's share decreases with its failures. The sum of the shares does not change. */
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
 * @param proposed everything that the phase proposed
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
