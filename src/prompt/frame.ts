/** @file Prompts whose file holds only a text of the author, in a fixed frame: which of their changes could be written to it. */
import { isDeepStrictEqual } from 'node:util';
import { languageOf } from './languages/table.ts';
import { stepsOf, type Prompt } from './prompt.ts';

/** Whether a prompt's file holds nothing but a text: no demonstrations, no words for labels and no decoding. */
export const isFramed = (prompt: Prompt): boolean => languageOf(prompt).framed !== undefined;

/** Whether a prompt could be written to the file of another one: in a frame only the author's text may change, and it is not too long. */
export function isWritable(next: Prompt, from: Prompt): boolean {
  const steps = stepsOf(next);
  return stepsOf(from).every((step, place) => keepsFrame(steps[place], step));
}

function keepsFrame(next: Prompt, from: Prompt): boolean {
  const { framed } = languageOf(from);
  if (!framed) return true;
  const [text, old] = [framed.text(next.body), framed.text(from.body)];
  if (!text || !old || text.start === text.end || text.end - text.start > framed.maxCharacters) return false;
  const around = ({ body }: Prompt, { start, end }: typeof old): string[] => [body.slice(0, start).trimEnd(), body.slice(end).trimStart()];
  const { body: _, ...rest } = from;
  const { body: __, ...others } = next;
  return isDeepStrictEqual([around(next, text), others], [around(from, old), rest]);
}
