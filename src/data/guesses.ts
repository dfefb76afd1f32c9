/** @file Guesses what the columns of data are for. */
import { columnsOf } from '../prompt/template.ts';
import { textIn } from '../prompt/values.ts';
import type { Dataset } from './dataset.ts';
import { isJson } from './jsonText.ts';

type Rows = Pick<Dataset, 'rows'>;

/** Candidates for the column to predict, likeliest first: columns that the body does not read, columns named like an answer, the last. */
export function rankOutputs(columns: readonly string[], body: string): string[] {
  const read = columnsOf(body);
  const likeliness = (column: string): number =>
    (read.includes(column) ? 0 : 4) + (answerNames.test(column) ? 2 : 0) + (column === columns.at(-1) ? 1 : 0);
  return [...columns].sort((a, b) => likeliness(b) - likeliness(a));
}

const answerNames =
  /^(label|labels|intent|output|answer|target|class|category|kind|type|gold|expected|completion|response|assistant|sentiment)$/i;

/** The number of different answers, and whether they look like a set to choose from rather than text taken from each row. */
export function labelGuess({ rows }: Rows, output: string): { count: number; likely: boolean } {
  const counts = new Map<string, number>();
  for (const { values } of rows) {
    const answer = textIn(values, output).trim();
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  const count = counts.size;
  const few = count <= 50 && count <= rows.length / 2;
  const frequent = count <= 200 && count <= rows.length / 10;
  return { count, likely: count >= 2 && (few || frequent) && !isRead(rows, output, [...counts.values()]) };
}

/**
 * Whether the answers are taken from the other columns: nearly all rows contain theirs, and new answers keep coming. The chance that the
 * next row has a new answer is about the share of rows whose answer occurs once (Good 1953).
 */
function isRead(rows: Dataset['rows'], output: string, counts: readonly number[]): boolean {
  const unseen = counts.filter((times) => times === 1).length / rows.length;
  if (unseen < 0.02) return false;
  const standsThere = rows.filter(({ values }) => {
    const answer = textIn(values, output).trim().toLowerCase();
    return Object.keys(values).some((column) => column !== output && textIn(values, column).toLowerCase().includes(answer));
  });
  return standsThere.length >= 0.8 * rows.length;
}

/** A metric that suits this kind of free text; undefined if the default, which compares the whole text, fits best. */
export function textMetricGuess({ rows }: Rows, output: string): 'numeric' | 'json-match' | 'token-f1' | undefined {
  const answers = rows.map(({ values }) => textIn(values, output));
  if (answers.every((answer) => /^[-+]?[\d,]*\.?\d+$/.test(answer.trim()))) return 'numeric';
  if (answers.every((answer) => /^\s*[{[]/.test(answer) && isJson(answer))) return 'json-match';
  const words = answers.reduce((sum, answer) => sum + answer.trim().split(/\s+/).length, 0) / answers.length;
  return words > 3 ? 'token-f1' : undefined;
}

/** The text of a column that is the same in every row; undefined for other columns. */
export function constantText({ rows }: Rows, column: string): string | undefined {
  const [first] = rows;
  const text = first && textIn(first.values, column);
  return rows.length > 2 && rows.every(({ values }) => textIn(values, column) === text) ? text : undefined;
}

/** Whether a column only numbers or names the rows. */
export function looksLikeId({ rows }: Rows, column: string): boolean {
  if (/^(id|uuid|guid|index|idx|row|row[_ ]?id|#|unnamed: 0|__index_level_0__)$/i.test(column)) return true;
  const values = rows.map(({ values }) => textIn(values, column));
  return rows.length > 2 && new Set(values).size === rows.length && values.every((value) => /^\d+$|^[0-9a-f-]{16,}$/i.test(value));
}
