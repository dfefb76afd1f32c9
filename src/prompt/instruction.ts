/** @file The instruction of a prompt: the text that stands before the demonstrations and the row, without the blanks around it. */
import type { Prompt } from './prompt.ts';
import { demosLines, rowBlockStart, softLine, variablesOf, type Span } from './template.ts';

/** Where the instruction stands, as offsets into the body; empty where there is none. A `{{soft}}` line is one. */
export function instructionSpan(body: string): Span {
  const variable = variablesOf(body).at(0);
  const firstRow = variable ? body.lastIndexOf('\n', variable.start - 1) + 1 : body.length;
  const head = body.slice(0, Math.min(demosLines(body).at(0)?.start ?? rowBlockStart(body), firstRow));
  const start = head.search(/\S/);
  return start < 0 ? { start: 0, end: 0 } : { start, end: head.trimEnd().length };
}

/** The instruction's text; '' where there is none, or a soft prompt in its place. */
export function instructionOf(body: string): string {
  if (softLine(body)) return '';
  const { start, end } = instructionSpan(body);
  return body.slice(start, end);
}

/** The prompt with another instruction; where it had none, the new one goes to the top, with a blank line after it. */
export function withInstruction(prompt: Prompt, text: string): Prompt {
  const { body } = prompt;
  const { start, end } = instructionSpan(body);
  const newline = /\r?\n/.exec(body)?.[0] ?? '\n';
  const blank = start === end ? newline + newline : '';
  return { ...prompt, body: body.slice(0, start) + text + blank + body.slice(end) };
}

/** The prompt with a soft prompt in the place of its instruction. */
export const withSoftLine = (prompt: Prompt): Prompt => (softLine(prompt.body) ? prompt : withInstruction(prompt, '{{soft}}'));
