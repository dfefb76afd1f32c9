/** @file Writes a run's report into its folder. */
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import { proposalsOf } from '../accept.ts';
import { changesText, type ChangeText } from './changesText.ts';
import { chartOf } from './chart.ts';
import { writeFileAtomically } from '../record/jsonFile.ts';
import { chartName, reportOf } from './report.ts';
import { portable, type RunDirectory } from '../record/runDirectory.ts';
import type { RunState } from '../record/state.ts';

/** Writes `report.md` and its chart from the journal. @returns the report */
export function writeReport(directory: RunDirectory, state: RunState): string {
  const report = reportOf(state, changesOf(directory, state));
  writeFileAtomically(directory.report, report);
  writeFileAtomically(join(directory.path, chartName), chartOf(state));
  return report;
}

/** The run's proposal with its grounds. Empty if the proposal cannot be determined. */
export function changesOf(directory: RunDirectory, state: RunState): ChangeText[] {
  try {
    const proposals = proposalsOf(directory, state).filter(({ before, after }) => before !== after);
    return changesText(proposals, state, (file) => portable(directory.workspace, file));
  } catch (error) {
    if (error instanceof TandemError) return [];
    throw error;
  }
}
