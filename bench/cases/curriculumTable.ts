/** @file The table of curricula: steps to the final likelihood of a run without a curriculum, and final scores, over seeds. */
import { reached, type TracedRun } from './tracedRun.ts';

export interface CurriculumLine extends TracedRun {
  readonly task: string;
  readonly seed: number;
  readonly variant: string;
  readonly budget: number;
  readonly seconds: number;
}

export function curriculumTable(lines: readonly CurriculumLine[]): string {
  const head = [
    'task',
    'curriculum',
    'seeds',
    'test score',
    'val log-likelihood',
    'steps to the val likelihood of none',
    'tokens to it',
    'reached in',
    'tokens',
  ];
  const cases = [
    ...new Map(lines.map(({ task, variant, budget }) => [`${task} ${variant} ${budget}`, { task, variant, budget }])).values(),
  ];
  const rows = cases.map(({ task, variant, budget }) => {
    const runs = lines.filter((line) => line.task === task && line.variant === variant && line.budget === budget);
    const pairs = runs.flatMap((run) => {
      const none = lines.find((line) => line.task === task && line.variant === 'none' && line.budget === budget && line.seed === run.seed);
      return none
        ? [
            {
              none: reached(none.trace, 'logLikelihood', none.val.logLikelihood),
              run: reached(run.trace, 'logLikelihood', none.val.logLikelihood),
            },
          ]
        : [];
    });
    // A run that never reaches it counts as infinitely long.
    const ratio = (what: 'steps' | 'tokensUsed'): string => {
      const value = median(pairs.map(({ none, run }) => (run && none ? run[what] / Math.max(1, none[what]) : Infinity)));
      return Number.isFinite(value) ? `× ${value.toFixed(2)}` : 'not in half of the runs';
    };
    return [
      task,
      variant,
      String(runs.length),
      `${(100 * mean(runs.map(({ test }) => test.after))).toFixed(1)} (${runs.map(({ test }) => (100 * test.after).toFixed(1)).join(' · ')}), from ${(100 * mean(runs.map(({ test }) => test.before))).toFixed(1)}`,
      mean(runs.map(({ val }) => val.logLikelihood)).toFixed(3),
      ratio('steps'),
      ratio('tokensUsed'),
      `${pairs.filter(({ run }) => run).length} of ${pairs.length}`,
      budget.toLocaleString('en'),
    ];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
