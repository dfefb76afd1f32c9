/** @file Tables that compare arms: means by task, and joint minus each arm, paired over rows and seeds. */
import type { Interval } from '../../src/evaluate/statistics.ts';
import { singleArms, type ArmName } from './arms.ts';
import { crossedDifference, crossedMean, type SeedsByRows } from './crossed.ts';
import { armsOf, titleOf } from './evidenceBench.ts';
import type { EvidenceLine } from './evidenceRun.ts';
import { digits, mean, percent, points } from './qualityTable.ts';

/** The scores that a table is about, one for each row of a line. */
export type ScoresOf<M> = (line: EvidenceLine<M>) => readonly number[];

export const atTheEnd: ScoresOf<unknown> = ({ after }) => digits(after);

export interface ArmsTable<M> {
  /** Lines of one model and size. */
  readonly lines: readonly EvidenceLine<M>[];
  readonly scores?: ScoresOf<M>;
  /** The scores of the initial prompt; by default on the test rows. */
  readonly start?: ScoresOf<M>;
  /** Adds a last row with the best single arm of each task. */
  readonly best?: boolean;
  /** More columns: a heading, and the cell for the lines of an arm. */
  readonly more?: readonly (readonly [heading: string, cell: (lines: readonly EvidenceLine<M>[]) => string])[];
}

/** A row for each arm: accuracy by task and overall, and joint minus the arm over the rows of all tasks and seeds that both have. */
export function armsTable<M>({ lines, scores = atTheEnd, start = ({ before }) => digits(before), best, more = [] }: ArmsTable<M>): string {
  const tasks = distinct(lines.map(({ task }) => task));
  const of = (arm: ArmName, task: string): EvidenceLine<M>[] => lines.filter((line) => line.arm === arm && line.task === task);
  const cellOf = (sets: SeedsByRows): string => (sets.length ? (100 * mean(sets.map(mean))).toFixed(1) : '');
  /** Empty if a task has not run yet, because a mean over other tasks would not be comparable. */
  const overall = (sets: readonly SeedsByRows[]): string => (sets.every(({ length }) => length) ? percent(crossedMean(sets)) : '');
  const starts = tasks.map((task) =>
    distinctBy(
      lines.filter((line) => line.task === task),
      ({ seed }) => String(seed),
    ).map((line) => [...start(line)]),
  );
  const rows = [
    ['the prompt as it was', ...starts.map(cellOf), overall(starts), '', ...more.map(() => '')],
    ...armsOf(lines).map((arm) => {
      const sets = tasks.map((task) => of(arm, task).map((line) => [...scores(line)]));
      const difference = arm === 'joint' ? undefined : differenceTo(lines, () => arm, scores);
      return [
        titleOf(arm),
        ...sets.map(cellOf),
        overall(sets),
        difference ? points(difference) : '',
        ...more.map(([, cell]) => cell(lines.filter((line) => line.arm === arm))),
      ];
    }),
    ...(best ? bestRow(lines, tasks, scores, more.length) : []),
  ];
  const head = ['', ...tasks, 'all tasks', 'joint minus it', ...more.map(([heading]) => heading)];
  return markdown(head, rows);
}

/** The arms are chosen by the test rows, which favours the rivals. */
function bestRow<M>(lines: readonly EvidenceLine<M>[], tasks: readonly string[], scores: ScoresOf<M>, more: number): string[][] {
  const bestOf = new Map(
    tasks.map((task) => [
      task,
      bestArm(
        lines.filter((line) => line.task === task),
        scores,
      ),
    ]),
  );
  const difference = differenceTo(lines, (task) => bestOf.get(task), scores);
  if (!difference) return [];
  const names = tasks.map((task) => bestOf.get(task)).map((arm) => (arm ? titleOf(arm) : ''));
  return [['best single arm of each task, chosen by the test rows', ...names, '', points(difference), ...Array<string>(more).fill('')]];
}

/** The single arm with the highest mean over the seeds that joint has too. */
export function bestArm<M>(lines: readonly EvidenceLine<M>[], scores: ScoresOf<M> = atTheEnd): ArmName | undefined {
  const means = singleArms.flatMap((arm) => {
    const both = pairsOf(lines, arm);
    return both.length ? [{ arm, mean: mean(both.map(([line]) => mean([...scores(line)]))) }] : [];
  });
  return means.sort((a, b) => b.mean - a.mean).at(0)?.arm;
}

/** Joint minus the arm of each task, over rows and seeds; undefined if no seed has both. */
export function differenceTo<M>(
  lines: readonly EvidenceLine<M>[],
  armOf: (task: string) => ArmName | undefined,
  scores: ScoresOf<M> = atTheEnd,
): Interval | undefined {
  const pairs = distinct(lines.map(({ task }) => task)).flatMap((task) => {
    const arm = armOf(task);
    const both = arm
      ? pairsOf(
          lines.filter((line) => line.task === task),
          arm,
        )
      : [];
    const sets = ([0, 1] as const).map((side): SeedsByRows => both.map((pair) => scores(pair[side])));
    return both.length ? [[sets[0], sets[1]] as const] : [];
  });
  return pairs.length ? crossedDifference(pairs) : undefined;
}

/** Lines of the arm, each with joint's line for the same task, size, seed and budget. */
export function pairsOf<M>(lines: readonly EvidenceLine<M>[], arm: ArmName): (readonly [EvidenceLine<M>, EvidenceLine<M>])[] {
  const key = ({ task, rows, seed, budget }: EvidenceLine<M>): string => JSON.stringify([task, rows, seed, budget]);
  const joint = new Map(lines.filter((line) => line.arm === 'joint').map((line) => [key(line), line]));
  return lines.flatMap((line) => (line.arm === arm && joint.has(key(line)) ? [[line, joint.get(key(line))!] as const] : []));
}

/** Groups items by a property, in the order in which its values first occur. */
export function groupsOf<T, K>(items: readonly T[], of: (item: T) => K): [K, T[]][] {
  return distinct(items.map(of)).map((value) => [value, items.filter((item) => of(item) === value)]);
}

export const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

const distinctBy = <T>(items: readonly T[], key: (item: T) => string): T[] => [...new Map(items.map((item) => [key(item), item])).values()];

export const tokensColumn = [
  'tokens',
  (lines: readonly EvidenceLine[]): string => `${Math.round(mean(lines.map(({ tokensUsed }) => tokensUsed)) / 1000)}k`,
] as const;

export const seedsColumn = [
  'seeds',
  (lines: readonly EvidenceLine[]): string => String(distinct(lines.map(({ seed }) => seed)).length),
] as const;

export const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
