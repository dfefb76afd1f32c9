/** @file What the model is asked for one row, and the form that its answer takes: the same in evaluation and in training. */
import type { Tokenizer } from '../model/tokenizer.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { answerText, render } from '../prompt/template.ts';
import type { Task } from './evaluation.ts';

/** The text for the model: the prompt filled in, as a user's turn if the task is a chat. */
export function questionText(task: Task, tokenizer: Tokenizer, prompt: Prompt, values: Readonly<Record<string, string>>): string {
  return asTurn(task, tokenizer, render(prompt, values));
}

/** A text as the model is given it. */
export const asTurn = ({ template }: Task, tokenizer: Tokenizer, text: string): string =>
  template === 'chat' ? tokenizer.applyChatTemplate([{ role: 'user', content: text }]) : text;

/** The answer as it follows the question. */
export const answerAfter = ({ template }: Task, question: string, answer: string): string =>
  template === 'chat' ? answer : answerText(question, answer);
