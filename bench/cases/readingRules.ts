/** @file Rules of choosing how a tuned adapter's answers are read, compared on rows that took no part in the choice. */
import type { Decoding } from '../../src/prompt/decoding.ts';
import { pairedBootstrap } from '../../src/evaluate/statistics.ts';

/** A measurement of an adapter on its way, in each way of reading; the first is the prompt file's. */
export interface ReadingLine {
  readonly task: string;
  readonly seed: number;
  /** Of the training so far. */
  readonly steps: number;
  readonly readings: readonly {
    readonly decoding: object;
    /** A digit a row. */
    readonly val: string;
    readonly fresh: string;
    readonly logLikelihoods: readonly number[];
  }[];
}

const scores = (digits: string): number[] => [...digits].map(Number);
const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
const share = (digits: string): number => mean(scores(digits));

type Rule = (readings: ReadingLine['readings']) => ReadingLine['readings'][number];

/** The way with the best score that is ahead of the file's by this probability; else the file's. */
const aheadBy =
  (sure: number): Rule =>
  (readings) => {
    const [plain, ...others] = readings;
    const rivals = others.filter(({ val }) => pairedBootstrap(scores(plain.val), scores(val), { samples: 2000 }).probabilityBetter >= sure);
    return [plain, ...rivals].reduce((best, each) => (share(each.val) > share(best.val) ? each : best));
  };

/** Score less what the length accounts for; where all labels are equally long there is no such way. */
const isCorrected = ({ decoding }: ReadingLine['readings'][number]): boolean =>
  typeof (decoding as { normalize?: unknown }).normalize === 'object';

const rules: Readonly<Record<string, Rule>> = {
  'as the file says': ([plain]) => plain,
  'corrected for length': (readings) => readings.find(isCorrected) ?? readings[0],
  'the best of the ways without that': (readings) => aheadBy(0)(readings.filter((each) => !isCorrected(each))),
  'the best of all ways': aheadBy(0),
  'ahead of the file with P 0.8': aheadBy(0.8),
  'ahead of the file with P 0.9': aheadBy(0.9),
  'ahead of the file with P 0.95': aheadBy(0.95),
  'ahead of the file with P 0.99': aheadBy(0.99),
  'the best in truth': (readings) => readings.reduce((best, each) => (share(each.fresh) > share(best.fresh) ? each : best)),
};

/** Score on the fresh rows by rule: of all measurements, and of each task's. */
export function readingRules(lines: readonly ReadingLine[]): string {
  const tasks = [...new Set(lines.map(({ task }) => task))];
  const groups: Readonly<Record<string, readonly ReadingLine[]>> = {
    all: lines,
    ...Object.fromEntries(tasks.map((task) => [task, lines.filter((line) => line.task === task)])),
  };
  const head = ['rule', ...Object.entries(groups).map(([name, { length }]) => `${name} (${length})`)];
  const rows = Object.entries(rules).map(([name, rule]) => [
    name,
    ...Object.values(groups).map((group) => (100 * mean(group.map(({ readings }) => share(rule(readings).fresh)))).toFixed(1)),
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** How often each way is the best or level with it, and its mean score: on the rows that choose, and on the fresh ones. */
export function readingWays(lines: readonly ReadingLine[]): string {
  const nameOf = ({ decoding }: ReadingLine['readings'][number]): string => {
    const { calibration = 'none', normalize = 'tokens' } = decoding as Partial<Decoding>;
    return `${typeof normalize === 'object' ? 'corrected for length' : normalize}, calibration ${calibration}`;
  };
  const names = [...new Set(lines.flatMap(({ readings }) => readings.map(nameOf)))];
  const rows = names.map((name) => {
    const cells = (['val', 'fresh'] as const).flatMap((part) => {
      const own = lines.flatMap(({ readings }) => {
        const found = readings.find((each) => nameOf(each) === name);
        const most = Math.max(...readings.map((each) => share(each[part])));
        return found ? [{ score: share(found[part]), isBest: share(found[part]) >= most }] : [];
      });
      return [(100 * mean(own.map(({ score }) => score))).toFixed(1), `${own.filter(({ isBest }) => isBest).length} of ${own.length}`];
    });
    return [name, ...cells];
  });
  const head = ['way', 'validation', 'best there', 'fresh rows', 'best there'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
