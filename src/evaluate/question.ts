/** @file What the model is asked for one row, and the form that its answer takes: the same in evaluation and in training. */
import type { Row } from '../data/dataset.ts';
import type { ChatMessage, Tokenizer } from '../model/tokenizer.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { answerText, messagesOf } from '../prompt/template.ts';
import type { Values } from '../prompt/values.ts';
import { messagesWithoutValues } from '../prompt/withoutValues.ts';
import { mapWithinTime } from '../timeLimit.ts';
import type { Task } from './evaluation.ts';
import { ofRow } from './ofRow.ts';

/** The text for the model: the prompt filled in; the turns of its roles, or a user's, if the task is a chat. */
export function questionText(task: Task, tokenizer: Tokenizer, prompt: Prompt, values: Values): string {
  return asked(task, tokenizer, messagesOf(prompt, values, task.origin));
}

/** The same without any row's values: what every row pays for. @param like a row, for the types of its values */
export function questionWithoutValues(task: Task, tokenizer: Tokenizer, prompt: Prompt, like?: Values): string {
  return asked(task, tokenizer, messagesWithoutValues(prompt, like, task.origin));
}

const asked = ({ template }: Task, tokenizer: Tokenizer, messages: readonly ChatMessage[]): string =>
  template === 'chat' ? tokenizer.applyChatTemplate(messages) : messages.map(({ content }) => content).join('\n\n');

/** The questions of many rows. @throws as questionText, naming the row where one takes too long */
export const questionsOf = (task: Task, tokenizer: Tokenizer, prompt: Prompt, rows: readonly Row[]): string[] =>
  mapWithinTime(rows, (row) => ofRow(row, () => questionText(task, tokenizer, prompt, row.values)));

/** The answer as it follows the question. */
export const answerAfter = ({ template }: Task, question: string, answer: string): string =>
  template === 'chat' ? answer : answerText(question, answer);
