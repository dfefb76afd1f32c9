/** @file Rows that the prompt or the model cannot take: found before anything is computed, and named by their place. */
import { basename } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import { pulse } from '../pulse.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { answerAfter, questionText, questionWithoutValues } from '../evaluate/question.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import { wordsFor } from '../prompt/labelWords.ts';
import { languageOf } from '../prompt/languages/table.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { variablesOf } from '../prompt/template.ts';
import { textIn } from '../prompt/values.ts';
import { valuesOfNothing } from '../prompt/withoutValues.ts';

/**
 * Says of a row what is wrong with it: that a template cannot be filled in with it, or that it is too long. Of a prompt that is too long by
 * itself no row is to blame.
 * @param tasks one a step of the prompt; what an earlier step will answer counts nothing
 * @returns a function that throws a TandemError of reason 'bad-template' where the very first row fails: that is the template's fault; and
 *   of reason 'too-slow'
 */
export function rowDefects(
  model: LanguageModel,
  tasks: readonly Task[],
  prompt: Prompt,
): (row: Row, file: string) => TandemError | undefined {
  const { maxTokens, texts } = model;
  const steps = stepsOf(prompt);
  const tokensOf = (step: number, question: string, answers: readonly string[]): number => {
    const longest = Math.max(0, ...answers.map((answer) => texts.countAnswer(answerAfter(tasks[step], question, answer))));
    return texts.count(question) + longest + 1;
  };
  const own = steps.map((step, at) => questionWithoutValues(tasks[at], texts, step));
  const choices = tasks.map(({ labels }, at) => labels?.map((label) => wordsFor(steps[at], label)));
  const labelBytes = choices.map((words = []) => Math.max(0, ...words.map(bytesOf)));
  const isPromptTooLong = steps.some((_, at) => tokensOf(at, own[at], choices[at] ?? []) > maxTokens);
  let isFirst = true;
  return (row, file) => {
    pulse();
    const first = isFirst;
    isFirst = false;
    for (const [at, step] of steps.entries()) {
      const { output } = tasks[at];
      const gold = textIn(row.values, output);
      const values = { ...valuesOfNothing(step), ...row.values };
      const asked = (): string => questionText(tasks[at], texts, step, values);
      // How long a computed text is, and whether it can be computed, is only known once it is filled in.
      let question = languageOf(step).values === 'computed' ? filledIn(asked, row, file, first) : undefined;
      if (question instanceof TandemError) return question;
      if (isPromptTooLong) continue;
      // A token is a byte or more: of most rows there is nothing to count.
      const most =
        question === undefined
          ? variablesOf(step).reduce((sum, { name }) => sum + bytesOf(textIn(values, name)), bytesOf(own[at]))
          : bytesOf(question);
      if (most + labelBytes[at] + bytesOf(gold) + 1 <= maxTokens) continue;
      question ??= asked();
      const tokens = tokensOf(at, question, choices[at] ?? [gold]);
      if (tokens <= maxTokens) continue;
      return new TandemError(
        'too-long',
        `With this row, prompt and answer have ${tokens} tokens, but ${model.name} reads at most ${maxTokens}.`,
        {
          where: { file, line: row.line },
          hint: 'Shorten or remove the row, or choose a model with a longer context.',
        },
      );
    }
    return undefined;
  };
}

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** The text, or what is wrong with the row. @throws the error itself where it is of another kind, or of the first row */
function filledIn(asked: () => string, { line }: Row, file: string, first: boolean): string | TandemError {
  try {
    return asked();
  } catch (error) {
    if (!(error instanceof TandemError) || !(error.reason === 'bad-template' || error.reason === 'too-slow')) throw error;
    const { reason, message, where, hint, cause } = error;
    // Rows that a slow machine would leave out another one must not have.
    if (first || reason === 'too-slow')
      throw new TandemError(reason, `${message} The row: ${basename(file)}:${line}.`, { where, hint, cause });
    const place = where ? `${basename(where.file)}:${where.line}: ` : '';
    return new TandemError('bad-template', `${place}${message}`, { where: { file, line }, hint, cause });
  }
}
