/** @file A metric and one answer, for tests. */
import { makeRow } from '../../data/dataset.ts';
import type { Values } from '../../prompt/values.ts';
import type { Judgement, Metric } from '../metric.ts';

/** @param gold the right answer, if there is one */
export async function judgeOne(metric: Metric, prediction: string, gold?: string, values: Values = {}): Promise<Judgement> {
  const [judgement] = await metric.judge([{ row: makeRow(values, 1), prediction, ...(gold !== undefined && { gold }) }]);
  return judgement;
}

export const scoreOne = async (metric: Metric, prediction: string, gold: string): Promise<number> =>
  (await judgeOne(metric, prediction, gold)).score;
