/** @file A run's report in its folder. */
import { join } from 'node:path';
import { chartOf } from './chart.ts';
import { writeFileAtomically } from './jsonFile.ts';
import { chartName, reportOf } from './report.ts';
import type { RunDirectory } from './runDirectory.ts';
import type { RunState } from './state.ts';

/** Writes `report.md` and its chart from the journal. */
export function writeReport(directory: RunDirectory, state: RunState): void {
  writeFileAtomically(directory.report, reportOf(state));
  writeFileAtomically(join(directory.path, chartName), chartOf(state));
}
