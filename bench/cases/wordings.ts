/** @file Prompts in other words: one per task to train under, and ten paraphrases, from `prompts/wordings.json`. */
import { readFileSync } from 'node:fs';
import { calibrationRows } from '../../src/evaluate/calibration.ts';
import { makeEvaluator } from '../../src/evaluate/evaluator.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { digitsOf, type Outcome } from './evidenceRun.ts';

export interface Wording {
  readonly instruction: string;
  /** What the prompt calls the row's text and its answer. */
  readonly field: string;
  readonly answer: string;
}

interface TaskWordings {
  readonly column: string;
  readonly trained: Wording;
  readonly unseen: readonly Wording[];
}

/** The measurements of a run: a digit for each test row, under each paraphrase. */
export interface Wordings {
  readonly unseen: readonly string[];
}

/** The path is relative to the folder in which `npm run bench` runs. */
function wordingsOf(task: string): TaskWordings {
  const all = JSON.parse(readFileSync('bench/prompts/wordings.json', 'utf8')) as Record<string, TaskWordings>;
  if (!Object.hasOwn(all, task)) throw new Error(`There are no paraphrases of ${task}. Choose from ${Object.keys(all).join(', ')}.`);
  return all[task];
}

export const bodyOf = ({ instruction, field, answer }: Wording, column: string): string =>
  `${instruction}\n\n{{demos}}\n${field}: \${input:${column}}\n${answer}:\n`;

export function trainedPrompt(task: string): Prompt {
  const { column, trained } = wordingsOf(task);
  return { body: bodyOf(trained, column), demonstrations: [] };
}

/** Measures the final state with its text in ten other wordings; demonstrations and label scoring stay. */
export async function measureWordings({ model, given, final }: Outcome): Promise<Wordings> {
  const { column, unseen } = wordingsOf(given.name);
  const evaluator = makeEvaluator({ model, task: given.task, calibrationRows: calibrationRows(given.val, given.train) });
  const measured: string[] = [];
  for (const wording of unseen) {
    const prompt: Prompt = { ...final.prompt, body: bodyOf(wording, column) };
    measured.push(digitsOf(await evaluator.evaluate({ ...final, prompt }, given.test)));
  }
  return { unseen: measured };
}
