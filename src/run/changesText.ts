/** @file What a run proposes, change by change, with why and what was measured: for the report and the terminal. */
import { diffHunks } from '../prompt/hunks.ts';
import { groundsOf } from './evidence.ts';
import { adapterItem, itemId, type Proposal } from './review.ts';
import type { RunState } from './state.ts';
import { groundsLines, itemName } from './words.ts';

export interface ChangeText {
  /** `change 1, line 12`, with its file where that is not the run's; or `the weights`. */
  readonly name: string;
  readonly reason?: string;
  /** A number to a line. */
  readonly lines: readonly string[];
}

/** The changes in the order of the files, the weights last. @param shown how a file is called */
export function changesText(proposals: readonly Proposal[], state: RunState, shown: (file: string) => string): ChangeText[] {
  const grounds = groundsOf(proposals, state);
  const places = new Map(
    proposals.flatMap((proposal) =>
      diffHunks(proposal.before, proposal.prompt).map(({ id, line }): [string, string] => [
        itemId(proposal, id),
        `${proposal.step ? `, ${shown(proposal.file)}` : ''}, line ${line + 1}`,
      ]),
    ),
  );
  const ordered = [...grounds].sort(([a], [b]) => Number(a === adapterItem) - Number(b === adapterItem));
  return ordered.map(([id, { reason, ...each }]) => ({
    name: `${itemName(id)}${places.get(id) ?? ''}`,
    ...(reason !== undefined && { reason }),
    lines: groundsLines(each, itemName),
  }));
}
