/** @file The instruction of a prompt: the text before the demonstrations and the row, without the blanks around it. */
import { languageOf } from './languages/table.ts';
import type { Span } from './languages/templateLanguage.ts';
import type { Prompt } from './prompt.ts';
import { bodyOf, demosLines, rowBlockStart, softLine, variablesOf, type Template } from './template.ts';

/** The place of the instruction as offsets into the body, empty if there is none. The line of a soft prompt counts as an instruction. */
export function instructionSpan(template: Template): Span {
  const body = bodyOf(template);
  const framed = languageOf(template).framed?.text(body);
  if (framed) return framed;
  const variable = variablesOf(template).at(0);
  const firstRow = variable ? body.lastIndexOf('\n', variable.start - 1) + 1 : body.length;
  const head = body.slice(0, Math.min(demosLines(body).at(0)?.start ?? rowBlockStart(template), firstRow));
  const start = head.search(/\S/);
  return start < 0 ? { start: 0, end: 0 } : { start, end: head.trimEnd().length };
}

/** The instruction's text. Empty if there is none, or a soft prompt in place of it. */
export function instructionOf(template: Template): string {
  if (softLine(template)) return '';
  const { start, end } = instructionSpan(template);
  return bodyOf(template).slice(start, end);
}

/** The prompt with another instruction. If it had none, the new one goes to the top, with a blank line after it. */
export function withInstruction(prompt: Prompt, text: string): Prompt {
  const { body } = prompt;
  const { start, end } = instructionSpan(prompt);
  const newline = /\r?\n/.exec(body)?.[0] ?? '\n';
  const blank = start === end ? newline + newline : '';
  return { ...prompt, body: body.slice(0, start) + text + blank + body.slice(end) };
}

/** Whether a soft prompt can replace the instruction. */
export const takesSoftPrompt = (prompt: Prompt): boolean => languageOf(prompt).softLine !== undefined;

/** The prompt with a soft prompt in place of its instruction. Unchanged if it cannot have one. */
export function withSoftLine(prompt: Prompt): Prompt {
  const line = languageOf(prompt).softLine;
  return !line || softLine(prompt) ? prompt : withInstruction(prompt, line.text);
}
