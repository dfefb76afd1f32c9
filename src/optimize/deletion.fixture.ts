/** @file Deletions that truly cost so many points, and otherwise change answers by chance as another wording would. */
import { normalQuantile } from '../evaluate/distributions.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { randomStream } from '../random.ts';
import { decideCheaper } from './cheaper.ts';

export interface Deletions {
  readonly deletions: number;
  /** Of the valset. */
  readonly rows: number;
  /** What each truly costs, a share of the score. */
  readonly cost: number;
  readonly tokens: number;
  /** How many deletions were tried on the rows; default 1. */
  readonly tried?: number;
}

/**
 * How sure the right answer is in a row is normally distributed, as log-odds. Four rows in five are right. A deletion keeps the distribution,
 * and the rows in it by a correlation of 0.94: one row in ten turns where it costs nothing. What it costs moves all rows alike.
 */
const [share, spread, correlation] = [0.8, 2, 0.94];

/** @returns the share that `decideCheaper` lets through */
export function passedDeletions({ deletions, rows, cost, tokens, tried }: Deletions): number {
  const mean = spread * normalQuantile(share);
  const moved = spread * normalQuantile(share - cost);
  let passed = 0;
  for (let seed = 0; seed < deletions; seed++) {
    const random = randomStream('deletion', seed, rows);
    const before = Array.from({ length: rows }, () => random.normal());
    const after = before.map((value) => correlation * value + Math.sqrt(1 - correlation ** 2) * random.normal());
    const [long, short] = [evaluationOf(before, mean, tokens + 50), evaluationOf(after, moved, 50)];
    if (decideCheaper(long, short, { tried }).accepted) passed++;
  }
  return passed / deletions;
}

/** @returns the share of rows that a deletion which costs nothing turns, by many rows */
export function turnedRows(rows: number): number {
  const random = randomStream('turned', 0);
  const mean = normalQuantile(share);
  let turned = 0;
  for (let row = 0; row < rows; row++) {
    const value = random.normal();
    const next = correlation * value + Math.sqrt(1 - correlation ** 2) * random.normal();
    if (value + mean > 0 !== next + mean > 0) turned++;
  }
  return turned / rows;
}

function evaluationOf(values: readonly number[], mean: number, promptTokens: number): Evaluation {
  const rows = values.map((value, i) => {
    const odds = mean + spread * value;
    return { row: `row ${i}`, prediction: '', gold: '', score: Number(odds > 0), logLikelihood: -Math.log1p(Math.exp(-odds)) };
  });
  const interval = (all: readonly number[]) => ({ mean: all.reduce((a, b) => a + b, 0) / rows.length, low: 0, high: 1, rows: rows.length });
  return {
    rows,
    score: interval(rows.map(({ score }) => score)),
    logLikelihood: interval(rows.map(({ logLikelihood }) => logLikelihood)),
    promptTokens,
    passes: 0,
  };
}
