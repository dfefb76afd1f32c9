/** @file The table of the warm start: the cost of reaching the cold start's final score, and the final scores of both, over tasks and seeds. */
import type { AlternatingOptions } from '../../src/optimize/alternatingPhase.ts';
import { median } from './curriculumTable.ts';
import { reached, type TracePoint } from './tracedRun.ts';

/** What is tuned, and which part of a learned start it uses. Costs are weight steps or, if prompts take part, tokens. */
export const warmTargets = {
  adapter: { title: 'the adapter alone', cost: 'steps', options: { targets: ['weights'] } },
  prompt: { title: 'the prompt alone', cost: 'tokensUsed', options: { targets: ['prompt'], strategy: 'plain' } },
  both: { title: 'prompt and weights', cost: 'tokensUsed', options: {} },
} as const satisfies Record<string, { title: string; cost: 'steps' | 'tokensUsed'; options: Partial<AlternatingOptions> }>;
export type WarmTarget = keyof typeof warmTargets;

export interface WarmStartLine {
  readonly task: string;
  /** Whether the whole source of the task is held out. */
  readonly fresh: boolean;
  readonly seed: number;
  readonly target: WarmTarget;
  readonly start: 'cold' | 'warm';
  /** The id of the learned adapter; 'none' for a cold start. */
  readonly learned: string;
  /** Training rows. */
  readonly rows: number;
  readonly trace: readonly TracePoint[];
  readonly test: { readonly score: number; readonly logLikelihood: number };
  readonly seconds: number;
}

interface Pair {
  readonly cold: WarmStartLine;
  readonly warm: WarmStartLine;
  /** The cost of the warm start divided by that of the cold start. A run that never reaches the score counts as infinitely long. */
  readonly ratio: number;
}

/** One table for each choice of what is tuned. @param id the learned start; by default the latest in the lines */
export function warmStartTable(lines: readonly WarmStartLine[], id = lines.findLast(({ start }) => start === 'warm')?.learned): string {
  return (Object.keys(warmTargets) as WarmTarget[])
    .map((target) => {
      const pairs = pairsOf(
        lines.filter((line) => line.target === target),
        target,
        id,
      );
      return pairs.length ? `### Warm start: ${warmTargets[target].title}\n\n${tableOf(pairs)}` : '';
    })
    .filter(Boolean)
    .join('\n\n');
}

function pairsOf(lines: readonly WarmStartLine[], target: WarmTarget, id: string | undefined): Pair[] {
  const { cost } = warmTargets[target];
  return lines
    .filter(({ start }) => start === 'cold')
    .flatMap((cold) => {
      const warm = lines.find(
        ({ start, learned, task, seed, rows }) =>
          start === 'warm' && learned === id && task === cold.task && seed === cold.seed && rows === cold.rows,
      );
      if (!warm) return [];
      const own = reached(cold.trace, 'score', best(cold))![cost];
      const same = reached(warm.trace, 'score', best(cold))?.[cost] ?? Infinity;
      // Measuring the start costs both the same. If the start is already the best, there was nothing to learn.
      const first = cold.trace[0][cost];
      return [{ cold, warm, ratio: own === first ? 1 : (same - first) / (own - first) }];
    });
}

const best = ({ trace }: WarmStartLine): number => Math.max(...trace.map(({ score }) => score));

function tableOf(pairs: readonly Pair[]): string {
  const head = ['task', 'rows', 'seeds', 'val: start → cold', 'start → warm', 'cost, × cold: median', 'by seed', 'test cold', 'test warm'];
  const rows = [...new Set(pairs.map(({ cold }) => `${cold.task} ${cold.rows}`))].map((name) => {
    const own = pairs.filter(({ cold }) => `${cold.task} ${cold.rows}` === name);
    const [{ cold }] = own;
    const ratios = own.map(({ ratio }) => ratio);
    const span = (of: (pair: Pair) => WarmStartLine): string =>
      `${percent(mean(own.map((pair) => of(pair).trace[0].score)))} → ${percent(mean(own.map((pair) => best(of(pair)))))}`;
    return [
      `${cold.task}${cold.fresh ? '' : ' (source known)'}`,
      String(cold.rows),
      String(own.length),
      span((pair) => pair.cold),
      span((pair) => pair.warm),
      times(median(ratios)),
      ratios.map(times).join(' · '),
      percent(mean(own.map((pair) => pair.cold.test.score))),
      percent(mean(own.map((pair) => pair.warm.test.score))),
    ];
  });
  const total = [
    '**all**',
    '',
    String(pairs.length),
    '',
    '',
    `**${times(median(pairs.map(({ ratio }) => ratio)))}**`,
    '',
    percent(mean(pairs.map(({ cold }) => cold.test.score))),
    percent(mean(pairs.map(({ warm }) => warm.test.score))),
  ];
  return [head, head.map(() => '---'), ...rows, total].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
const times = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toFixed(2) : 'never');
