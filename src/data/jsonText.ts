/** @file Finds places in JSON text. Strings are skipped by search because regular expressions run out of stack on megabytes. */
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

/** The end of the JSON string whose opening quote is at `start`, after its closing quote; undefined without one. */
export function endOfText(source: string, start: number): number | undefined {
  for (let quote = source.indexOf('"', start + 1); quote >= 0; quote = source.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (source[quote - 1 - backslashes] === '\\' && quote - 1 - backslashes > start) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return undefined;
}

export interface JsonToken {
  readonly at: number;
  readonly end: number;
  /** A whole string, a bracket, a comma, or a run of anything else. */
  readonly kind: 'text' | '{' | '}' | '[' | ']' | ',' | 'other';
}

/** The tokens of a text, which need not be valid JSON. */
export function* jsonTokens(source: string): Generator<JsonToken> {
  const next = /[{}[\],"]/g;
  for (let at = 0; at < source.length;) {
    next.lastIndex = at;
    const found = next.exec(source)?.index ?? source.length;
    if (found > at) yield { at, end: found, kind: 'other' };
    if (found === source.length) return;
    const kind = source[found];
    const end = kind === '"' ? (endOfText(source, found) ?? source.length) : found + 1;
    yield { at: found, end, kind: kind === '"' ? 'text' : (kind as '{') };
    at = end;
  }
}

/** The places where valid JSON opens a level, and the keys of its outermost object in order, with repeated ones. */
export function* keysAndDepths(source: string): Generator<{ key?: string; at: number; depth: number }> {
  let depth = 0;
  for (const { kind, at, end } of jsonTokens(source)) {
    if (kind === '{' || kind === '[') yield { at, depth: ++depth };
    else if (kind === '}' || kind === ']') depth--;
    else if (kind === 'text' && depth === 1 && /^\s*:/.test(source.slice(end, end + 100))) {
      yield { key: JSON.parse(source.slice(at, end)) as string, at, depth };
    }
  }
}

/** The JSON with strings in place of numbers that JavaScript cannot represent. */
export function withAllDigits(source: string): string {
  if (!/\d{16}|[eE]\+?\d{3}/.test(source)) return source;
  let exact = '';
  for (const { kind, at, end } of jsonTokens(source)) {
    const piece = source.slice(at, end);
    exact +=
      kind !== 'other' ? piece : piece.replace(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (number) => (isHeld(number) ? number : `"${number}"`));
  }
  return exact;
}

const isHeld = (number: string): boolean =>
  /^-?\d+$/.test(number) ? Number.isSafeInteger(Number(number)) : Number.isFinite(Number(number));

/** Where a text stops being JSON, and what is expected there. On Node 20, JSON.parse does not report the place. */
export function findFault(source: string): { at: number; expected: string } {
  const errors: ParseError[] = [];
  try {
    parse(source, errors, { disallowComments: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // nested deeper than the stack allows
  }
  if (errors.length === 0) return { at: 0, expected: 'JSON' };
  const names = errors.map(({ error }) => printParseErrorCode(error));
  // The first word is not part of JSON. The next error says what was expected instead.
  const name = names[0] === 'InvalidSymbol' ? (names.at(1) ?? 'EndOfFileExpected') : names[0];
  return { at: errors[0].offset, expected: expectedBy[name] ?? 'JSON' };
}

const value = 'a value';
const expectedBy: Readonly<Record<string, string>> = {
  InvalidSymbol: value,
  InvalidNumberFormat: value,
  UnexpectedEndOfNumber: value,
  ValueExpected: value,
  InvalidCommentToken: value,
  UnexpectedEndOfComment: value,
  PropertyNameExpected: 'a key in double quotes',
  ColonExpected: 'a colon',
  CommaExpected: 'a comma',
  CloseBraceExpected: 'a comma or }',
  CloseBracketExpected: 'a comma or ]',
  EndOfFileExpected: 'the end of the line',
  UnexpectedEndOfString: 'a string that ends on this line',
  InvalidUnicode: 'an escape of four hexadecimal digits, as in \\u00e9',
  InvalidEscapeCharacter: 'an escape such as \\n or \\"',
  InvalidCharacter: 'a string without control characters: \\n for a new line, \\t for a tab',
};

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
