/** @file Refuses a budget that is too small for a first step: before anything is loaded if the text alone shows it, otherwise before a run is created. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import { controlNames } from '../optimize/baselines/names.ts';
import { stepsOf } from '../prompt/prompt.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { columnsOf } from '../prompt/template.ts';
import { textOf } from '../prompt/values.ts';
import { leastText } from './words/budgetText.ts';
import { leastMeasurements } from './coordinators.ts';
import type { Rate } from './rate.ts';
import { testReserve } from './finalTest.ts';
import { affordableRows } from './rowPlan.ts';
import type { Budget, RunSpec } from './spec.ts';

/** What a run will measure. */
interface Facts {
  readonly file: Pick<PromptFile, 'prompt' | 'path'>;
  /** The number of rows after the limits. */
  readonly val: number;
  readonly test: number;
}

/**
 * A row costs at least one token for each of its words, whatever the tokenizer.
 * @param valset after the limits
 * @throws TandemError reason 'bad-budget'
 */
export function requireBudgetForWords(
  spec: RunSpec,
  { file, valset }: { readonly file: Pick<PromptFile, 'prompt' | 'path'>; readonly valset: readonly Row[] },
): void {
  if (!('tokens' in spec.budget) || valset.length === 0) return;
  const steps = stepsOf(file.prompt);
  const read = [...new Set(steps.flatMap(columnsOf))];
  const rowWords = valset.map(({ values }) => read.reduce((sum, column) => sum + words(textOf(values[column] ?? '')), 1));
  const mean = rowWords.reduce((sum, count) => sum + count, 0) / valset.length;
  const rows = affordableRows({ val: valset.length, test: 0 }, spec.rows, spec.budget.tokens, mean).val;
  const shared = steps.reduce((sum, { body }) => sum + words(body.replaceAll(/\$?\{+[^}]*\}+/g, '')), 0);
  // The run may measure the shortest rows.
  const measuring =
    shared +
    rowWords
      .sort((a, b) => a - b)
      .slice(0, rows)
      .reduce((sum, count) => sum + count, 0);
  if (spec.budget.tokens >= leastMeasurements(spec, file) * measuring) return;
  // Tokens are shorter than words, and labels are scored too.
  throw tooSmall(`about ${leastText(leastMeasurements(spec, file) * 2 * (shared + mean * rows), spec.budget)}`);
}

/** A budget of this many times the expected cost of a step is enough without measuring. */
const beyondDoubt = 3;

/**
 * @param elapsed milliseconds of the budget that have passed
 * @param measure returns the tokens that this many validation rows cost with the current prompt; called only if the budget is close to the least
 * @throws TandemError reason 'bad-budget'
 */
export async function requireBudgetForStep(
  spec: RunSpec,
  { tokensPerRow, tokensPerSecond }: Rate,
  { file, val, test }: Facts,
  elapsed: () => number,
  measure: (rows: number) => Promise<number>,
): Promise<void> {
  const { budget, rows: limits } = spec;
  const measurements = leastMeasurements(spec, file);
  const deadline = (milliseconds: number): number => milliseconds / (spec.controls ? 1 + controlNames.length : 1);
  /** The milliseconds of a budget that are needed for loading, as far as known, and for the test. */
  const others = (milliseconds: number): number =>
    elapsed() + testReserve(test, { deadline: deadline(milliseconds), tokensPerRow, isAsked: limits.test !== undefined })(tokensPerSecond);
  const tokensOf = (given: Budget): number =>
    'tokens' in given
      ? given.tokens
      : Math.max(0, ((deadline(1000 * given.seconds) - others(1000 * given.seconds)) * tokensPerSecond) / 1000);
  const tokensUsed = tokensOf(budget);
  const rows = affordableRows({ val, test }, limits, tokensUsed, tokensPerRow).val;
  if (tokensUsed >= beyondDoubt * measurements * tokensPerRow * rows) return;
  const cost = measurements * (await measure(rows));
  if (tokensOf(budget) >= cost) return;
  if ('tokens' in budget) throw tooSmall(leastText(cost, budget));
  let seconds = 5;
  while (tokensOf({ seconds }) < cost) seconds += seconds < 120 ? 5 : 60;
  throw tooSmall(leastText(1000 * seconds, budget));
}

const tooSmall = (least: string): TandemError =>
  new TandemError('bad-budget', 'This budget is too small for a first step.', {
    hint: `Use at least ${least}, or measure fewer validation rows with --val-rows.`,
  });

const words = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;
