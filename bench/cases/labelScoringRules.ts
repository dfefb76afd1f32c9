/** @file Rules for choosing the label scoring of a tuned adapter, compared on rows that took no part in the choice. */
import type { Decoding } from '../../src/prompt/decoding.ts';
import { pairedBootstrap } from '../../src/evaluate/statistics.ts';

/** A measurement of an adapter during training, with each label scoring. The first is that of the prompt file. */
export interface ScoringLine {
  readonly task: string;
  readonly seed: number;
  /** Training steps so far. */
  readonly steps: number;
  readonly scorings: readonly {
    readonly decoding: object;
    /** One digit per row. */
    readonly val: string;
    readonly fresh: string;
    readonly logLikelihoods: readonly number[];
  }[];
}

const scores = (digits: string): number[] => [...digits].map(Number);
const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
const share = (digits: string): number => mean(scores(digits));

type Rule = (scorings: ScoringLine['scorings']) => ScoringLine['scorings'][number];

/** The label scoring with the best score among those that are better than the file's with this probability; otherwise the file's. */
const aheadBy =
  (sure: number): Rule =>
  (scorings) => {
    const [plain, ...others] = scorings;
    const rivals = others.filter(({ val }) => pairedBootstrap(scores(plain.val), scores(val), { samples: 2000 }).probabilityBetter >= sure);
    return [plain, ...rivals].reduce((best, each) => (share(each.val) > share(best.val) ? each : best));
  };

/** Whether scores are corrected for length. If all labels are equally long, no label scoring is. */
const isCorrected = ({ decoding }: ScoringLine['scorings'][number]): boolean =>
  typeof (decoding as { normalize?: unknown }).normalize === 'object';

const rules: Readonly<Record<string, Rule>> = {
  'as the file says': ([plain]) => plain,
  'corrected for length': (scorings) => scorings.find(isCorrected) ?? scorings[0],
  'the best of the ways without that': (scorings) => aheadBy(0)(scorings.filter((each) => !isCorrected(each))),
  'the best of all ways': aheadBy(0),
  'ahead of the file with P 0.8': aheadBy(0.8),
  'ahead of the file with P 0.9': aheadBy(0.9),
  'ahead of the file with P 0.95': aheadBy(0.95),
  'ahead of the file with P 0.99': aheadBy(0.99),
  'the best in truth': (scorings) => scorings.reduce((best, each) => (share(each.fresh) > share(best.fresh) ? each : best)),
};

/** Score on the fresh rows by rule: over all measurements, and for each task. */
export function scoringRules(lines: readonly ScoringLine[]): string {
  const tasks = [...new Set(lines.map(({ task }) => task))];
  const groups: Readonly<Record<string, readonly ScoringLine[]>> = {
    all: lines,
    ...Object.fromEntries(tasks.map((task) => [task, lines.filter((line) => line.task === task)])),
  };
  const head = ['rule', ...Object.entries(groups).map(([name, { length }]) => `${name} (${length})`)];
  const rows = Object.entries(rules).map(([name, rule]) => [
    name,
    ...Object.values(groups).map((group) => (100 * mean(group.map(({ scorings }) => share(rule(scorings).fresh)))).toFixed(1)),
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** How often each label scoring is the best or ties with it, and its mean score: on the rows that choose, and on the fresh ones. */
export function scoringWays(lines: readonly ScoringLine[]): string {
  const nameOf = ({ decoding }: ScoringLine['scorings'][number]): string => {
    const { calibration = 'none', normalize = 'tokens' } = decoding as Partial<Decoding>;
    return `${typeof normalize === 'object' ? 'corrected for length' : normalize}, calibration ${calibration}`;
  };
  const names = [...new Set(lines.flatMap(({ scorings }) => scorings.map(nameOf)))];
  const rows = names.map((name) => {
    const cells = (['val', 'fresh'] as const).flatMap((part) => {
      const own = lines.flatMap(({ scorings }) => {
        const found = scorings.find((each) => nameOf(each) === name);
        const most = Math.max(...scorings.map((each) => share(each[part])));
        return found ? [{ score: share(found[part]), isBest: share(found[part]) >= most }] : [];
      });
      return [(100 * mean(own.map(({ score }) => score))).toFixed(1), `${own.filter(({ isBest }) => isBest).length} of ${own.length}`];
    });
    return [name, ...cells];
  });
  const head = ['way', 'validation', 'best there', 'fresh rows', 'best there'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
