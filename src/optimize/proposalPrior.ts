/** @file What earlier runs say about proposals: which proposers and which kinds of change won, so that later runs try those first. */
import type { OptimizationEvent } from './events.ts';

export interface Tally {
  readonly tried: number;
  readonly won: number;
}

export interface ProposalPrior {
  readonly proposers: Readonly<Record<string, Tally>>;
  /** By kind of change: the proposal's reason without quoted text. */
  readonly kinds: Readonly<Record<string, Tally>>;
}

export const noPrior: ProposalPrior = { proposers: {}, kinds: {} };

/** The P(better) that the last measurement needs for a proposal that the gate did not see. */
const sure = 0.85;

/** Counts the measured proposals of one run. A proposal has won if the gate accepted it, or if its last measurement was clearly better. */
export function learnFrom(prior: ProposalPrior, events: Iterable<OptimizationEvent>): ProposalPrior {
  const proposed = new Map<string, { proposer: string; reason: string; measured: boolean; won: boolean }>();
  for (const event of events) {
    if (event.type === 'candidateProposed')
      proposed.set(event.candidate, { proposer: event.proposer, reason: event.reason, measured: false, won: false });
    if (event.type === 'candidateMeasured') {
      const known = proposed.get(event.candidate);
      if (known) Object.assign(known, { measured: true, won: event.kept && event.score.probabilityBetter >= sure });
    }
    if (event.type === 'gateDecided' && event.accepted) {
      const known = proposed.get(event.candidate);
      if (known) known.won = true;
    }
  }
  const proposers = { ...prior.proposers };
  const kinds = { ...prior.kinds };
  for (const { proposer, reason, measured, won } of proposed.values()) {
    if (!measured || proposer === 'challengers') continue;
    proposers[proposer] = counted(tallyOf(proposers, proposer), won);
    kinds[kindOf(reason)] = counted(tallyOf(kinds, kindOf(reason)), won);
  }
  return { proposers, kinds };
}

/** Removes the words of anybody's prompt: `"…" for "…"`. */
export const kindOf = (reason: string): string => reason.replaceAll(/"[^"]*"/g, '"…"');

/** How often a kind of change can be expected to win: its own record, combined with its proposer's if it is short. */
export function expectedWin(prior: ProposalPrior, proposer: string, reason: string): number {
  const { tried, won } = tallyOf(prior.kinds, kindOf(reason));
  return (won + 4 * expectedOf(prior, proposer)) / (tried + 4);
}

/** Changes the shares of the proposers by a factor between a third and three. Their sum stays the same. */
export function guidedShares<T extends { readonly share: number; readonly proposer: { readonly name: string } }>(
  table: readonly T[],
  prior: ProposalPrior | undefined,
): readonly T[] {
  if (!prior || Object.keys(prior.proposers).length === 0) return table;
  const total = table.reduce((sum, { share }) => sum + share, 0);
  const usual = table.reduce((sum, { share, proposer }) => sum + (share * expectedOf(prior, proposer.name)) / total, 0);
  const raw = table.map(({ share, proposer }) => share * Math.min(3, Math.max(1 / 3, expectedOf(prior, proposer.name) / usual)));
  const sum = raw.reduce((all, each) => all + each, 0);
  return table.map((entry, place) => ({ ...entry, share: (total * raw[place]) / sum }));
}

/** An unknown proposer is assumed to win one time in ten. */
function expectedOf({ proposers }: ProposalPrior, proposer: string): number {
  const { tried, won } = tallyOf(proposers, proposer);
  return (won + 1) / (tried + 10);
}

const tallyOf = (tallies: Readonly<Record<string, Tally>>, name: string): Tally =>
  Object.hasOwn(tallies, name) ? tallies[name] : { tried: 0, won: 0 };
const counted = ({ tried, won }: Tally, winner: boolean): Tally => ({ tried: tried + 1, won: won + (winner ? 1 : 0) });
