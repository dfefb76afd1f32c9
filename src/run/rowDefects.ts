/** @file Rows that the prompt or the model cannot take. They are found before anything is computed, and named by their place. */
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
 * Reports what is wrong with a row: its values do not fit the template, or it is too long. If a prompt is too long by itself, no row is
 * to blame.
 * @param tasks one per step of the prompt; the future answer of an earlier step counts as empty
 * @returns a function that throws a TandemError of reason 'bad-template' if the very first row fails, because then the template is at fault, and
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
      // Whether a computed text works, and how long it is, is known only once it is filled in.
      let question = languageOf(step).values === 'computed' ? filledIn(asked, row, file, first) : undefined;
      if (question instanceof TandemError) return question;
      if (isPromptTooLong) continue;
      // A token is at least one byte, so most rows need no counting.
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

/** The text, or what is wrong with the row. @throws the error itself if it is of another kind, or belongs to the first row */
function filledIn(asked: () => string, { line }: Row, file: string, first: boolean): string | TandemError {
  try {
    return asked();
  } catch (error) {
    if (!(error instanceof TandemError) || !(error.reason === 'bad-template' || error.reason === 'too-slow')) throw error;
    const { reason, message, where, hint, cause } = error;
    // A slow machine must not leave out rows that another machine keeps.
    if (first || reason === 'too-slow')
      throw new TandemError(reason, `${message} The row: ${basename(file)}:${line}.`, { where, hint, cause });
    const place = where ? `${basename(where.file)}:${where.line}: ` : '';
    return new TandemError('bad-template', `${place}${message}`, { where: { file, line }, hint, cause });
  }
}
