/** @file The curriculum of data: how hard the model finds each training row, and which rows go to the prompt and to the weights as a result. */
import type { Row } from '../data/dataset.ts';
import type { RowResult } from '../evaluate/evaluation.ts';
import { randomStream } from '../random.ts';

/** What grows during a run: the data, the freedom of what may move, or both. */
export const curricula = ['none', 'data', 'freedom', 'both'] as const;
export type Curriculum = (typeof curricula)[number];

/** How fast: linearly or with the square root of the budget (Platanios et al. 2019), or by what the model can do already. */
export const pacings = ['linear', 'root', 'self-paced'] as const;
export type Pacing = (typeof pacings)[number];

/** What grows during the run, and how fast. */
export interface CurriculumOptions {
  readonly curriculum: Curriculum;
  readonly pacing: Pacing;
}

/** How the model has done on a row so far. JSON. */
export interface RowRecord {
  readonly measured: number;
  /** The number of measurements with the full score. */
  readonly passed: number;
  /** 0 to 1: the mean of the metric's score and the likelihood of the answer. The latest measurement weighs as much as all earlier ones. */
  readonly success: number;
}

/** By row id. Rows that were never measured are absent. */
export type Difficulties = Readonly<Record<string, RowRecord>>;

/**
 * Uses only the score if no answer is known. The likelihood of the answer is the pass rate of answers sampled from the model. The score is that of
 * its best answer.
 */
export function recordRows(known: Difficulties, results: readonly RowResult[]): Difficulties {
  const next = { ...known };
  for (const { row, score, logLikelihood } of results) {
    const now = logLikelihood === undefined ? score : (score + Math.exp(Math.min(0, logLikelihood))) / 2;
    const { measured, passed, success } = Object.hasOwn(next, row) ? next[row] : { measured: 0, passed: 0, success: now };
    next[row] = { measured: measured + 1, passed: passed + (score >= 1 ? 1 : 0), success: (success + now) / 2 };
  }
  return next;
}

/** What a row is used for: `prompt` if it always failed, `guard` if it always passed, and otherwise `weights`. */
export type RowRole = 'weights' | 'prompt' | 'guard';

const sure = 0.9;

/** Rows that always failed go to the prompt's proposers. Rows that always passed guard against regressions. */
export function roleOf(record: RowRecord | undefined): RowRole {
  if (!record) return 'weights';
  if (record.passed === 0 && record.success < 1 - sure) return 'prompt';
  return record.passed === record.measured && record.success > sure ? 'guard' : 'weights';
}

/** The rows of a role, the clearest cases first. */
export function rowsOf(role: RowRole, rows: readonly Row[], known: Difficulties): Row[] {
  const clearness = ({ id }: Row): number => {
    const record = known[id];
    return role === 'weights' ? -Math.abs((record?.success ?? 0.5) - 0.5) : (record?.measured ?? 0);
  };
  return rows.filter(({ id }) => roleOf(known[id]) === role).sort((a, b) => clearness(b) - clearness(a));
}

/** The rows to measure next: those that were measured least often, in an order that depends on the seed. */
export function leastMeasured(rows: readonly Row[], known: Difficulties, count: number, seed: number): Row[] {
  const measured = ({ id }: Row): number => known[id]?.measured ?? 0;
  return randomStream(seed, 'least measured')
    .shuffle(rows)
    .sort((a, b) => measured(a) - measured(b))
    .slice(0, count);
}

/** The share of the budget after which linear and root pacing use everything. */
export const grownAfter = 0.5;

/** The share of the rows in use, from `first` at the start to 1. @param progress share of the budget that is spent */
export function competence(pacing: 'linear' | 'root', progress: number, first: number): number {
  const time = Math.min(1, progress / grownAfter);
  return pacing === 'linear' ? first + (1 - first) * time : Math.sqrt(first ** 2 + (1 - first ** 2) * time);
}

/** The share of the rows, from the easiest, with which linear and root pacing start. */
const firstShare = 0.25;
/** Self-paced: the success rate that batches aim for. */
export const targetSuccess = 0.5;

/** The share of the rows that batches are drawn from at this point. */
export const shareInPlay = (pacing: Pacing, progress: number): number =>
  pacing === 'self-paced' ? 1 : competence(pacing, progress, firstShare);

/**
 * Draws batches. Linear and root: from the easiest share of the rows, each once before any twice. Self-paced: rows are weighted by how near their
 * success is to one half, and tilted to easier or harder ones so that a batch succeeds half of the time. Rows that were drawn wait.
 * @param now what is currently known about the rows, and the progress; called before each batch
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
      // The largest keys u^(1/w) are a weighted sample without replacement. Efraimidis and Spirakis 2006.
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

/** Rows in the middle teach most. The others keep a small weight. */
const weightOf = (success: number, tilt: number): number => (success * (1 - success) + 0.05) * Math.exp(tilt * (success - targetSuccess));

/** The tilt with which the mean success of a draw is the target, or as near as possible. The mean increases with the tilt. */
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
