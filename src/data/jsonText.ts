/** @file Finds places in JSON text. Strings are skipped by search, because regular expressions run out of stack on megabytes. */

/** Where the JSON text that begins at a quote ends: after its closing quote; undefined without one. */
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
  /** A whole text, a bracket, a comma, or a run of anything else. */
  readonly kind: 'text' | '{' | '}' | '[' | ']' | ',' | 'other';
}

/** The tokens of a text that need not be valid JSON. */
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

/** Where valid JSON goes deeper, and the keys of its outermost object, in order, twice given ones included. */
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

/** The JSON with numbers that JavaScript cannot hold as texts. */
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

/** Where a text stops being JSON, and what is expected there. On Node 20, JSON.parse does not say where. */
export function findFault(source: string): { at: number; expected: string } {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at = pattern.lastIndex;
    return match !== null;
  };
  const space = /\s*/y;
  const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
  const need = (pattern: RegExp, expected: string): void => {
    skip(space);
    if (!skip(pattern)) throw new Fault(at, expected);
  };
  const text = (expected: string): void => {
    skip(space);
    const end = source[at] === '"' ? endOfText(source, at) : undefined;
    if (end === undefined || !isJson(source.slice(at, end)))
      throw new Fault(at, source[at] === '"' ? 'a string that ends on this line' : expected);
    at = end;
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
          text('a key in double quotes');
          need(/:/y, 'a colon');
          value();
        },
        'a comma or }',
      );
    } else if (skip(/\[/y)) list(/\]/y, value, 'a comma or ]');
    else if (source[at] === '"') text('');
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

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
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
