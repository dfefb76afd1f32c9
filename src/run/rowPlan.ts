/** @file How many validation and test rows a run measures: all of them, or as many as its budget pays for. */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { bootstrapMean } from '../evaluate/statistics.ts';
import { rowsToDecide } from '../optimize/gate.ts';
import type { RowLimits } from './spec.ts';

/** How many rows exist, or are measured. */
export interface MeasuredRows {
  readonly val: number;
  readonly test: number;
}

/** The rows that a limit leaves. A higher limit keeps the same ones, and a limit from the user or the budget selects the same rows. */
export const atMost = (rows: readonly Row[], limit = Infinity): Row[] => limitRows(rows, limit, 0);

/** The share of the budget for measuring all validation rows once. A run does so about a dozen times, and trains in between. */
const valShare = 1 / 60;
/** Fewer rows would hardly distinguish two states, whatever they cost. */
const leastVal = 80;
/** The end measures the test rows four times, outside the budget. That may take half as long again. */
const testShare = 1 / 2 / 4;
const leastTest = 200;

/** With fewer validation rows a score can be off by more than 22 points. */
const leastTelling = 20;

/**
 * @param there after the limits
 * @param limits a number of rows that the user requested is measured, whatever it costs
 * @param budget tokens of the run
 * @param tokensPerRow what a row costs to measure once
 */
export function affordableRows(there: MeasuredRows, limits: RowLimits, budget: number, tokensPerRow: number): MeasuredRows {
  const affordable = (share: number, least: number): number => Math.max(least, Math.floor((share * budget) / tokensPerRow));
  return {
    val: limits.val === undefined ? Math.min(there.val, affordable(valShare, leastVal)) : there.val,
    test: limits.test === undefined ? Math.min(there.test, affordable(testShare, leastTest)) : there.test,
  };
}

/** For people, that chance decides whatever is measured. Undefined if it does not. */
export function fewRowsNotice({ val }: Pick<MeasuredRows, 'val'>): string | undefined {
  if (val >= leastTelling) return undefined;
  const few = val === 1 ? 'one validation row' : `${val} validation rows`;
  const needed = rowsToDecide();
  if (val < needed)
    return `A run cannot keep anything with ${few}: telling a gain from chance needs at least ${needed}. Add rows, ideally 100 or more.`;
  const half = Math.round(val / 2);
  const { low, high } = bootstrapMean(Array.from({ length: val }, (_, row) => Number(row < half)));
  const off = Math.round(100 * Math.max(half / val - low, high - half / val));
  return `Only ${val} validation rows decide what is kept, and a score on so few can be off by ${off} points. Add rows, ideally 100 or more.`;
}

/** For people, what is left out. Undefined if nothing is. */
export function rowsNotice(there: MeasuredRows, measured: MeasuredRows): string | undefined {
  const parts = [
    ...(measured.val < there.val ? [`${measured.val} of ${there.val} validation rows`] : []),
    ...(measured.test < there.test ? [`${measured.test} of ${there.test} test rows`] : []),
  ];
  if (parts.length === 0) return undefined;
  return `The run measures ${parts.join(' and ')}, as many as its budget allows. A larger budget uses more.`;
}
