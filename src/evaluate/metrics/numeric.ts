/**
 * @file `numeric`: numbers in free text, in the notations of several countries, and when two of them are equal. The rules are in
 * `docs/data-and-metrics.md`. Values are fractions of integers, so that no digit is lost.
 */
import type { Judging } from '../metric.ts';
import { againstGold, type MetricEntry } from './entry.ts';

export const numeric: MetricEntry = {
  kind: 'text',
  about:
    'The number in the prediction (the last one, or the one after `####`) is that of the right answer. `numeric(0.5)` allows a difference of 0.5, and `numeric(1%)` a difference of 1%.',
  ...within(),
  withArgument(argument) {
    const tolerance = toleranceOf(argument);
    return tolerance && within(tolerance);
  },
};

/** The mark that separates decimals in ambiguous numbers, such as `1,500` and `1.500`. */
export type DecimalMark = '.' | ',';

export interface Tolerance {
  /** As a decimal number: `0.5`. */
  readonly absolute?: string;
  /** In percent of the right number, as a decimal number. */
  readonly percent?: string;
}

/**
 * Whether the prediction has the number of the right answer. Whole numbers are compared to the last digit, others to one part in 10^9, unless a
 * tolerance is given.
 * @param mark how ambiguous forms of both texts are read
 */
export function sameNumber(prediction: string, gold: string, mark: DecimalMark = '.', tolerance?: Tolerance): boolean {
  const [found, wanted] = [answerNumber(prediction, mark), answerNumber(gold, mark)];
  if (!found || !wanted) return false;
  const distance = absolute(minus(found, wanted));
  if (tolerance?.absolute !== undefined) return atMost(distance, decimal(tolerance.absolute));
  if (tolerance?.percent !== undefined) return atMost(distance, times(absolute(wanted), over(decimal(tolerance.percent), 100n)));
  if (isWhole(found) && isWhole(wanted)) return distance.top === 0n;
  return atMost(distance, times(absolute(wanted), { top: 1n, bottom: 10n ** 9n }));
}

/** The decimal mark of a column of right answers: the one that most unambiguous numbers use. The point if there are none, or equally many of each. */
export function decimalMarkOf(answers: Iterable<string>): DecimalMark {
  let commas = 0;
  for (const answer of answers) for (const { mark } of numbersIn(answer)) commas += mark === ',' ? 1 : mark === '.' ? -1 : 0;
  return commas > 0 ? ',' : '.';
}

function within(tolerance?: Tolerance): Judging {
  const by = (mark: DecimalMark): Judging => againstGold((prediction, gold) => sameNumber(prediction, gold, mark, tolerance));
  return { ...by('.'), inColumn: (golds) => by(decimalMarkOf(golds)) };
}

function toleranceOf(text: string): Tolerance | undefined {
  const [, amount, percent] = /^\s*(\d+(?:\.\d+)?)\s*(%)?\s*$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return percent ? { percent: amount } : { absolute: amount };
}

