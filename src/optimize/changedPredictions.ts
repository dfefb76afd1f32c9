/** @file The rows that a step answers right instead of wrong, or wrong instead of right: the rows behind a number, for people to read. */
import type { Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { columnsOf } from '../prompt/template.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import type { ChangedPrediction, ChangedPredictions } from './events.ts';

/** The most examples kept of each kind, and the most characters of a value, because a journal must not be a copy of the data. */
const mostExamples = 20;
const longestValue = 240;

/**
 * What changed between two evaluations of the same rows, in their order.
 * @param rows where the examples' inputs are found, by id
 * @param output the column to predict, which is not an input
 */
export function changedBetween(
  before: Evaluation,
  after: Evaluation,
  prompt: Prompt,
  rows: readonly Row[],
  output: string,
): ChangedPredictions {
  const columns = columnsOf(prompt).filter((name) => name !== output);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const turned = before.rows.flatMap((old, place): ChangedPrediction[] => {
    const now = after.rows[place];
    if (now.score === old.score) return [];
    const row = byId.get(old.row);
    const inputs = Object.fromEntries(columns.map((name) => [name, shortened(row ? textIn(row.values, name) : '')]));
    return [
      {
        line: row?.line ?? 0,
        inputs,
        ...(old.gold !== undefined && { gold: shortened(old.gold) }),
        before: shortened(old.prediction),
        after: shortened(now.prediction),
        better: now.score > old.score,
      },
    ];
  });
  const [fixes, regressions] = [turned.filter(({ better }) => better), turned.filter(({ better }) => !better)];
  return {
    fixes: fixes.length,
    regressions: regressions.length,
    examples: [...fixes.slice(0, mostExamples), ...regressions.slice(0, mostExamples)],
  };
}

/** Truncates long values. */
export const shortened = (text: string): string => (text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text);
