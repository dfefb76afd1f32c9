/** @file What a text is worth beside the right one, for the table in `metrics.ts`. */
import { isDeepStrictEqual } from 'node:util';

/** Composed and decomposed letters are one (Unicode NFC); white space around the text goes. */
export const tidy = (text: string): string => text.normalize('NFC').trim();

/** The same in lower case, by Unicode's rules of no language in particular. */
export const fold = (text: string): string => tidy(text).toLowerCase();

/** Both are JSON of the same value, whatever the order of keys, the spaces and the way a number is written. A code fence around it is fine. */
export function sameJson(prediction: string, gold: string): boolean {
  const [found, wanted] = [jsonOf(prediction), jsonOf(gold)];
  if (found === undefined || wanted === undefined) return false;
  try {
    return isDeepStrictEqual(found.value, wanted.value);
  } catch {
    return tidy(prediction) === tidy(gold); // nested too deep to be walked
  }
}

/** What the pattern finds first in the text, its first group if it has one; undefined where it finds nothing. */
export function firstMatch(pattern: RegExp, text: string): string | undefined {
  const match = pattern.exec(text);
  return match ? (match[1] ?? match[0]) : undefined;
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  const fenced = /^```(?:json)?\s*\n([^]*?)\n\s*```$/i.exec(text.trim());
  const json = fenced ? fenced[1] : text;
  try {
    JSON.parse(json);
    return {
      value: JSON.parse(
        json.replaceAll(stringsAndNumbers, (token) => {
          if (longInteger.test(token)) return exactNumber(token.slice(1, -1));
          return token.startsWith('"') ? `"=${token.slice(1)}` : exactNumber(token);
        }),
      ),
    };
  } catch {
    return undefined;
  }
}

/** An integer that JavaScript cannot hold is a text in a row that was read (`data/jsonText.ts`); it is the same as the number. */
const longInteger = /^"-?\d{16,}"$/;

/** Of a text that is JSON. */
const stringsAndNumbers = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * A number of JSON as a string of JSON, the same for all ways to write it and to the last digit: JavaScript's own numbers would lose those of
 * 64-bit integers. Strings of the text begin with another letter.
 */
function exactNumber(number: string): string {
  const [, sign, whole, decimals = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(number)!;
  const digits = (whole + decimals).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '"0"';
  return `"${sign}${significant}e${Number(exponent) - decimals.length + digits.length - significant.length}"`;
}
