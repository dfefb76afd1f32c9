/** @file Sets of demonstrations as DSPy draws them: some rows that the model itself got right, filled up with labelled rows. Khattab et al. 2023. */
import type { Row } from '../../data/dataset.ts';
import type { Demonstration } from '../../prompt/prompt.ts';
import type { Random } from '../../random.ts';
import type { OptimizationContext } from '../coordinator.ts';
import { demonstrationOf, passingRows } from '../proposers/demonstrations.ts';
import { freshTokens } from './method.ts';

/** DSPy's defaults. */
export const mostBootstrapped = 4;
export const mostLabelled = 16;

/**
 * How many rows are asked at a time in the search for passing ones, and the limit on all rows: if the model gets almost nothing right, the cost would
 * have no end.
 */
const chunk = 8;
const mostAsked = 64;

export interface DrawnDemonstrations {
  readonly demonstrations: readonly Demonstration[];
  /** How many of them, from the first on, have the model's own answers. */
  readonly bootstrapped: number;
  /** Tokens of the rows that the teacher was not asked before. */
  readonly tokensUsed: number;
  /** Ids of all rows that the teacher has been asked. */
  readonly asked: readonly string[];
}

/**
 * Draws demonstrations. The teacher is the author's prompt without demonstrations.
 * @param rows of the trainset, in the order in which they are tried
 * @param bootstrapped how many demonstrations should have the model's own answers
 * @param known ids of rows that the teacher was asked before
 */
export async function drawDemonstrations(
  { evaluator, prompt, start: adapter }: OptimizationContext,
  rows: readonly Row[],
  bootstrapped: number,
  known: readonly string[],
  random: Random,
): Promise<DrawnDemonstrations> {
  const teacher = { prompt: { ...prompt, demonstrations: [] }, adapter };
  const own: Row[] = [];
  const asked = new Set(known);
  let tokensUsed = 0;
  for (let at = 0; own.length < bootstrapped && at < Math.min(rows.length, mostAsked); at += chunk) {
    const tried = rows.slice(at, at + chunk);
    const { passed, tokensUsed: cost } = await passingRows(evaluator, teacher, tried);
    own.push(...passed.map(({ row }) => row));
    tokensUsed += freshTokens(cost, tried, asked);
    for (const { id } of tried) asked.add(id);
  }
  const shown = own.slice(0, bootstrapped);
  const taken = new Set(shown.map(({ id }) => id));
  const { output } = evaluator.task;
  const others = rows.filter(({ id, values }) => !taken.has(id) && Object.hasOwn(values, output));
  const labelled = random.shuffle(others).slice(0, mostLabelled - shown.length);
  const demonstrations = [...shown, ...labelled].map((row) => demonstrationOf(prompt, output, row));
  return { demonstrations, bootstrapped: shown.length, tokensUsed, asked: [...asked] };
}
