/** @file The building blocks of edit operators. */
import type { Prompt } from '../../prompt/prompt.ts';
import { instructionSpan } from '../../prompt/template.ts';
import type { Random } from '../../random.ts';

/** An edit of a body. Undefined if it does not apply. */
export type Edit = (prompt: Prompt, random: Random) => { readonly body: string; readonly reason: string } | undefined;

/** The instruction and the text around it. */
export function instructionParts(prompt: Prompt): { before: string; text: string; rest: string } {
  const { body } = prompt;
  const { start, end } = instructionSpan(prompt);
  return { before: body.slice(0, start), text: body.slice(start, end), rest: body.slice(end) };
}

/** The text with its first letter in upper or lower case, as in the old one. */
export const likeFirst = (old: string, text: string): string =>
  (/^\p{Lu}/u.test(old) ? text.charAt(0).toUpperCase() : text.charAt(0).toLowerCase()) + text.slice(1);
