/** @file Reads JSON Lines, one object a line, and lists of objects. Everything else is an error with its place and reason. */
import { TandemError } from '../errors.ts';
import { rangesOf } from '../prompt/textRange.ts';
import type { Values } from '../prompt/values.ts';
import { findFault, isJson, jsonTokens, keysAndDepths, withAllDigits } from './jsonText.ts';

/** A row of a data file, before the columns of the rows are compared. */
export interface Entry {
  /** 1-based. */
  readonly line: number;
  readonly values: Values;
  /** The values that determine the row's id, if they differ from `values`: older versions dropped the last digits of large numbers. */
  readonly identity?: Values;
}

export interface Entries {
  readonly entries: readonly Entry[];
  readonly bad: readonly TandemError[];
}

/**
 * Reads the objects of a text; values keep their types. A number that JavaScript cannot represent (an integer beyond 2^53 - 1, 1e400) becomes
 * the text of its digits. Blank lines are skipped. Errors are returned, not thrown: reason 'bad-row'.
 */
export function parseJsonl(file: string, text: string): Entries {
  const hint = 'Write one JSON object per line, with double quotes.';
  return gathered(
    text.split('\n').flatMap((source, index) => {
      if (source.trim() === '') return [];
      const line = index + 1;
      return [() => ({ line, ...parseObject(source, (at) => ({ file, line, column: at + 1 }), hint) })];
    }),
  );
}

/**
 * Reads a list of objects, the format of Alpaca's data. Also reads JSON Lines in a file that is named `.json`. Errors of rows are returned.
 * @throws TandemError reason 'bad-row' for a text that is neither
 */
export function parseJsonList(file: string, text: string): Entries {
  const rangeOf = rangesOf(text);
  const place = (at: number): { file: string; line: number; column: number } => {
    const { line, column } = rangeOf(at, at);
    return { file, line, column };
  };
  const hint = 'Write a list of objects: [{"column": "value", …}, …], or one object per line.';
  const start = text.search(/\S/);
  if (start < 0) return { entries: [], bad: [] };
  if (!isJson(text)) {
    if (text[start] === '{') return parseJsonl(file, text);
    const fault = findFault(text);
    const message = `Not valid JSON: expected ${fault.expected}, at: ${snippet(text, fault.at + 1)}`;
    throw new TandemError('bad-row', message, { where: place(fault.at), hint });
  }
  // Valid JSON that is one object is either one JSON line or one row over several lines.
  const elements = text[start] === '[' ? elementsOf(text) : [{ at: start, end: text.length }];
  return gathered(
    elements.map(({ at, end }) => () => {
      const entry = parseObject(text.slice(at, end), (offset) => place(at + offset), hint);
      return { line: place(at).line, ...entry };
    }),
  );
}

/** A list of those elements that the beginning of a longer list contains completely. */
export function wholeElements(beginning: string): string {
  const elements = elementsOf(beginning);
  return `[${elements.map(({ at, end }) => beginning.slice(at, end)).join(',')}]`;
}

/** The places of the elements of a list. @param source valid JSON */
function elementsOf(source: string): { at: number; end: number }[] {
  const elements: { at: number; end: number }[] = [];
  let depth = 0;
  let from = 0;
  const add = (end: number): void => {
    const at = from + source.slice(from, end).search(/\S/);
    if (source.slice(from, end).trim() !== '') elements.push({ at, end });
  };
  for (const { kind, at, end } of jsonTokens(source)) {
    if (kind === '{' || kind === '[') {
      if (depth++ === 0) from = end;
    } else if (kind === '}' || kind === ']') {
      if (--depth === 0) add(at);
    } else if (kind === ',' && depth === 1) {
      add(at);
      from = end;
    }
  }
  return elements;
}

function gathered(rows: readonly (() => Entry)[]): Entries {
  const entries: Entry[] = [];
  const bad: TandemError[] = [];
  for (const row of rows) {
    try {
      entries.push(row());
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      bad.push(error);
    }
  }
  return { entries, bad };
}

/** The text around a column of a line, short enough for a message. `column` is 1-based. */
export function snippet(source: string, column: number): string {
  const from = Math.max(0, column - 21);
  const to = Math.min(source.length, column + 19);
  return `${from > 0 ? '…' : ''}${source.slice(from, to).trimEnd()}${to < source.length ? '…' : ''}`;
}

/** @param place returns the place of an offset into the source */
function parseObject(
  source: string,
  place: (at: number) => { readonly file: string; readonly line: number; readonly column: number },
  hint: string,
): Omit<Entry, 'line'> {
  const fail = (at: number, message: string, advice: string): TandemError =>
    new TandemError('bad-row', `${message}, at: ${snippet(source, at + 1)}`, { where: place(at), hint: advice });
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    const fault = findFault(source);
    throw fail(fault.at, `Not valid JSON: expected ${fault.expected}`, hint);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fail(source.search(/\S/), 'A row should be a JSON object', 'Write {"column": "value", …}.');
  }
  const seen = new Set<string>();
  for (const { key, at, depth } of keysAndDepths(source)) {
    if (depth > deepest) throw fail(at, `The row is nested deeper than ${deepest} levels`, 'Flatten it.');
    if (key === undefined) continue;
    if (seen.has(key)) throw fail(at, `The column "${key}" appears twice`, 'Keep one of them.');
    seen.add(key);
  }
  const plain = value as Values;
  const exact = withAllDigits(source);
  return exact === source ? { values: plain } : { values: JSON.parse(exact) as Values, identity: plain };
}

/** Code that walks through a value may recurse once per level. */
const deepest = 100;
