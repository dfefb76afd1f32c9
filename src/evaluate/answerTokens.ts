/** @file What one answer costs in tokens: the prompt with the row filled in, and the answer. For a program, the sum over its steps. */
import type { Row } from '../data/dataset.ts';
import type { Texts } from '../model/texts.ts';
import { adapterOfStep } from '../model/stepAdapters.ts';
import { wordsFor } from '../prompt/labelWords.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import type { Candidate } from './evaluator.ts';
import type { ProgramEvaluator } from './programEvaluator.ts';
import { answerAfter, questionText } from './question.ts';

/** Means over rows. */
export interface AnswerTokens {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/** Answers that the evaluator has cached are not computed again. */
export async function answerTokens(
  texts: Texts,
  evaluator: ProgramEvaluator,
  candidate: Candidate,
  rows: readonly Row[],
): Promise<AnswerTokens> {
  const { rows: traced } = await evaluator.trace(candidate, rows);
  const { rows: results } = await evaluator.evaluate(candidate, rows);
  let [prompt, answer] = [0, 0];
  for (const [step, own] of stepsOf(candidate.prompt).entries()) {
    const task = evaluator.steps[step];
    const isLast = step === evaluator.steps.length - 1;
    const soft = adapterOfStep(candidate.adapter, step)?.soft;
    for (const [place, { values }] of traced.entries()) {
      const question = questionText(task, texts, own, values);
      const text = isLast ? results[place].prediction : textIn(values, task.output);
      prompt += texts.asRead(question, soft).tokens;
      answer += text === '' ? 0 : texts.countAnswer(answerAfter(task, question, wordsFor(own, text)));
    }
  }
  return { promptTokens: prompt / rows.length, answerTokens: answer / rows.length };
}
