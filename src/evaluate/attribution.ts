/** @file What each line of a prompt, or of the prompts of a program, contributes: leave it out, measure again, and compare on the same rows. */
import type { Row } from '../data/dataset.ts';
import { stepsOf, withStep, type Prompt } from '../prompt/prompt.ts';
import { demosLines, fixedSpans, variablesOf } from '../prompt/template.ts';
import { compareEvaluations, type Evaluation } from './evaluation.ts';
import type { Candidate, EvaluateOptions, Evaluator } from './evaluator.ts';
import type { PairedDifference } from './statistics.ts';

export interface Attribution {
  readonly kind: 'line' | 'demonstrations';
  /** In a program: the step whose prompt has the line, from 0. */
  readonly step?: number;
  /** 1-based, in the body. For demonstrations: the {{demos}} line, or else where they are inserted. */
  readonly line: number;
  readonly text: string;
  /** Score with the line minus score without it: positive means that it helps. */
  readonly score: PairedDifference;
  /** The same for the log-likelihood of the gold answer, in nats per row; absent without gold answers. */
  readonly logLikelihood?: PairedDifference;
  /** Prompt tokens saved by leaving it out. */
  readonly tokensSaved: number;
  /** Rows that it changed, fixes first; at most three. */
  readonly changedPredictions: readonly ChangedPrediction[];
}

export interface ChangedPrediction {
  /** The row's id. */
  readonly row: string;
  readonly gold?: string;
  readonly withLine: string;
  readonly withoutLine: string;
}

export interface LineAttributions {
  /** The whole prompt, which each line is compared with. */
  readonly whole: Evaluation;
  readonly items: readonly Attribution[];
}

export interface AttributeOptions extends EvaluateOptions {
  /** Called after each line, for progress. */
  readonly onItem?: (item: Attribution, done: number, total: number) => void;
}

/**
 * Measures every line that is neither blank nor has a variable, and the demonstrations as one item. Each is left out alone. In a program, the items
 * of every step are judged by the answer of the whole program.
 */
export async function attributeLines(
  evaluator: Evaluator,
  candidate: Candidate,
  rows: readonly Row[],
  options: AttributeOptions = {},
): Promise<LineAttributions> {
  const whole = await evaluator.evaluate(candidate, rows, options);
  const parts = partsOfAll(candidate.prompt);
  const items: Attribution[] = [];
  for (const { prompt, ...part } of parts) {
    const without = await evaluator.evaluate({ ...candidate, prompt }, rows, options);
    const { score, logLikelihood } = compareEvaluations(without, whole);
    const tokensSaved = whole.promptTokens - without.promptTokens;
    items.push({ ...part, score, ...(logLikelihood && { logLikelihood }), tokensSaved, changedPredictions: changedOf(whole, without) });
    options.onItem?.(items[items.length - 1], items.length, parts.length);
  }
  return { whole, items };
}

interface Part {
  readonly step?: number;
  readonly kind: Attribution['kind'];
  readonly line: number;
  readonly text: string;
  /** The prompt without it. */
  readonly prompt: Prompt;
}

function partsOfAll(prompt: Prompt): Part[] {
  const steps = stepsOf(prompt);
  if (steps.length === 1) return partsOf(prompt);
  return steps.flatMap((own, step) => partsOf(own).map((part) => ({ ...part, step, prompt: withStep(prompt, step, part.prompt) })));
}

function partsOf(prompt: Prompt): Part[] {
  const { body, demonstrations } = prompt;
  const marker = demosLines(body).at(0);
  const fixed = fixedSpans(prompt);
  const variables = variablesOf(prompt);
  const parts: Part[] = [];
  let start = 0;
  let blockLine: number | undefined;
  for (const [index, text] of (body.match(/[^\n]*\n|[^\n]+$/g) ?? []).entries()) {
    const end = start + text.length;
    const isMarker = marker?.start === start;
    const reads = variables.some((variable) => variable.start < end && variable.end > start);
    if (isMarker || (reads && !marker)) blockLine ??= index + 1;
    const isFixed = fixed.some((span) => span.start < end && span.end > start);
    if (text.trim() !== '' && !isMarker && !isFixed) {
      parts.push({
        kind: 'line',
        line: index + 1,
        text: text.trimEnd(),
        prompt: { ...prompt, body: body.slice(0, start) + body.slice(end) },
      });
    }
    start = end;
  }
  if (demonstrations.length === 0) return parts;
  const text = `${demonstrations.length} demonstration${demonstrations.length === 1 ? '' : 's'}`;
  return [...parts, { kind: 'demonstrations', line: blockLine ?? 1, text, prompt: { ...prompt, demonstrations: [] } }];
}

function changedOf(whole: Evaluation, without: Evaluation): ChangedPrediction[] {
  return whole.rows
    .map((result, place) => ({ result, other: without.rows[place] }))
    .filter(({ result, other }) => result.score !== other.score)
    .sort((a, b) => b.result.score - b.other.score - (a.result.score - a.other.score))
    .slice(0, 3)
    .map(({ result: { row, gold, prediction }, other }) => ({
      row,
      ...(gold !== undefined && { gold }),
      withLine: prediction,
      withoutLine: other.prediction,
    }));
}
