/** @file Words in double braces that are meant as `{{demos}}`, the line for the demonstrations. */
import { nearestName } from './nearest.ts';

/** Where a text has something like `{{demo}}` or `{{examples}}`. @returns offsets into the text, of the braces and of the word inside them */
export function misspeltDemos(text: string): { readonly start: number; readonly end: number; readonly word: string }[] {
  return [...text.matchAll(/\{\{[ \t]*(\w{1,40})[ \t]*\}\}/g)].flatMap(({ 0: { length }, 1: word, index: start }) =>
    word !== 'demos' && nearestName(word, meant) !== undefined ? [{ start, end: start + length, word }] : [],
  );
}

/** Words that people use for them. */
const meant = ['demos', 'demonstrations', 'examples'];
