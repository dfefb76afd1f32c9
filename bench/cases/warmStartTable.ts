/** @file The table of the warm start: steps to the cold start's final score, and what either comes to, over tasks and seeds. */
import { median } from './curriculumTable.ts';
import { reached, type TracePoint } from './tracedRun.ts';

export interface WarmStartLine {
  readonly task: string;
  /** The whole source of the task is held out. */
  readonly fresh: boolean;
  readonly seed: number;
  readonly start: 'cold' | 'warm';
  /** Id of the learned start; 'none' for a cold one. */
  readonly adapter: string;
  /** Training rows. */
  readonly rows: number;
  readonly trace: readonly TracePoint[];
  readonly test: { readonly score: number; readonly logLikelihood: number };
  readonly seconds: number;
}

/** @param id of the learned start; by default the latest that the lines know */
export function warmStartTable(lines: readonly WarmStartLine[], id = lines.findLast(({ start }) => start === 'warm')?.adapter): string {
  const of = lines.filter(({ adapter, start }) => start === 'cold' || adapter === id);
  const pairs = of
    .filter(({ start }) => start === 'cold')
    .flatMap((cold) => {
      const warm = of.find(
        (line) => line.start === 'warm' && line.task === cold.task && line.seed === cold.seed && line.rows === cold.rows,
      );
      return warm ? [{ cold, warm }] : [];
    });
  const head = [
    'task',
    'rows',
    'seed',
    'cold start: val before → best',
    'steps to its best',
    'warm start: val before → best',
    'steps to the same',
    'ratio',
    'test cold',
    'test warm',
  ];
  const ratios: number[] = [];
  const rows = pairs.map(({ cold, warm }) => {
    const best = (line: WarmStartLine): number => Math.max(...line.trace.map(({ score }) => score));
    const own = reached(cold.trace, 'score', best(cold))!;
    const same = reached(warm.trace, 'score', best(cold));
    // Where nothing is to be learned both are there at once.
    const ratio = own.steps === 0 ? 1 : same ? same.steps / own.steps : Infinity;
    ratios.push(ratio);
    const span = (line: WarmStartLine): string => `${percent(line.trace[0].score)} → ${percent(best(line))}`;
    return [
      `${cold.task}${cold.fresh ? '' : ' (source known)'}`,
      String(cold.rows),
      String(cold.seed),
      span(cold),
      String(own.steps),
      span(warm),
      same ? String(same.steps) : 'never',
      Number.isFinite(ratio) ? ratio.toFixed(2) : '∞',
      percent(cold.test.score),
      percent(warm.test.score),
    ];
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = [
    '**median of the ratios, means**',
    ...['', '', '', '', '', ''],
    `**${pairs.length > 0 ? median(ratios).toFixed(2) : ''}**`,
    percent(mean(pairs.map(({ cold }) => cold.test.score))),
    percent(mean(pairs.map(({ warm }) => warm.test.score))),
  ];
  return [head, head.map(() => '---'), ...rows, total].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
