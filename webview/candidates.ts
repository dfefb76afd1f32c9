/** @file The candidates of a phase as a table: the best first, each with its last paired difference. */
import type { Change, Difference } from '../src/optimize/events.ts';
import type { CandidateState, PhaseState } from '../src/run/record/state.ts';
import { fate } from '../src/run/words/words.ts';

export interface CandidateRow {
  readonly candidate: string;
  readonly proposer: string;
  readonly reason: string;
  /** The lines that it puts in, or those that it takes out if it puts in none; absent if the instruction stays as it is. */
  readonly wording?: string;
  /** The difference from the state that the phase started from, on as many rows as the candidate reached. */
  readonly score?: Difference;
  readonly logLikelihood?: Difference;
  readonly fate: string;
  readonly kept: boolean;
}

/** The proposals of a phase. Kept ones come first, then those that went through more rounds, then those with the larger difference. */
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
      const { proposer, reason, changes } = proposal!;
      const wording = wordingOf(changes);
      return {
        candidate,
        proposer,
        reason,
        ...(wording !== undefined && { wording }),
        score,
        logLikelihood,
        fate: fate({ measured, decision }),
        kept: decision?.accepted ?? false,
      };
    });
}

/** `Is it a colour or an animal?`, `without: Say what it is.` */
function wordingOf(changes: readonly Change[] = []): string | undefined {
  const hunks = changes.flatMap(({ hunks = [] }) => hunks);
  const oneLine = (texts: readonly string[]): string => texts.join(' ').replaceAll(/\s+/g, ' ').trim();
  const [added, removed] = [oneLine(hunks.map(({ after }) => after)), oneLine(hunks.map(({ before }) => before))];
  return added !== '' ? added : removed !== '' ? `without: ${removed}` : undefined;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, i) => value !== b[i]);
  return place < 0 ? 0 : a[place] - b[place];
}

/** Half the width of a scale that has zero in its middle and fits all these differences; at least 2 points. */
export function reachOf(differences: readonly (Difference | undefined)[]): number {
  return Math.max(0.02, ...differences.flatMap((difference) => (difference ? [Math.abs(difference.low), Math.abs(difference.high)] : [])));
}

/** The scale for the candidates with the most rows. Candidates that dropped out early, on a few rows, may lie outside it. */
export function reachOnMostRows(rows: readonly CandidateRow[]): number {
  const most = Math.max(...rows.map(({ score }) => score?.rows ?? 0));
  return reachOf(rows.map(({ score }) => (score?.rows === most ? score : undefined)));
}
