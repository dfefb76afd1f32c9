/** @file All problems of a prompt file or a program that can be found without running anything. */
import { namedColumns, namedRow } from '../../data/columns.ts';
import { constantText, looksLikeId } from '../../data/guesses.ts';
import { TandemError } from '../../errors.ts';
import { stopProblems } from '../../evaluate/answerEnds.ts';
import { taskFor } from '../../evaluate/taskFor.ts';
import { labelProblems, type KnownRows } from '../../evaluate/labelProblems.ts';
import { metrics } from '../../evaluate/metrics/table.ts';
import { isProgramPath } from '../../prompt/kinds/table.ts';
import { checkKeys } from '../../prompt/missingKeys.ts';
import { nearestNames } from '../../prompt/nearest.ts';
import { checkProgram } from '../../prompt/program.ts';
import { checkColumns, type Problem, type PromptFile } from '../../prompt/promptFile.ts';
import { rangesOf, type TextRange } from '../../prompt/textRange.ts';
import { dataFilesOf, type DataFinding } from './dataSample.ts';
import { countProblems, emptyProblems, type KnownFile } from './dataProblems.ts';
import type { MeasuredFile } from './measuredFile.ts';
import { modelProblems, type MissingModel } from './modelProblems.ts';

/** @param findings by absolute path; a file that is not there yet is taken to be in order */
export function problemsOf(file: PromptFile, findings: ReadonlyMap<string, DataFinding>, model?: MissingModel): Problem[] {
  if (!file.hasSettings) return [];
  const problems: Problem[] = [...file.problems, ...taskProblems(file), ...(model ? modelProblems(file, model) : [])];
  let columns: readonly string[] | undefined;
  for (const { setting, file: path } of dataFilesOf(file.settings, file.path)) {
    const finding = findings.get(path);
    if (finding instanceof TandemError) problems.push(dataProblem(file, setting, finding));
    else columns ??= finding && namedColumns(finding.columns, file.settings.columns);
  }
  if (columns) {
    const known = knownRows(file, findings);
    const values = known.rows.map((row) => row.values);
    problems.push(...checkColumns(file, columns, idleColumns(columns, known)), ...answerProblems(file, known));
    problems.push(...checkKeys(file, values, 'None of the first rows'), ...rowProblems(file, file, findings));
  }
  return problems.sort((a, b) => a.range.start - b.range.start);
}

/**
 * Those of a program that stand in one of its files: the program file itself, or the prompt file of a step, which needs no data of its own.
 * @param own the file as it reads now
 * @param findings of the program's data
 * @param model that `own` names
 */
export function problemsIn(
  own: PromptFile,
  { file: whole, program }: Pick<MeasuredFile, 'file' | 'program'>,
  findings: ReadonlyMap<string, DataFinding>,
  model?: MissingModel,
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
  if (program && columns) problems.push(...rowProblems(own, whole, findings));
  if (model) problems.push(...modelProblems(own, model));
  return problems.sort((a, b) => a.range.start - b.range.start);
}

/** What is wrong between what a prompt file says of answers, and the answers. */
function answerProblems(file: PromptFile, known: KnownRows): Problem[] {
  const { labels, decoding } = file.settings;
  return labels ? labelProblems(file, known) : stopProblems(file, decoding.stop ?? [], known.rows);
}

/** What is wrong with the rows. @param whole names the data: the prompt file itself, or the program that has it as a step */
function rowProblems(own: PromptFile, whole: PromptFile, findings: ReadonlyMap<string, DataFinding>): Problem[] {
  const files = knownFiles(whole, findings);
  const isKnown = files.length === dataFilesOf(whole.settings, whole.path).length;
  return [
    ...(own.path === whole.path && isKnown ? countProblems(files, rangeAt(whole, 'data')) : []),
    ...(own.path !== whole.path || !isProgramPath(own.path) ? emptyProblems(own, files) : []),
  ];
}

/** Columns that number or repeat, which a prompt leaves out on purpose. */
const idleColumns = (columns: readonly string[], { rows }: KnownRows): string[] =>
  rows.length === 0 ? [] : columns.filter((column) => looksLikeId({ rows }, column) || constantText({ rows }, column) !== undefined);

/** The data files that can be read, with their heads under the names that the prompt file uses. */
function knownFiles({ settings, path }: PromptFile, findings: ReadonlyMap<string, DataFinding>): KnownFile[] {
  return dataFilesOf(settings, path).flatMap(({ setting, file }) => {
    const finding = findings.get(file);
    if (!finding || finding instanceof TandemError) return [];
    return [{ ...finding, setting, file, rows: finding.rows.map((row) => namedRow(row, settings.columns)) }];
  });
}

/** What the heads of the data files have, under the names that the prompt file uses. */
function knownRows(file: PromptFile, findings: ReadonlyMap<string, DataFinding>): KnownRows {
  const files = knownFiles(file, findings);
  const areAll = files.length === dataFilesOf(file.settings, file.path).length && files.every((each) => each.areAll);
  const rows = files.flatMap((each) => each.rows);
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
