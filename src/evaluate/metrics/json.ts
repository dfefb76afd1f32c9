/** @file `json-match`: two texts are the same JSON value. */
import { isDeepStrictEqual } from 'node:util';
import { againstGold, type MetricEntry } from './entry.ts';
import { tidy } from './texts.ts';

export const jsonMatch: MetricEntry = {
  kind: 'text',
  about: 'The same JSON value, ignoring the order of keys and white space. Numbers are compared to the last digit.',
  ...againstGold(sameJson),
};

/** Whether both are JSON with the same value. The order of keys, spaces, the notation of numbers and a code fence make no difference. */
function sameJson(prediction: string, gold: string): boolean {
  const [found, wanted] = [jsonOf(prediction), jsonOf(gold)];
  if (found === undefined || wanted === undefined) return false;
  try {
    return isDeepStrictEqual(found.value, wanted.value);
  } catch {
    return tidy(prediction) === tidy(gold); // nested too deeply to compare recursively
  }
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

/** An integer that JavaScript cannot represent exactly is a text in a row (`data/jsonText.ts`). It equals the number. */
const longInteger = /^"-?\d{16,}"$/;

/** Matches the strings and numbers of a text that is JSON. */
const stringsAndNumbers = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * A JSON number as a JSON string that is the same for all notations and exact to the last digit. JavaScript's own numbers would lose digits of 64-bit
 * integers. The first character distinguishes it from the strings of the text.
 */
function exactNumber(number: string): string {
  const [, sign, whole, decimals = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(number)!;
  const digits = (whole + decimals).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '"0"';
  return `"${sign}${significant}e${Number(exponent) - decimals.length + digits.length - significant.length}"`;
}
