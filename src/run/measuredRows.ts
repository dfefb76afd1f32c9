/** @file Which rows a prompt is measured on, and how lists name them: by the prompt's inputs, without the answers. */
import { dirname, resolve } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { openDataset, type Splits } from '../data/openDataset.ts';
import { stepsOf } from '../prompt/prompt.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { columnsOf } from '../prompt/template.ts';
import { textIn, type Values } from '../prompt/values.ts';
import { openPrompt, type PromptTexts } from './openPrompt.ts';
import { atMost } from './rowPlan.ts';
import type { RowLimits, SessionSpec, Split } from './spec.ts';

/** The rows of one split. */
export interface RowList {
  readonly split: Split;
  /** Absolute path of the data file that contains them. */
  readonly file: string;
  /** In the order of the file. */
  readonly rows: readonly ListedRow[];
  /** The total number of rows; `rows` has no more than requested. */
  readonly total: number;
}

export interface ListedRow {
  /** 1-based line in the data file. */
  readonly line: number;
  /** The prompt's inputs, cut to one short line. */
  readonly text: string;
  /** The whole inputs, column by column, if requested. */
  readonly values?: Readonly<Record<string, string>>;
  /** The right answer of a validation row, if values are requested. */
  readonly gold?: string;
}

export interface ListOptions extends PromptTexts {
  /** The number of rows of each split. */
  readonly most: number;
  /** Only rows on these lines of the data file. */
  readonly lines?: readonly number[];
  /** Includes the rows' values. */
  readonly values?: true;
}

export const validationRows = ({ val }: Splits, limits: RowLimits): Row[] => atMost(val, limits.val);

/** Opens the sealed split. */
export const testRows = ({ test }: Splits, limits: RowLimits, reason: string): Row[] => atMost(test.open(reason), limits.test);

/** @throws TandemError whatever is wrong with the prompt file or the data */
export async function listRows(
  { prompt, rows: limits, skipBadRows }: Pick<SessionSpec, 'prompt' | 'rows' | 'skipBadRows'>,
  { most, lines, values: wanted, ...texts }: ListOptions,
): Promise<RowList[]> {
  const { file } = openPrompt(prompt, texts);
  const { output } = file.settings;
  const splits = await openDataset(file.settings, prompt, { skipBad: skipBadRows === true });
  const inputs = splits.columns.filter((column) => column !== output);
  const read = [...new Set(stepsOf(file.prompt).flatMap(columnsOf))].filter((column) => inputs.includes(column));
  const list = (split: Split, rows: readonly Row[]): RowList => ({
    split,
    file: dataFileOf(file, split),
    rows: [...rows]
      .sort((a, b) => a.line - b.line)
      .filter(({ line }) => lines?.includes(line) ?? true)
      .slice(0, most)
      .map(({ line, values }) => ({
        line,
        text: shownRow(values, read.length > 0 ? read : inputs),
        ...(wanted && { values: Object.fromEntries(read.map((column) => [column, textIn(values, column)])) }),
        ...(wanted && split === 'val' && Object.hasOwn(values, output) && { gold: textIn(values, output) }),
      })),
    total: rows.length,
  });
  return [list('val', validationRows(splits, limits)), list('test', testRows(splits, limits, 'a list of its rows, without answers'))];
}

/** Absolute path of the data file that contains the rows of a split. */
export function dataFileOf({ settings: { data }, path }: PromptFile, split: Split | 'train'): string {
  return resolve(dirname(path), typeof data === 'string' ? data : (data[split] ?? data.train));
}

const longestLabel = 80;

function shownRow(values: Values, columns: readonly string[]): string {
  const text = columns.map((column) => (columns.length > 1 ? `${column}: ${textIn(values, column)}` : textIn(values, column))).join(' · ');
  const line = text
    .slice(0, 4 * longestLabel)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > longestLabel ? `${line.slice(0, longestLabel - 1)}…` : line;
}
