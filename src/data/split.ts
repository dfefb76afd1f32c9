/** @file Splits and samples of rows that depend on the rows' own hashes, not on their order. */
import { createHash } from 'node:crypto';
import { TandemError } from '../errors.ts';
import { textIn } from '../prompt/values.ts';
import type { Row } from './dataset.ts';

export const splitNames = ['train', 'val', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** How much of the rows each split gets. */
export type Shares = Readonly<Record<SplitName, number>>;

export interface SplitOptions {
  readonly seed: number;
  /**
   * Shares of the rows, in any unit. New rows do not move other rows, except between train and val while there are too few to validate.
   * Default 60/20/20.
   */
  readonly fractions?: Shares;
  /** Numbers of rows instead of shares. They are exact unless rows occur more than once. The remaining rows are left out. */
  readonly counts?: Shares;
  /** The data file, for errors. */
  readonly file?: string;
}

/**
 * Splits rows by hash. Copies of a row always land in the same split.
 * @throws TandemError reason 'too-few-rows' if counts ask for more rows than there are, or a split would stay empty
 */
export function splitRows(rows: readonly Row[], options: SplitOptions): Record<SplitName, Row[]> {
  const { seed, counts, file, fractions = { train: 60, val: 20, test: 20 } } = options;
  const groups = groupsInHashOrder(rows, seed);
  const wanted = splitNames.filter((name) => (counts ?? fractions)[name] > 0);
  if (groups.length < wanted.length || (counts && sum(counts) > rows.length)) {
    const asked = counts ? `${sum(counts)} rows were requested` : `${wanted.join(', ')} need one each`;
    throw new TandemError('too-few-rows', `The data has ${groups.length} different rows, but ${asked}.`, {
      ...(file !== undefined && { where: { file } }),
      hint: 'Add rows, or ask for fewer.',
    });
  }
  const chosen = counts ? byCount(groups, counts) : byFraction(groups, fractions, wanted);
  const result: Record<SplitName, Row[]> = { train: [], val: [], test: [] };
  for (const row of rows) {
    const split = chosen.get(row.id);
    if (split) result[split].push(row);
  }
  return result;
}

/**
 * At most `n` rows, chosen by hash. The choice does not depend on the order of `rows`, and a larger `n` keeps it.
 * @param balance a column whose values should occur equally often
 */
export function limitRows(rows: readonly Row[], n: number, seed: number, options: { balance?: string } = {}): Row[] {
  if (rows.length <= n) return [...rows];
  const { balance } = options;
  const order = rows.map((row) => ({ row, place: hashPlace(row.id, seed) })).sort((a, b) => a.place - b.place);
  const turn = new Map<string, number>();
  const turns = order.map(({ row }) => {
    if (balance === undefined) return 0;
    const label = textIn(row.values, balance);
    turn.set(label, (turn.get(label) ?? 0) + 1);
    return turn.get(label)!;
  });
  const places = order.map((_, place) => place).sort((a, b) => turns[a] - turns[b] || a - b);
  const chosen = new Set(places.slice(0, n).map((place) => order[place].row));
  return rows.filter((row) => chosen.has(row));
}

interface Group {
  readonly id: string;
  readonly size: number;
  /** In [0, 1). */
  readonly place: number;
}

function groupsInHashOrder(rows: readonly Row[], seed: number): Group[] {
  const sizes = new Map<string, number>();
  for (const { id } of rows) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  return [...sizes].map(([id, size]) => ({ id, size, place: hashPlace(id, seed) })).sort((a, b) => a.place - b.place);
}

/** Uniform in [0, 1), determined by row id and seed. */
function hashPlace(id: string, seed: number): number {
  return createHash('sha256').update(`${seed}\u0000${id}`).digest().readUIntBE(0, 6) / 2 ** 48;
}

function byFraction(groups: readonly Group[], fractions: Shares, wanted: readonly SplitName[]): Map<string, SplitName> {
  const total = sum(fractions);
  const bounds = wanted.map((_, place) => wanted.slice(0, place + 1).reduce((share, name) => share + fractions[name], 0) / total);
  const splitOf = (place: number): SplitName =>
    wanted[
      Math.max(
        0,
        bounds.findIndex((bound) => place < bound),
      )
    ];
  const chosen = new Map(groups.map(({ id, place }) => [id, splitOf(place)]));
  // With a handful of rows a split may get none. Then ranks decide instead of places.
  if (wanted.some((name) => ![...chosen.values()].includes(name))) {
    const cuts = bounds.map((bound, place) =>
      Math.min(Math.max(Math.round(bound * groups.length), place + 1), groups.length - (wanted.length - 1 - place)),
    );
    groups.forEach(({ id }, rank) => chosen.set(id, wanted[cuts.findIndex((cut) => rank < cut)]));
  }
  return wanted.includes('train') && wanted.includes('val') ? withEnoughToValidate(groups, chosen) : chosen;
}

/** How many validation rows can tell a clear gain from chance, and the largest share of all rows that may be moved to reach that number. */
const enough = 9;
const mostShare = 0.4;

/** With too few validation rows nothing can ever be kept, so training rows join them, the last in hash order first. */
function withEnoughToValidate(groups: readonly Group[], chosen: Map<string, SplitName>): Map<string, SplitName> {
  const wanted = Math.min(enough, Math.round(mostShare * groups.length));
  const lending = groups.filter(({ id }) => chosen.get(id) === 'train');
  const there = groups.filter(({ id }) => chosen.get(id) === 'val').length;
  const lent = Math.min(wanted - there, lending.length - 1);
  for (const { id } of lent > 0 ? lending.slice(-lent) : []) chosen.set(id, 'val');
  return chosen;
}

function byCount(groups: readonly Group[], counts: Shares): Map<string, SplitName> {
  const left = { ...counts };
  const chosen = new Map<string, SplitName>();
  for (const { id, size } of groups) {
    const split = splitNames.find((name) => left[name] >= size);
    if (!split) continue;
    left[split] -= size;
    chosen.set(id, split);
  }
  return chosen;
}

const sum = (shares: Shares): number => shares.train + shares.val + shares.test;
