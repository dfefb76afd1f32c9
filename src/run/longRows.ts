/** @file Rows that the model cannot read under the prompt: found before anything is computed, and named by their place. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { answerAfter, questionText } from '../evaluate/question.ts';
import type { LlamaModel } from '../model/llama.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { columnsOf, valuesOfNothing } from '../prompt/template.ts';
import { textIn } from '../prompt/values.ts';

/**
 * Says of a row what is wrong with it: that it is too long. Of a prompt that is too long by itself no row is to blame.
 * @param tasks one a step of the prompt; what an earlier step will answer counts nothing
 */
export function tooLongFor(model: LlamaModel, tasks: readonly Task[], prompt: Prompt): (row: Row, file: string) => TandemError | undefined {
  const { maxPositions } = model.engine.config;
  const steps = stepsOf(prompt);
  const questionOf = (step: number, values: Row['values']): string => questionText(tasks[step], model.tokenizer, steps[step], values);
  const tokensOf = (step: number, values: Row['values'], answers: readonly string[]): number => {
    const question = questionOf(step, values);
    const longest = Math.max(0, ...answers.map((answer) => model.completionTokens(answerAfter(tasks[step], question, answer)).length));
    return model.tokenizer.encode(question).length + longest + 1;
  };
  const bytesOf = (text: string): number => Buffer.byteLength(text);
  /** Of the prompt without a row, and of its longest label. */
  const own = steps.map(
    (step, at) => bytesOf(questionOf(at, valuesOfNothing(step))) + Math.max(0, ...(tasks[at].labels ?? []).map(bytesOf)) + 1,
  );
  const isPromptTooLong = steps.some((step, at) => tokensOf(at, valuesOfNothing(step), tasks[at].labels ?? []) > maxPositions);
  if (isPromptTooLong) return () => undefined;
  return (row, file) => {
    for (const [at, step] of steps.entries()) {
      const { output, labels } = tasks[at];
      const gold = textIn(row.values, output);
      const values = { ...valuesOfNothing(step), ...row.values };
      // A token is a byte or more: of most rows there is nothing to count.
      const most = own[at] + columnsOf(step).reduce((sum, column) => sum + bytesOf(textIn(values, column)), bytesOf(gold));
      if (most <= maxPositions) continue;
      const tokens = tokensOf(at, values, labels ?? [gold]);
      if (tokens <= maxPositions) continue;
      return new TandemError(
        'too-long',
        `With this row prompt and answer have ${tokens} tokens; ${model.name} reads at most ${maxPositions}.`,
        {
          where: { file, line: row.line },
          hint: 'Shorten the row or take it out, or choose a model that reads more.',
        },
      );
    }
    return undefined;
  };
}
