/** @file Which rows the table of answers shows, and in which order; and what was confused with what. */
import type { AnsweredRow } from '../../src/run/record/answers.ts';

export interface View {
  readonly onlyWrong: boolean;
  /** Rows that have this text somewhere, in upper or lower case. */
  readonly search: string;
  readonly sort: Sort;
  /** Only rows with this right answer and this given one. */
  readonly cell?: Cell;
  /** From 0. */
  readonly page: number;
}

export interface Sort {
  readonly by: Column;
  readonly descending: boolean;
}

export interface Cell {
  readonly gold: string;
  readonly prediction: string;
}

export type Column = 'line' | 'input' | 'gold' | 'prediction' | 'right' | 'logLikelihood' | 'feedback';

export const wholeView: View = { onlyWrong: false, search: '', sort: { by: 'line', descending: false }, page: 0 };

/** More rows at a time would make the page slow. */
export const rowsPerPage = 100;

/** All rows that the view shows, of whichever page, in its order. */
export function chosenRows(rows: readonly AnsweredRow[], { onlyWrong, search, sort, cell }: View): readonly AnsweredRow[] {
  const wanted = search.trim().toLowerCase();
  const chosen = rows.filter(
    (row) =>
      !(onlyWrong && row.right) && (!cell || isIn(row, cell)) && (wanted === '' || textsOf(row).some((text) => text.includes(wanted))),
  );
  const value = values[sort.by];
  const sign = sort.descending ? -1 : 1;
  // Rows without a value stand last either way.
  return chosen.sort((a, b) => absentLast(value(a), value(b)) ?? (sign * compare(value(a)!, value(b)!) || a.line - b.line));
}

/** The page that is shown, or the last one where there are fewer by now. */
export function pageOf(rows: readonly AnsweredRow[], { page }: View): { readonly first: number; readonly rows: readonly AnsweredRow[] } {
  const last = Math.max(0, Math.ceil(rows.length / rowsPerPage) - 1);
  const first = Math.min(page, last) * rowsPerPage;
  return { first, rows: rows.slice(first, first + rowsPerPage) };
}

export interface Confusion {
  readonly labels: readonly string[];
  /** counts[right answer][given answer], in the order of the labels. */
  readonly counts: readonly (readonly number[])[];
  /** Labels that occur and are left out. */
  readonly others: number;
}

/** More labels do not fit on a page. */
export const mostLabels = 20;

/** Of the labels that occur; where they are too many, of those that are confused most. */
export function confusionOf(rows: readonly AnsweredRow[], labels: readonly string[], most = mostLabels): Confusion {
  const known = rows.flatMap(({ gold, prediction }) => (gold === undefined ? [] : [{ gold: gold.trim(), prediction }]));
  const wrong = new Map(labels.map((label) => [label, 0]));
  for (const { gold, prediction } of known)
    if (gold !== prediction) for (const label of [gold, prediction]) wrong.set(label, (wrong.get(label) ?? 0) + 1);
  const occurring = labels.filter((label) => known.some(({ gold, prediction }) => gold === label || prediction === label));
  const chosen = new Set([...occurring].sort((a, b) => wrong.get(b)! - wrong.get(a)!).slice(0, most));
  const shown = occurring.filter((label) => chosen.has(label));
  const places = new Map(shown.map((label, place) => [label, place]));
  const counts = shown.map(() => shown.map(() => 0));
  for (const { gold, prediction } of known) {
    const [row, column] = [places.get(gold), places.get(prediction)];
    if (row !== undefined && column !== undefined) counts[row][column]++;
  }
  return { labels: shown, counts, others: occurring.length - shown.length };
}

/** What of a row a column shows, to sort by. */
const values: Readonly<Record<Column, (row: AnsweredRow) => string | number | undefined>> = {
  line: ({ line }) => line,
  input: inputText,
  gold: ({ gold }) => gold,
  prediction: ({ prediction }) => prediction,
  right: ({ score }) => score,
  logLikelihood: ({ logLikelihood }) => logLikelihood,
  feedback: ({ feedback }) => feedback,
};

function inputText({ inputs }: AnsweredRow): string {
  return Object.values(inputs).join(' ');
}

const isIn = (row: AnsweredRow, { gold, prediction }: Cell): boolean => row.gold?.trim() === gold && row.prediction === prediction;

const textsOf = ({ inputs, gold = '', prediction, feedback = '' }: AnsweredRow): string[] =>
  [...Object.values(inputs), gold, prediction, feedback].map((text) => text.toLowerCase());

const absentLast = (a: unknown, b: unknown): number | undefined =>
  a === undefined || b === undefined ? Number(a === undefined) - Number(b === undefined) : undefined;

const compare = (a: string | number, b: string | number): number =>
  typeof a === 'number' ? a - Number(b) : a.localeCompare(String(b), undefined, { numeric: true });
