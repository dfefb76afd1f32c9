/** @file What is wrong with the rows of the data: too few to decide by, and inputs that are empty. */
import { basename } from 'node:path';
import type { Dataset, Row } from '../../data/dataset.ts';
import { splitSets } from '../../data/openDataset.ts';
import { TandemError } from '../../errors.ts';
import { rowsToDecide } from '../../optimize/gate.ts';
import { bodyRanges, type Problem, type PromptFile } from '../../prompt/promptFile.ts';
import { variablesOf } from '../../prompt/template.ts';
import type { TextRange } from '../../prompt/textRange.ts';
import { textIn } from '../../prompt/values.ts';
import { fewRowsNotice } from '../../run/rowPlan.ts';

/** What is known of a data file, under the names that the prompt file uses. */
export interface KnownFile extends Pick<Dataset, 'file' | 'rows'> {
  /** 'data', or 'data.train', 'data.val' or 'data.test'. */
  readonly setting: string;
  /** The file has no other rows. */
  readonly areAll?: true;
}

/**
 * Too few rows for a run to keep anything, as it would count them.
 * @param files all of the prompt file's data; where not all rows are known, there are enough
 * @param range where it names them
 */
export function countProblems(files: readonly KnownFile[], range: TextRange): Problem[] {
  if (!files.every(({ areAll }) => areAll)) return [];
  const set = (name: string): KnownFile | undefined => files.find(({ setting }) => setting === name);
  const [train, val, test] = [set('data') ?? set('data.train'), set('data.val'), set('data.test')];
  if (!train) return [];
  const count = files.reduce((sum, { rows }) => sum + rows.length, 0);
  try {
    const validation = splitSets({ train, ...(val && { val }), ...(test && { test }) }).val.length;
    // Rows that can decide something, if not precisely, are good enough to begin with; runs say how imprecise they are.
    if (validation >= rowsToDecide()) return [];
    const message = `The data has ${count === 1 ? 'one row' : `${count} rows`}. ${fewRowsNotice({ val: validation })}`;
    return [{ severity: 'warning', message, range }];
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    const { message, hint } = error;
    return [{ severity: 'error', message, range, hint }];
  }
}

/** Columns that the body reads and that are empty in some rows. Where most rows have nothing, the column is meant to be optional. */
export function emptyProblems(prompt: PromptFile, files: readonly KnownFile[]): Problem[] {
  const rangeOf = bodyRanges(prompt);
  const seen = new Set<string>();
  return variablesOf(prompt.prompt).flatMap(({ name, start, end }) => {
    if (seen.has(name)) return [];
    seen.add(name);
    const range = rangeOf(start, end);
    return files.flatMap(({ file, rows }): Problem[] => {
      const empty = rows.filter(({ values }) => Object.hasOwn(values, name) && textIn(values, name).trim() === '');
      if (empty.length === 0 || empty.length > rows.length / 2) return [];
      const message = `"${name}" is empty in ${empty.length === 1 ? 'one row' : `${empty.length} rows`} of ${basename(file)}: ${linesText(empty)}.`;
      return [{ severity: 'warning', message, range, hint: 'Fill in the value or remove the row.' }];
    });
  });
}

const mostLines = 3;

function linesText(rows: readonly Row[]): string {
  const lines = rows.map(({ line }) => line);
  return `line${lines.length === 1 ? '' : 's'} ${lines.slice(0, mostLines).join(', ')}${lines.length > mostLines ? ', …' : ''}`;
}
