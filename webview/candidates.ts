/** @file The candidates of a phase as a table: the best first, each with its last paired difference. */
import type { Difference } from '../src/optimize/events.ts';
import type { CandidateState, PhaseState } from '../src/run/record/state.ts';
import { fate } from '../src/run/words/words.ts';

export interface CandidateRow {
  readonly candidate: string;
  readonly proposer: string;
  readonly reason: string;
  /** Against the state that the phase started from, on as many rows as it reached. */
  readonly score?: Difference;
  readonly logLikelihood?: Difference;
  readonly fate: string;
  readonly kept: boolean;
}

/** The proposals of a phase: first what the gate kept, then by rounds of successive halving and by the difference. */
export function candidateRows(phase: Pick<PhaseState, 'candidates'>): CandidateRow[] {
  const standing = ({ decision, measured }: CandidateState): [number, number, number] => {
    const last = measured.at(-1);
    return [decision ? (decision.accepted ? 2 : 1) : 0, measured.length + Number(last?.kept ?? false), last?.score.mean ?? -Infinity];
  };
  return phase.candidates
    .filter(({ proposal }) => proposal)
    .map((candidate) => ({ candidate, standing: standing(candidate) }))
    .sort((a, b) => compare(b.standing, a.standing))
    .map(({ candidate: { candidate, proposal, measured, decision } }) => {
      const { score, logLikelihood } = measured.at(-1) ?? {};
      const { proposer, reason } = proposal!;
      return { candidate, proposer, reason, score, logLikelihood, fate: fate({ measured, decision }), kept: decision?.accepted ?? false };
    });
}

function compare(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, i) => value !== b[i]);
  return place < 0 ? 0 : a[place] - b[place];
}

/** How far a scale with zero in its middle reaches either way, so that it holds all of these differences: at least 2 points. */
export function reachOf(differences: readonly (Difference | undefined)[]): number {
  return Math.max(0.02, ...differences.flatMap((difference) => (difference ? [Math.abs(difference.low), Math.abs(difference.high)] : [])));
}

/** A scale for those that were measured on the most rows: what fell out early on a few rows may lie outside of it. */
export function reachOfRace(rows: readonly CandidateRow[]): number {
  const most = Math.max(...rows.map(({ score }) => score?.rows ?? 0));
  return reachOf(rows.map(({ score }) => (score?.rows === most ? score : undefined)));
}
