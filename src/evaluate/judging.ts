/** @file Judging answers by a metric: its judgement of each row, and what the judging costs. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import { totalCost, type Cost } from '../model/writer.ts';
import type { RowResult } from './evaluation.ts';
import type { Answer, Judgement, JudgeOptions, Metric } from './metric.ts';

/** The part of a row's result that comes from the metric. */
export type JudgedRow = Pick<RowResult, 'score' | 'feedback' | 'right'>;

export interface Judged<R extends JudgedRow = JudgedRow> {
  /** In the order of the answers. */
  readonly rows: readonly R[];
  readonly cost: Cost;
}

/** @throws TandemError reasons 'missing-output', 'bad-metric', and those of the metric */
export async function judge(metric: Metric, answers: readonly Answer[], options?: JudgeOptions): Promise<Judged> {
  requireGold(metric, answers);
  const judgements = await metric.judge(answers, options);
  if (judgements.length !== answers.length) {
    throw new TandemError('bad-metric', `The metric ${metric.name} judged ${judgements.length} of ${answers.length} answers.`, {
      hint: 'Correct the metric: it returns one judgement for each answer.',
    });
  }
  return { rows: judgements.map((each) => judgedRow(metric, each)), cost: totalCost(judgements.flatMap(({ cost }) => cost ?? [])) };
}

/**
 * The same results, judged by another metric.
 * @param data the rows of the results, in the same order
 */
export async function judgedBy(
  metric: Metric,
  results: readonly RowResult[],
  data: readonly Row[],
  options?: JudgeOptions,
): Promise<Judged<RowResult>> {
  const answers = results.map(({ prediction, gold }, place) => ({ row: data[place], prediction, gold }));
  const { rows, cost } = await judge(metric, answers, options);
  return {
    rows: results.map(({ feedback: _, right: __, ...result }, place) => ({ ...result, ...rows[place] })),
    cost,
  };
}

export const answersNeeded = 'Check `output:` in the prompt file, or use a metric of your own, e.g. `metric: ./metric.mjs`.';

/** Whether a row counts as right: as the metric decides, or else with the full score. A partial score says how near the answer is. */
export const isRight = ({ score, right = score === 1 }: JudgedRow): boolean => right;

function judgedRow({ right }: Metric, { cost: _, ...judgement }: Judgement): JudgedRow {
  return { ...judgement, ...(right && { right: right(judgement) }) };
}

function requireGold({ name, needs }: Metric, answers: readonly Answer[]): void {
  const lacking = needs === 'gold' && answers.find(({ gold }) => gold === undefined);
  if (!lacking) return;
  throw new TandemError('missing-output', `The row on line ${lacking.row.line} has no right answer, which the metric ${name} needs.`, {
    hint: answersNeeded,
  });
}
