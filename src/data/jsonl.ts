/** @file JSON Lines: one object a line, with the place and the reason of every line that is not one. */
import { TandemError } from '../errors.ts';
import type { Values } from '../prompt/values.ts';

/** A line of a data file, before the columns of the lines are compared. */
export interface Entry {
  /** 1-based. */
  readonly line: number;
  readonly values: Values;
  /** What the row's id is made from, where it is not the values: older versions read numbers without their last digits. */
  readonly identity?: Values;
}

export interface Entries {
  readonly entries: readonly Entry[];
  readonly bad: readonly TandemError[];
}

/**
 * Reads the objects of a text; values keep their types. A number that JavaScript cannot hold (an integer beyond 2^53 - 1, 1e400) is the
 * text of its digits. Blank lines are skipped. Errors are returned, not thrown: reason 'bad-row'.
 */
export function parseJsonl(file: string, text: string): Entries {
  const entries: Entry[] = [];
  const bad: TandemError[] = [];
  text.split('\n').forEach((source, index) => {
    if (source.trim() === '') return;
    const line = index + 1;
    try {
      entries.push({ line, ...parseObject(file, line, source) });
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      bad.push(error);
    }
  });
  return { entries, bad };
}

/** What stands around a column of a line, short enough for a message. `column` is 1-based. */
export function snippet(source: string, column: number): string {
  const from = Math.max(0, column - 21);
  const to = Math.min(source.length, column + 19);
  return `${from > 0 ? '…' : ''}${source.slice(from, to).trimEnd()}${to < source.length ? '…' : ''}`;
}

function parseObject(file: string, line: number, source: string): Omit<Entry, 'line'> {
  const fail = (column: number, message: string, hint: string): TandemError =>
    new TandemError('bad-row', `${message}, at: ${snippet(source, column)}`, { where: { file, line, column }, hint });
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    const fault = findFault(source);
    throw fail(fault.at + 1, `Not valid JSON: expected ${fault.expected}`, 'Write one JSON object a line, with double quotes.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail(source.search(/\S/) + 1, 'A row should be a JSON object', 'Write {"column": "value", …}.');
  }
  const seen = new Set<string>();
  for (const { key, at, depth } of keysAndDepths(source)) {
    if (depth > deepest) throw fail(at + 1, `The row is nested deeper than ${deepest} levels`, 'Flatten it.');
    if (key === undefined) continue;
    if (seen.has(key)) throw fail(at + 1, `The column "${key}" is given twice`, 'Keep one of them.');
    seen.add(key);
  }
  const plain = value as Values;
  const exact = withAllDigits(source);
  return exact === source ? { values: plain } : { values: JSON.parse(exact) as Values, identity: plain };
}

/** Everything that walks through a value may call itself once a level. */
const deepest = 100;

/** Where valid JSON goes deeper, and the keys of its outermost object, in order, twice given ones included. */
function* keysAndDepths(source: string): Generator<{ key?: string; at: number; depth: number }> {
  let depth = 0;
  for (const { 0: token, 1: colon, index: at } of source.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') yield { at, depth: ++depth };
    else if (token === '}' || token === ']') depth--;
    else if (colon && depth === 1) yield { key: JSON.parse(token.slice(0, token.length - colon.length)) as string, at, depth };
  }
}

/** The JSON with numbers that JavaScript cannot hold as texts. */
function withAllDigits(source: string): string {
  if (!/\d{16}|[eE]\+?\d{3}/.test(source)) return source;
  return source.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => {
    if (token.startsWith('"')) return token;
    const isHeld = /^-?\d+$/.test(token) ? Number.isSafeInteger(Number(token)) : Number.isFinite(Number(token));
    return isHeld ? token : `"${token}"`;
  });
}

/** JSON.parse says that a text is bad, but on Node 20 not where. */
function findFault(source: string): { at: number; expected: string } {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at = pattern.lastIndex;
    return match !== null;
  };
  const space = /\s*/y;
  const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex
  const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
  const need = (pattern: RegExp, expected: string): void => {
    skip(space);
    if (!skip(pattern))
      throw new Fault(at, source[at] === '"' && pattern.source.startsWith('"') ? 'a text that ends on this line' : expected);
  };
  const list = (close: RegExp, item: () => void, expected: string): void => {
    skip(space);
    if (skip(close)) return;
    for (;;) {
      item();
      skip(space);
      if (skip(close)) return;
      need(/,/y, expected);
    }
  };
  const value = (): void => {
    skip(space);
    if (skip(/\{/y)) {
      list(
        /\}/y,
        () => {
          need(string, 'a key in double quotes');
          need(/:/y, 'a colon');
          value();
        },
        'a comma or }',
      );
    } else if (skip(/\[/y)) list(/\]/y, value, 'a comma or ]');
    else if (source[at] === '"') need(string, '');
    else need(scalar, 'a value');
  };
  try {
    value();
    need(/$/y, 'the end of the line');
  } catch (error) {
    if (error instanceof Fault) return error;
    if (!(error instanceof RangeError)) throw error; // nested deeper than the stack
  }
  return { at: 0, expected: 'JSON' };
}

class Fault extends Error {
  readonly at: number;
  readonly expected: string;
  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
    this.expected = expected;
  }
}
