/**
 * @file Edits that take their words from a hint: one replaces a word, one is inserted before a word, or the first few are named in a separate
 * sentence.
 */
import type { Prompt } from '../../prompt/prompt.ts';
import { isRoleName } from '../../prompt/languages/roles.ts';
import { fixedSpans } from '../../prompt/template.ts';
import { instructionParts, likeFirst, type Edit } from './edit.ts';
import type { Hint } from './proposer.ts';

/** In the order in which they are worth trying. */
export function hintedEdits(hint: Hint): Edit[] {
  const [first, ...others] = hint.words.map((word): Edit[] => [swap(hint, word), insert(hint, word)]);
  return first ? [first[0], mention(hint), first[1], ...others.flat()] : [];
}

/** The words of a hint that a sentence or a template names. */
export const namedWords = ({ words }: Hint): string[] => words.slice(0, 3).map(({ word }) => word);

/** How a reason says where the words come from. */
export const hinted = ({ from }: Hint, several = false): string => `${several ? 'words' : 'a word'} that ${from} moved towards`;

const swap =
  (hint: Hint, { word, instead }: Hint['words'][number]): Edit =>
  (prompt) =>
    atWord(prompt, instead, (old) => ({ fresh: likeFirst(old, word), reason: `"${word}" for "${old}", ${hinted(hint)}` }));

const insert =
  (hint: Hint, { word, instead }: Hint['words'][number]): Edit =>
  (prompt) =>
    atWord(prompt, instead, (old) => ({
      fresh: `${likeFirst(old, word)} ${likeFirst(word, old)}`,
      reason: `"${word}" before "${old}", ${hinted(hint)}`,
    }));

const mention =
  (hint: Hint): Edit =>
  (prompt) => {
    const { before, text, rest } = instructionParts(prompt);
    const written = text.trimEnd();
    const lastLine = written.slice(written.lastIndexOf('\n') + 1);
    if (written.trim() === '' || isRoleName(lastLine.replace(/:\s*$/, ''))) return undefined;
    const words = namedWords(hint).join(', ');
    const sentence = `${/[.!?:]$/.test(written) ? '' : '.'} Think of: ${words}.`;
    return { body: before + written + sentence + text.slice(written.length) + rest, reason: `"Think of: ${words}", ${hinted(hint, true)}` };
  };

/** The instruction with a replacement for the first occurrence of a word outside of variables and tags. */
function atWord(
  prompt: Prompt,
  word: string | undefined,
  change: (old: string) => { readonly fresh: string; readonly reason: string },
): ReturnType<Edit> {
  if (word === undefined) return undefined;
  const { before, text, rest } = instructionParts(prompt);
  const fixed = fixedSpans({ ...prompt, body: text });
  const places = [...text.matchAll(/[\p{L}\p{N}]+/gu)].filter(
    (match) =>
      match[0].toLowerCase() === word.toLowerCase() &&
      !fixed.some(({ start, end }) => match.index < end && match.index + match[0].length > start),
  );
  if (!places.length) return undefined;
  const [{ 0: old, index }] = places;
  const { fresh, reason } = change(old);
  return { body: before + text.slice(0, index) + fresh + text.slice(index + old.length) + rest, reason };
}
