/** @file A prompt's rows as tests: what each is called, and its outcome. */
import { isRight } from '../../evaluate/judging.ts';
import type { CutBy } from '../../evaluate/cuts.ts';
import type { MeasuredRow, PromptMeasurement } from '../../run/measure.ts';
import type { RowList } from '../../run/measuredRows.ts';
import type { Split } from '../../run/spec.ts';
import { headlineDetail } from './headline.ts';

/** Rows that the Test Explorer lists of each split; the others are measured with them. */
export const mostListed = 1000;

export interface RowTest {
  readonly id: string;
  readonly label: string;
  /** 1-based line in the data file. */
  readonly line: number;
  /** Orders as the lines do. */
  readonly sortText: string;
}

export const rowTestId = (split: Split, line: number): string => `${split}:${line}`;

export function rowTestsOf({ split, rows }: RowList): RowTest[] {
  return rows.map(({ line, text }) => ({
    id: rowTestId(split, line),
    // Not in a description, which screen readers read instead of the label.
    label: `${text || '(empty)'}${split === 'test' ? ' (held out)' : ''}`,
    line,
    sortText: `${split === 'test' ? 1 : 0}${String(line).padStart(9, '0')}`,
  }));
}

/** `2000 of 50000 validation rows are listed`; undefined where all are. */
export function listNote(lists: readonly RowList[]): string | undefined {
  const cut = lists.filter(({ rows, total }) => rows.length < total);
  if (cut.length === 0) return undefined;
  return `${cut.map(({ split, rows, total }) => `${rows.length} of ${total} ${splitWords[split]} rows`).join(' and ')} are listed`;
}

export type Outcome =
  | { readonly right: true }
  | {
      readonly right: false;
      readonly message: string;
      /** Absent where the data has no right answer. */ readonly expected?: string;
      readonly actual: string;
    };

export function outcomeOf(row: MeasuredRow): Outcome {
  const { prediction, gold, score, feedback, logLikelihood, cut } = row;
  if (isRight(row)) return { right: true };
  const part = score === 0 ? '' : ` (score ${score.toFixed(2)})`;
  const message = [
    `The answer was ${shown(prediction)}${gold === undefined ? '' : ` instead of ${shown(gold)}`}${part}.`,
    ...(feedback === undefined ? [] : [feedback]),
    ...(cut ? [cutWords[cut]] : []),
    ...(logLikelihood === undefined ? [] : [`Log-likelihood of the right answer: ${logLikelihood.toFixed(3)} nats.`]),
  ].join(' ');
  return { right: false, message, ...(gold !== undefined && { expected: gold }), actual: prediction };
}

/** What the prompt read of a row, in lines. */
export const inputLines = ({ line, inputs }: Pick<MeasuredRow, 'line' | 'inputs'>): string[] => [
  `Line ${line}`,
  ...Object.entries(inputs).map(([column, text]) => `  ${column}: ${text}`),
];

/** What was measured, in lines. */
export function measuredLines(measured: PromptMeasurement): string[] {
  return [
    ...headlineDetail(measured).split('\n'),
    ...(measured.split === 'test'
      ? ['This used the held-out test rows. They can no longer test anything that you choose by these numbers.']
      : []),
  ];
}

/** `Wrong rows that are not listed: 3, in lines 2001, 2007, 2013`; undefined where every wrong row is listed. */
export function unlistedFailures({ rows, split }: PromptMeasurement, listed: ReadonlySet<string>): string | undefined {
  const lines = rows.filter((row) => !isRight(row) && !listed.has(rowTestId(split, row.line))).map(({ line }) => line);
  if (lines.length === 0) return undefined;
  return `Wrong rows that are not listed: ${lines.length}, in lines ${lines.slice(0, 20).join(', ')}${lines.length > 20 ? ', …' : ''}`;
}

const splitWords: Readonly<Record<Split, string>> = { val: 'validation', test: 'test' };

const cutWords: Readonly<Record<CutBy, string>> = {
  length: 'The answer was cut off at `decoding.maxTokens`.',
  context: "The answer was cut off where the model's context ends.",
};

const longestShown = 60;

const shown = (text: string): string => JSON.stringify(text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text);
