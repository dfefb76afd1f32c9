/** @file All problems of a prompt file or a program that can be found without running anything. */
import { namedColumns, namedRow } from '../../data/columns.ts';
import { TandemError } from '../../errors.ts';
import { stopProblems } from '../../evaluate/answerEnds.ts';
import { taskFor } from '../../evaluate/taskFor.ts';
import { labelProblems, type KnownRows } from '../../evaluate/labelProblems.ts';
import { metrics } from '../../evaluate/metrics/table.ts';
import { checkKeys } from '../../prompt/missingKeys.ts';
import { nearestNames } from '../../prompt/nearest.ts';
import { checkProgram } from '../../prompt/program.ts';
import { checkColumns, type Problem, type PromptFile } from '../../prompt/promptFile.ts';
import { rangesOf, type TextRange } from '../../prompt/textRange.ts';
import { dataFilesOf, type DataFinding } from './dataSample.ts';
import type { MeasuredFile } from './measuredFile.ts';

/** @param findings by absolute path; a file that is not there yet is taken to be in order */
export function problemsOf(file: PromptFile, findings: ReadonlyMap<string, DataFinding>): Problem[] {
  if (!file.hasSettings) return [];
  const problems: Problem[] = [...file.problems, ...taskProblems(file)];
  let columns: readonly string[] | undefined;
  for (const { setting, file: path } of dataFilesOf(file.settings, file.path)) {
    const finding = findings.get(path);
    if (finding instanceof TandemError) problems.push(dataProblem(file, setting, finding));
    else columns ??= finding && namedColumns(finding.columns, file.settings.columns);
  }
  if (columns) {
    const known = knownRows(file, findings);
    const values = known.rows.map((row) => row.values);
    problems.push(...checkColumns(file, columns), ...answerProblems(file, known), ...checkKeys(file, values, 'None of the first rows'));
  }
  return problems.sort((a, b) => a.range.start - b.range.start);
}

/**
 * Those of a program that stand in one of its files: the program file itself, or the prompt file of a step, which needs no data of its own.
 * @param own the file as it reads now
 * @param findings of the program's data
 */
export function problemsIn(
  own: PromptFile,
  { file: whole, program }: Pick<MeasuredFile, 'file' | 'program'>,
  findings: ReadonlyMap<string, DataFinding>,
): Problem[] {
  const isWhole = own.path === whole.path;
  const problems: Problem[] = [];
  if (!isWhole) problems.push(...own.problems.filter(({ missing }) => missing === undefined));
  else problems.push(...(program ? program.file.problems : whole.problems), ...(program ? taskProblems(whole) : []));
  let columns: readonly string[] | undefined;
  for (const { setting, file: path } of dataFilesOf(whole.settings, whole.path)) {
    const finding = findings.get(path);
    if (!(finding instanceof TandemError)) columns ??= finding && namedColumns(finding.columns, whole.settings.columns);
    else if (isWhole) problems.push(dataProblem(whole, setting, finding));
  }
  if (program && columns)
    problems.push(...checkProgram(program, columns).flatMap(({ path, ...problem }) => (path === own.path ? [problem] : [])));
  for (const step of program?.steps ?? [])
    if (columns && step.path === own.path) problems.push(...answerProblems(step, knownRows(whole, findings)));
  return problems.sort((a, b) => a.range.start - b.range.start);
}

/** What is wrong between what a prompt file says of answers, and the answers. */
function answerProblems(file: PromptFile, known: KnownRows): Problem[] {
  const { labels, decoding } = file.settings;
  return labels ? labelProblems(file, known) : stopProblems(file, decoding.stop ?? [], known.rows);
}

/** What the heads of the data files have, under the names that the prompt file uses. */
function knownRows(file: PromptFile, findings: ReadonlyMap<string, DataFinding>): KnownRows {
  const found = dataFilesOf(file.settings, file.path).map((each) => findings.get(each.file));
  const samples = found.flatMap((finding) => (finding && !(finding instanceof TandemError) ? [finding] : []));
  const areAll = samples.length === found.length && samples.every((sample) => sample.areAll);
  const rows = samples.flatMap((sample) => sample.rows.map((row) => namedRow(row, file.settings.columns)));
  return { rows, called: areAll ? 'rows' : 'rows at the start of the data', areAll };
}

/** Those of the task that need no rows to be seen. */
function taskProblems(file: PromptFile): Problem[] {
  try {
    taskFor(file, []);
    return [];
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    if (error.reason !== 'unknown-metric' && error.reason !== 'metric-needs-labels') return [];
    const range = rangeAt(file, 'metric');
    const judging = [...metrics.values()].filter(({ kind }) => file.settings.labels || kind === 'text').map(({ name }) => name);
    const fix = { range, instead: nearestNames(file.settings.metric, judging) };
    // Without a metric of its own there is nothing to replace, and of a list one does not replace all.
    const replaces = file.ranges.metric && file.settings.reported.length === 0;
    return [{ severity: 'error', message: error.message, range, hint: error.hint, ...(replaces && { fix }) }];
  }
}

function dataProblem(file: PromptFile, setting: string, { reason, message, where, hint }: TandemError): Problem {
  const range = rangeAt(file, setting);
  const place = where?.line === undefined ? '' : ` (line ${where.line} of the file)`;
  return {
    severity: 'error',
    message: `${message}${place}`,
    range,
    hint,
    ...(reason === 'missing-data' && { fix: { range, instead: 'data-file' } }),
  };
}

const rangeAt = ({ ranges, text, bodyOffset }: PromptFile, setting: string): TextRange =>
  ranges[setting] ?? ranges.data ?? rangesOf(text)(bodyOffset, bodyOffset);
