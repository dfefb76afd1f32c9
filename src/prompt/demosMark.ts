/** @file Words in double braces that are meant as `{{demos}}`, the line where the demonstrations go. */
import { nearestName } from './nearest.ts';

/** Where a text has something like `{{demo}}` or `{{examples}}`. @returns offsets into the text, of the braces and of the word in them */
export function misspeltDemos(text: string): { readonly start: number; readonly end: number; readonly word: string }[] {
  return [...text.matchAll(/\{\{[ \t]*(\w{1,40})[ \t]*\}\}/g)].flatMap(({ 0: { length }, 1: word, index: start }) =>
    word !== 'demos' && nearestName(word, meant) !== undefined ? [{ start, end: start + length, word }] : [],
  );
}

/** What people call them. */
const meant = ['demos', 'demonstrations', 'examples'];
