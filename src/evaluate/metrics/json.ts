/** @file `json-match`: two texts are the same JSON value. */
import { isDeepStrictEqual } from 'node:util';
import { againstGold, type MetricEntry } from './entry.ts';
import { tidy } from './texts.ts';

export const jsonMatch: MetricEntry = {
  kind: 'text',
  about: 'The same JSON value, ignoring the order of keys and white space. Numbers are compared to the last digit.',
  ...againstGold(sameJson),
};

/** Whether both are JSON of the same value. The order of keys, spaces, the way a number is written and a code fence make no difference. */
function sameJson(prediction: string, gold: string): boolean {
  const [found, wanted] = [jsonOf(prediction), jsonOf(gold)];
  if (found === undefined || wanted === undefined) return false;
  try {
    return isDeepStrictEqual(found.value, wanted.value);
  } catch {
    return tidy(prediction) === tidy(gold); // nested too deep to be walked
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
