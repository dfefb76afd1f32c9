/** @file What the model is asked for one row, and the form that its answer takes: the same in evaluation and in training. */
import type { Tokenizer } from '../model/tokenizer.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { answerText, messagesOf, render } from '../prompt/template.ts';
import type { Values } from '../prompt/values.ts';
import type { Task } from './evaluation.ts';

/** The text for the model: the prompt filled in; the turns of its roles, or a user's, if the task is a chat. */
export function questionText(task: Task, tokenizer: Tokenizer, prompt: Prompt, values: Values): string {
  return task.template === 'chat' ? tokenizer.applyChatTemplate(messagesOf(prompt, values)) : render(prompt, values);
}

/** The answer as it follows the question. */
export const answerAfter = ({ template }: Task, question: string, answer: string): string =>
  template === 'chat' ? answer : answerText(question, answer);
