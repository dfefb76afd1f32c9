/** @file The curriculum of data: how hard the model finds each training row, and which rows that gives to the prompt and to the weights. */
import type { Row } from '../data/dataset.ts';
import type { RowResult } from '../evaluate/evaluation.ts';
import { randomStream } from '../random.ts';

/** What grows in the course of a run: the data, the freedom of what may move, or both. */
export const curricula = ['none', 'data', 'freedom', 'both'] as const;
export type Curriculum = (typeof curricula)[number];

/** How fast: along a line or a square root of the budget (Platanios et al. 2019), or by what the model can do already. */
export const pacings = ['linear', 'root', 'self-paced'] as const;
export type Pacing = (typeof pacings)[number];

/** What grows in the course of the run, and how fast. */
export interface CurriculumOptions {
  readonly curriculum: Curriculum;
  readonly pacing: Pacing;
}

/** What the model made of a row so far; JSON. */
export interface RowRecord {
  readonly measured: number;
  /** Of the measurements, those with the full score. */
  readonly passed: number;
  /** 0 to 1: mean of the metric's score and the likelihood of the answer; the latest measurement weighs as much as all before. */
  readonly success: number;
}

/** By row id; rows that were never measured are absent. */
export type Difficulties = Readonly<Record<string, RowRecord>>;

/** The score alone where no answer is known. The likelihood of the answer is the pass rate of answers drawn from the model, the score is that of its best one. */
export function recordRows(known: Difficulties, results: readonly RowResult[]): Difficulties {
  const next = { ...known };
  for (const { row, score, logLikelihood } of results) {
    const now = logLikelihood === undefined ? score : (score + Math.exp(Math.min(0, logLikelihood))) / 2;
    const { measured, passed, success } = Object.hasOwn(next, row) ? next[row] : { measured: 0, passed: 0, success: now };
    next[row] = { measured: measured + 1, passed: passed + (score >= 1 ? 1 : 0), success: (success + now) / 2 };
  }
  return next;
}

/** What a row is for: `weights` while it is neither hopeless nor known, then it shows what the prompt must say, or guards. */
export type RowRole = 'weights' | 'prompt' | 'guard';

const sure = 0.9;

/** Rows that were failed every time go to the prompt's proposers, rows passed every time guard against regression. */
export function roleOf(record: RowRecord | undefined): RowRole {
  if (!record) return 'weights';
  if (record.passed === 0 && record.success < 1 - sure) return 'prompt';
  return record.passed === record.measured && record.success > sure ? 'guard' : 'weights';
}

/** The rows of a role, those that are it most clearly first. */
export function rowsOf(role: RowRole, rows: readonly Row[], known: Difficulties): Row[] {
  const clearness = ({ id }: Row): number => {
    const record = known[id];
    return role === 'weights' ? -Math.abs((record?.success ?? 0.5) - 0.5) : (record?.measured ?? 0);
  };
  return rows.filter(({ id }) => roleOf(known[id]) === role).sort((a, b) => clearness(b) - clearness(a));
}

/** Rows to measure next: those that were measured least often, in an order of the seed's. */
export function leastMeasured(rows: readonly Row[], known: Difficulties, count: number, seed: number): Row[] {
  const measured = ({ id }: Row): number => known[id]?.measured ?? 0;
  return randomStream(seed, 'least measured')
    .shuffle(rows)
    .sort((a, b) => measured(a) - measured(b))
    .slice(0, count);
}

/** Of the budget, after which linear and root pacing have everything in play. */
export const grownAfter = 0.5;

/** The share that is in play, from `first` at the start to 1. @param progress share of the budget that is spent */
export function competence(pacing: 'linear' | 'root', progress: number, first: number): number {
  const time = Math.min(1, progress / grownAfter);
  return pacing === 'linear' ? first + (1 - first) * time : Math.sqrt(first ** 2 + (1 - first ** 2) * time);
}

/** Of the rows, the easiest that linear and root pacing begin with. */
const firstShare = 0.25;
/** Self-paced: how often what a batch asks is in reach of the model. */
export const targetSuccess = 0.5;

/** What share of the rows batches are drawn from at this point. */
export const shareInPlay = (pacing: Pacing, progress: number): number =>
  pacing === 'self-paced' ? 1 : competence(pacing, progress, firstShare);

/**
 * Draws batches. Linear and root: from the easiest share of the rows, each once before any twice. Self-paced: rows are weighted by nearness
 * to one half, tilted to easier or harder ones so that a batch succeeds half of the time; rows that were drawn wait.
 * @param now what is known of the rows at the moment, and the progress: asked before each batch
 */
export function pacedBatches(
  rows: readonly Row[],
  pacing: Pacing,
  seed: number,
  now: () => { readonly known: Difficulties; readonly progress: number },
): (count: number) => Row[] {
  const drawn = new Map<string, number>();
  let batches = 0;
  return (count) => {
    const { known, progress } = now();
    const random = randomStream(seed, 'batch', batches++);
    const success = ({ id }: Row): number => known[id]?.success ?? targetSuccess;
    const times = ({ id }: Row): number => drawn.get(id) ?? 0;
    const size = Math.min(count, rows.length);
    let batch: Row[];
    if (pacing === 'self-paced') {
      const tilt = tiltTo(targetSuccess, rows.map(success));
      // The largest keys u^(1/w) are a weighted draw without replacement. Efraimidis and Spirakis 2006.
      const keys = new Map(
        rows.map((row) => [row, Math.log(1 - random.uniform()) / (weightOf(success(row), tilt) / (1 + times(row)))] as const),
      );
      batch = [...rows].sort((a, b) => keys.get(b)! - keys.get(a)!).slice(0, size);
    } else {
      const inPlay = Math.max(2 * size, Math.ceil(shareInPlay(pacing, progress) * rows.length));
      const easiest = [...rows].sort((a, b) => success(b) - success(a)).slice(0, inPlay);
      batch = random
        .shuffle(easiest)
        .sort((a, b) => times(a) - times(b))
        .slice(0, size);
    }
    for (const row of batch) drawn.set(row.id, times(row) + 1);
    return batch;
  };
}

/** Rows in the middle teach most; the others are not forgotten. */
const weightOf = (success: number, tilt: number): number => (success * (1 - success) + 0.05) * Math.exp(tilt * (success - targetSuccess));

/** The tilt with which the mean success of a draw is the target, or as near as it comes: the mean rises with the tilt. */
function tiltTo(target: number, successes: readonly number[]): number {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 30; i++) {
    const tilt = (low + high) / 2;
    let [sum, weights] = [0, 0];
    for (const success of successes) {
      const weight = weightOf(success, tilt);
      sum += weight * success;
      weights += weight;
    }
    if (sum < target * weights) low = tilt;
    else high = tilt;
  }
  return (low + high) / 2;
}
