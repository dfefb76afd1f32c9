/** @file A run's proposal, change by change, with reasons and measurements, for the report and the terminal. */
import { diffHunks } from '../../prompt/hunks.ts';
import { groundsOf, type Grounds } from './evidence.ts';
import { adapterItem, itemId, type Proposal } from '../review.ts';
import type { RunState } from '../record/state.ts';
import { groundsLines, itemName, namesOf } from './words.ts';

export interface ChangeText {
  /** `change 1, line 12`, `changes 3 to 9, lines 9 to 32`, with its file if that is not the run's; or `the weights`. */
  readonly name: string;
  readonly reason?: string;
  /** One line per number. */
  readonly lines: readonly string[];
}

/** The changes in the order of the files, the weights last. @param shown how a file is named */
export function changesText(proposals: readonly Proposal[], state: RunState, shown: (file: string) => string): ChangeText[] {
  const grounds = groundsOf(proposals, state);
  const places = new Map(
    proposals.flatMap((proposal) =>
      diffHunks(proposal.before, proposal.prompt).map(({ id, line }): [string, Place] => [
        itemId(proposal, id),
        { file: proposal.step ? `, ${shown(proposal.file)}` : '', line: line + 1 },
      ]),
    ),
  );
  const ordered = [...grounds].sort(([a], [b]) => Number(a === adapterItem) - Number(b === adapterItem));
  return alike(ordered, places).map((items): ChangeText => {
    const [[first, { reason, ...own }]] = items;
    const ids = items.map(([id]) => id);
    const tokens = items.reduce((sum, [, each]) => sum + (each.tokens ?? 0), 0);
    const lines = groundsLines(items.length > 1 ? { ...own, tokens } : own, itemName);
    return {
      name: `${namesOf(ids, itemName).join(' and ')}${placeText(ids, places, first)}`,
      ...(reason !== undefined && { reason }),
      lines,
    };
  });
}

interface Place {
  /** Empty for the run's own file. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** Groups adjacent changes that have the same reason and share all their numbers with the same other changes. */
function alike(ordered: readonly (readonly [string, Grounds])[], places: ReadonlyMap<string, Place>): (readonly [string, Grounds])[][] {
  const groups: (readonly [string, Grounds])[][] = [];
  const keyOf = ([id, { reason, evidence, toldWith }]: readonly [string, Grounds]): string | undefined =>
    evidence.length > 0 || !places.has(id) ? undefined : JSON.stringify([places.get(id)!.file, reason, toldWith]);
  for (const item of ordered) {
    const last = groups.at(-1);
    const key = keyOf(item);
    if (last && key !== undefined && keyOf(last[0]) === key) last.push(item);
    else groups.push([item]);
  }
  return groups;
}

function placeText(ids: readonly string[], places: ReadonlyMap<string, Place>, first: string): string {
  const place = places.get(first);
  if (!place) return '';
  const last = places.get(ids.at(-1)!)!;
  return ids.length === 1 ? `${place.file}, line ${place.line}` : `${place.file}, lines ${place.line} to ${last.line}`;
}