/** The first number right after `####`, as in GSM8K, or else the last one of the text. */
function answerNumber(text: string, mark: DecimalMark): Fraction | undefined {
  const numbers = numbersIn(text);
  const marked = numbers.find(({ start }) => /####\s*$/.test(text.slice(Math.max(0, start - 16), start)));
  const chosen = marked ?? numbers.at(-1);
  return chosen?.value(mark);
}

interface Fraction {
  readonly top: bigint;
  /** Above zero. */
  readonly bottom: bigint;
}

interface WrittenNumber {
  /** Where it starts, with its sign and currency. */
  readonly start: number;
  /** Where it ends, with its exponent or denominator. */
  readonly end: number;
  readonly value: (mark: DecimalMark) => Fraction;
  /** The decimal mark that it uses. Absent if it could be either. */
  readonly mark?: DecimalMark;
}

/** First to last. */
function numbersIn(text: string): WrittenNumber[] {
  // The replacement has the same length, so that positions stay valid.
  const searched = text.replaceAll(notNumbers, (match) => ';'.repeat(match.length));
  const numbers: WrittenNumber[] = [];
  for (const { 0: run, index } of searched.matchAll(runs))
    for (const { part, at } of partsOf(run)) {
      // The exponent or the denominator of the previous number.
      if (index + at < (numbers.at(-1)?.end ?? 0)) continue;
      const written = numberAt(searched, index + at, part);
      if (written) numbers.push(written);
    }
  return numbers;
}

/** Dates, times, ratios and the like (`2024-05-12`, `12/5/2024`, `10:30`), and divisions by zero. */
const notNumbers = /(?<!\d)(?:\d{4}-\d\d-\d\d(?!\d)|\d+(?:\/\d+){2,}|\d+(?::\d+)+|\d+\s?[/⁄]\s?0+(?!\d|[.,]\d))/g;

/** Digits separated by single marks. No-break and thin spaces also separate groups. */
const runs = /\d+(?:[.,'’ \u00a0\u2007\u2009\u202f]\d+)*/g;

const spaces = /[ \u00a0\u2007\u2009\u202f]/;

interface Part {
  readonly part: string;
  /** Its position in the run. */
  readonly at: number;
}

/** A run as one number if possible, or else in pieces, split at its spaces or commas. A piece with too many points is not a number. */
function partsOf(run: string): Part[] {
  if (digitsOf(run)) return [{ part: run, at: 0 }];
  const [splitter] = [spaces, /['’]/, /,/].filter((each) => each.test(run));
  if (!splitter) return [];
  let at = 0;
  return run.split(splitter).flatMap((piece) => {
    const from = at;
    at += piece.length + 1;
    return partsOf(piece).map(({ part, at: place }) => ({ part, at: from + place }));
  });
}

/** Whole digits and decimals under either mark. `mark` is set if only one is possible. */
interface Digits {
  readonly by: (mark: DecimalMark) => readonly [whole: string, decimals: string];
  readonly mark?: DecimalMark;
}

function digitsOf(run: string): Digits | undefined {
  const marks = [...run.replaceAll(/\d/g, '')].map((mark) => (spaces.test(mark) ? ' ' : mark === '’' ? "'" : mark));
  const groups = run.split(/\D/);
  const last = marks.at(-1);
  const joined = (count: number): string => groups.slice(0, count).join('');
  if (last === undefined) return { by: () => [run, ''] };
  const kinds = new Set(marks);
  if (kinds.size === 1 && marks.length === 1 && isMark(last)) {
    const asGroups: readonly [string, string] = [joined(2), ''];
    const asDecimals: readonly [string, string] = [groups[0], groups[1]];
    if (!inGroups(groups)) return { by: () => asDecimals, mark: last };
    return { by: (mark) => (mark === last ? asDecimals : asGroups) };
  }
  if (kinds.size === 1) {
    if (!inGroups(groups)) return undefined;
    const whole = joined(groups.length);
    return { by: () => [whole, ''], ...(isMark(last) && { mark: other(last) }) };
  }
  // Groups separated by one mark, then decimals after another.
  if (kinds.size > 2 || !isMark(last) || marks.indexOf(last) < marks.length - 1 || !inGroups(groups.slice(0, -1))) return undefined;
  const parts: readonly [string, string] = [joined(groups.length - 1), groups[groups.length - 1]];
  return { by: () => parts, mark: last };
}

const isMark = (mark: string): mark is DecimalMark => mark === '.' || mark === ',';

const other = (mark: DecimalMark): DecimalMark => (mark === '.' ? ',' : '.');

/** In threes from the end, `1 234 567`, or as in India, `12,34,567`. No group starts with a leading zero. */
function inGroups(groups: readonly string[]): boolean {
  const [first, ...rest] = groups.map(({ length }) => length);
  if (groups[0].startsWith('0') || rest.at(-1) !== 3) return false;
  const between = rest.slice(0, -1);
  return (first <= 3 && between.every((length) => length === 3)) || (first <= 2 && between.every((length) => length === 2));
}

/** The number with these digits and what surrounds them: sign, currency, a point before it, denominator, exponent. */
function numberAt(text: string, at: number, part: string): WrittenNumber | undefined {
  const before = text.slice(Math.max(0, at - mostAround), at);
  const after = text.slice(at + part.length, at + part.length + mostAround);
  if (/[\p{Lu}\p{Ll}_]$/u.test(before) || part.length > mostDigits) return undefined; // the 1 of v1, or noise
  const digits = digitsOf(part)!;
  // `.5`, but not the 5 of `Rs.5`
  const isDecimals = /^\d+$/.test(part) && /(?<![\p{L}\p{N}.])\.$/u.test(before);
  const { written: power, exponent } = exponentOf(after);
  const [lower, half] = lowerHalf.exec(after) ?? [''];
  if (Math.abs(exponent) > mostDigits) return undefined;
  // The 3 of `3 1/2`.
  const [whole, units] = (half !== undefined && wholeBefore.exec(before)) || [''];
  const lead = before.slice(0, before.length - (isDecimals ? 1 : whole.length));
  const [signed, inner, outer] = signBefore.exec(lead) ?? [''];
  const sign = inner ?? outer;
  const value = (mark: DecimalMark): Fraction => {
    const [ones, decimals] = isDecimals ? ['', part] : digits.by(mark);
    const own = scaled({ top: BigInt(ones + decimals), bottom: 1n }, exponent - decimals.length);
    const shared = half === undefined ? own : over(own, BigInt(half));
    const { top, bottom } = units === undefined ? shared : plus(shared, decimal(units));
    return { top: sign && sign !== '+' ? -top : top, bottom };
  };
  const mark = isDecimals ? '.' : digits.mark;
  return {
    start: at - (before.length - lead.length) - signed.length,
    end: at + part.length + (half === undefined ? power.length : lower.length),
    value,
    ...(mark && { mark }),
  };
}

/** How many characters before and after the digits are searched. */
const mostAround = 48;

/** Minus signs and dashes, but not those in `10-20` and `A-5`, with or without a currency on either side, or a currency alone. */
const signBefore =
  /(?:(?<![\p{L}\p{N})\]%])([-+\u2212\u2013\ufe63\uff0d])(?:[A-Z]{0,3}\p{Sc}\s?)?|(?<!\p{N}\s?)[A-Z]{0,3}\p{Sc}\s?([-+\u2212\u2013\ufe63\uff0d])?)$/u;

/** The denominator of `3/4`. */
const lowerHalf = /^\s?[/⁄]\s?(\d{1,400})(?!\d|[.,]\d)/;
const wholeBefore = /(?<![\p{L}\p{N}.,/])(\d{1,3}) $/u;

/** The power of ten after a number, 0 if there is none, and how it is written. */
function exponentOf(after: string): { readonly written: string; readonly exponent: number } {
  const [written = '', plain, power, raised] = exponentAfter.exec(after) ?? [];
  const digits = plain ?? power ?? (raised && [...raised].map((digit) => '-+0123456789'['⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)]).join(''));
  return { written, exponent: Number((digits ?? '0').replace(/[\u2212\u2013]/, '-')) };
}

/** `e3`, ` × 10^3`, ` x 10³`. */
const exponentAfter = /^(?:[eE]([-+\u2212]?\d+)(?![\d\p{L}])|\s?[×xX*·]\s?10(?:\^\{?([-+\u2212\u2013]?\d+)\}?|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)))/u;

/** Longer numbers and greater powers of ten are noise that would only cost time. */
const mostDigits = 400;

/** @param text digits with at most one point */
function decimal(text: string): Fraction {
  const [whole, decimals = ''] = text.split('.');
  return scaled({ top: BigInt(whole + decimals), bottom: 1n }, -decimals.length);
}

const scaled = ({ top, bottom }: Fraction, tens: number): Fraction =>
  tens < 0 ? { top, bottom: bottom * 10n ** BigInt(-tens) } : { top: top * 10n ** BigInt(tens), bottom };
const over = ({ top, bottom }: Fraction, divisor: bigint): Fraction => ({ top, bottom: bottom * divisor });
const times = (a: Fraction, b: Fraction): Fraction => ({ top: a.top * b.top, bottom: a.bottom * b.bottom });
const plus = (a: Fraction, b: Fraction): Fraction => ({ top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom });
const minus = (a: Fraction, b: Fraction): Fraction => ({ top: a.top * b.bottom - b.top * a.bottom, bottom: a.bottom * b.bottom });
const absolute = ({ top, bottom }: Fraction): Fraction => ({ top: top < 0n ? -top : top, bottom });
const atMost = (a: Fraction, b: Fraction): boolean => a.top * b.bottom <= b.top * a.bottom;
const isWhole = ({ top, bottom }: Fraction): boolean => top % bottom === 0n;
