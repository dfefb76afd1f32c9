/** @file The section of bench/results.md that compares Tandem's default with published methods. */
import type { Interval } from '../../src/evaluate/statistics.ts';
import { baselines } from '../../src/optimize/baselines/baselines.ts';
import { baselineNames, type BaselineName } from '../../src/optimize/baselines/names.ts';
import { crossedDifference, crossedMean, type SeedsByRows } from './crossed.ts';
import type { JointLine } from './jointRun.ts';

const own = 'tandem';
const titleOf = (method: string): string => (method === own ? "Tandem's default" : baselines[method as BaselineName].title);

/** @param many runs with thousands of training rows */
export function qualitySections(lines: readonly JointLine[], many: readonly JointLine[]): string[] {
  if (!lines.length) return [];
  const commits = [...new Set(lines.map(({ commit }) => commit))].join(', ');
  const intro =
    "## Tandem's default beside the published methods\n\n" +
    'At equal compute in tokens (forward 1, backward 2), by the same evaluator, trainer, rows and start; the plain prompt is the start. ' +
    'Means are over the test rows and the seeds that there are; the difference is the method minus Tandem, row by row, over the seeds that both ' +
    'have: below zero speaks for Tandem. Calls: prompts that the model was asked, and training rows that it saw. Seconds were taken on a shared ' +
    `machine; tokens are the measure of compute. Where the methods reflect, the tuned model itself does. Code: ${commits}.\n\n` +
    '`npm run bench -- quality`, and `npm run bench -- quality --model smollm2-135m --seeds 3`';
  return [intro, ...modelTables(lines), ...manySections(many)];
}

function manySections(lines: readonly JointLine[]): string[] {
  if (!lines.length) return [];
  const commits = [...new Set(lines.map(({ commit }) => commit))].join(', ');
  const intro = `### Thousands of training rows\n\nAs above, beside the method that comes nearest where rows are few. Code: ${commits}.\n\n\`npm run bench -- quality --many\``;
  return [intro, ...modelTables(lines, ', many rows')];
}

/** For every model that has run: a table of all tasks, and one for each task. @param what a remark for the headings */
export function modelTables(lines: readonly JointLine[], what = ''): string[] {
  const models = [...new Set(lines.map(({ model = '' }) => model))];
  return models.flatMap((model) => {
    const its = lines.filter((line) => line.model === model);
    const tasks = [...new Set(its.map(({ task }) => task))];
    const of = (name: string): JointLine[] => its.filter(({ task }) => task === name);
    return [overallTable(model + what, tasks, its), ...tasks.map((task) => taskTable(model + what, of(task)))];
  });
}

/** Every method's mean on every task, and its difference from Tandem over the rows of all tasks that both have. */
function overallTable(model: string, tasks: readonly string[], lines: readonly JointLine[]): string {
  const rows = methodsOf(lines).map((method) => {
    const of = (task: string): JointLine[] => lines.filter((line) => line.task === task && line.variant === method);
    const cells = tasks.map((task) => {
      const runs = of(task);
      return runs.length ? (100 * mean(runs.map(({ after }) => mean(digits(after))))).toFixed(1) : '';
    });
    const pairs = tasks.flatMap((task) =>
      pairsOf(
        lines.filter((line) => line.task === task),
        method,
      ),
    );
    const difference = pairs.length ? points(crossedDifference(pairs)) : '';
    return [titleOf(method), ...cells, difference];
  });
  const head = ['', ...tasks, 'against Tandem, all rows'];
  return `### ${model}: test accuracy by task\n\n${table(head, rows)}`;
}

function taskTable(model: string, lines: readonly JointLine[]): string {
  const [{ task, train, budget }] = lines;
  const starts = [...new Map(lines.map((line) => [line.seed, line.before])).values()];
  const rows = methodsOf(lines).map((method) => {
    const runs = lines.filter(({ variant }) => variant === method).sort((a, b) => a.seed - b.seed);
    const pairs = pairsOf(lines, method);
    return [
      titleOf(method),
      percent(crossedMean([scoresOf(runs)])),
      runs.map(({ after }) => (100 * mean(digits(after))).toFixed(1)).join(' · '),
      pairs.length ? points(crossedDifference(pairs)) : '',
      `${Math.round(mean(runs.map(({ tokensUsed }) => tokensUsed)) / 1000)}k`,
      Math.round(mean(runs.map(({ calls = 0 }) => calls))).toLocaleString('en'),
      Math.round(mean(runs.map(({ seconds }) => seconds))).toString(),
    ];
  });
  const head = ['', 'test accuracy', 'by seed', 'against Tandem', 'tokens', 'LM calls', 'seconds'];
  const start = ['plain prompt', percent(crossedMean([starts.map(digits)])), '', '', '', '', ''];
  return `### ${model}, ${task}: ${train} training rows, ${budget.toLocaleString('en')} tokens\n\n${table(head, [start, ...rows])}`;
}

const methodsOf = (lines: readonly JointLine[]): string[] =>
  [own, ...baselineNames].filter((method) => lines.some(({ variant }) => variant === method));

/** The scores of Tandem and the method for the seeds that both have, from lines of one task; empty for Tandem itself. */
function pairsOf(lines: readonly JointLine[], method: string): (readonly [SeedsByRows, SeedsByRows])[] {
  const both = lines.flatMap((line) => {
    const tandem = line.variant === method && lines.find(({ variant, seed }) => variant === own && seed === line.seed);
    return tandem ? [[tandem, line] as const] : [];
  });
  return method === own || !both.length ? [] : [[scoresOf(both.map(([tandem]) => tandem)), scoresOf(both.map(([, line]) => line))]];
}

/** The scores on the test rows at the end of each run. */
export const scoresOf = (runs: readonly JointLine[]): SeedsByRows => runs.map(({ after }) => digits(after));

export const digits = (scores: string): number[] => [...scores].map(Number);

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function percent({ mean: value, low, high }: Interval): string {
  return `${(100 * value).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
}

export function points({ mean: value, low, high }: Interval): string {
  const signed = (x: number): string => `${x >= 0 ? '+' : ''}${(100 * x).toFixed(1)}`;
  return `${signed(value)} [${signed(low)}, ${signed(high)}]`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
