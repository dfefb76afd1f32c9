/** @file What the model is asked for one row, and the form of its answer. Evaluation and training use the same. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import type { Texts } from '../model/texts.ts';
import type { ChatMessage } from '../model/chatMessages.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { answerText, messagesOf, sectionsOf } from '../prompt/template.ts';
import type { Values } from '../prompt/values.ts';
import { messagesWithoutValues } from '../prompt/withoutValues.ts';
import { mapWithinTime } from '../timeLimit.ts';
import type { Task } from './evaluation.ts';
import { ofRow } from './ofRow.ts';

/** The parts of a task that decide how the model is asked. */
export type Asked = Pick<Task, 'template' | 'chat' | 'origin'>;

/**
 * The text for the model: the prompt with the row's values. In a chat, the turns of its roles, or a single user turn.
 * @throws TandemError those of `messagesOf` and of the chat template, with the place in the prompt file
 */
export function questionText(task: Asked, texts: Texts, prompt: Prompt, values: Values): string {
  return asked(task, texts, prompt, messagesOf(prompt, values, task.origin));
}

/** The same without any row's values: the part that every row pays for. @param like a row, for the types of its values */
export function questionWithoutValues(task: Asked, texts: Texts, prompt: Prompt, like?: Values): string {
  return asked(task, texts, prompt, messagesWithoutValues(prompt, like, task.origin));
}

function asked({ template, chat, origin }: Asked, texts: Texts, prompt: Prompt, messages: readonly ChatMessage[]): string {
  if (template === 'text') return messages.map(({ content }) => content).join('\n\n');
  try {
    return texts.chat(messages, chat);
  } catch (error) {
    if (!(error instanceof TandemError) || error.reason !== 'no-system-role' || !origin) throw error;
    const section = sectionsOf(prompt).find(({ role }) => role === 'system');
    const line = (origin.line ?? 1) + prompt.body.slice(0, section?.marker.start ?? 0).split('\n').length - 1;
    throw new TandemError(error.reason, error.message, { where: { file: origin.file, line }, hint: error.hint, cause: error.cause });
  }
}

/** The questions of many rows. @throws as questionText, naming the row if one takes too long */
export const questionsOf = (task: Task, texts: Texts, prompt: Prompt, rows: readonly Row[]): string[] =>
  mapWithinTime(rows, (row) => ofRow(row, () => questionText(task, texts, prompt, row.values)));

/** The answer as it follows the question. */
export const answerAfter = ({ template }: Task, question: string, answer: string): string =>
  template === 'chat' ? answer : answerText(question, answer);
