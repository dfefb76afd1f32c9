/** @file The tags of Jinja in a prompt's body, with their places. The content of `{% raw %}` is text. */
import { rememberingLast } from '../rememberingLast.ts';

/** `{{ … }}`, `{% … %}` or `{# … #}` in a body. Offsets are into the body. */
export interface Tag {
  readonly kind: 'expression' | 'statement' | 'comment';
  readonly start: number;
  readonly end: number;
  /** False if the body ends first. */
  readonly closed: boolean;
  /** The text between the brackets, and its place. */
  readonly inner: string;
  readonly innerStart: number;
}

/** A body with its `raw` blocks replaced by names, as a template for the library, which does not support `raw`. */
export interface Plain {
  readonly source: string;
  /** The texts of its `raw` blocks, by the names that replace them. */
  readonly texts: Readonly<Record<string, string>>;
}

/** The tags, first to last. The content of `{% raw %}` is text. */
export const tagsOf = rememberingLast((body: string): readonly Tag[] => {
  const tags: Tag[] = [];
  const closings = closingsOf(body);
  const opener = /\{[{%#]/g;
  for (let open = opener.exec(body); open; open = opener.exec(body)) {
    const start = open.index;
    const kind = ({ '{{': 'expression', '{%': 'statement', '{#': 'comment' } as const)[open[0] as '{{' | '{%' | '{#'];
    const close = closings(kind, start + 2);
    const innerEnd = close ?? lineEnd(body, start);
    const end = close === undefined ? innerEnd : close + 2;
    const inner = body.slice(start + 2, innerEnd).replace(/^-|-$/g, ' ');
    tags.push({ kind, start, end, closed: close !== undefined, inner, innerStart: start + 2 });
    opener.lastIndex = Math.max(end, start + 2);
    if (kind !== 'statement' || inner.trim() !== 'raw') continue;
    const last = /\{%-?\s*endraw\s*-?%\}/g;
    last.lastIndex = end;
    const ended = last.exec(body);
    if (!ended) break;
    tags.push({ kind, start: ended.index, end: last.lastIndex, closed: true, inner: ' endraw ', innerStart: ended.index + 2 });
    opener.lastIndex = last.lastIndex;
  }
  return tags;
});

/** The statement of a tag, e.g. `for`; '' for other tags. */
export const keywordOf = ({ kind, inner }: Tag): string => (kind === 'statement' ? (/^\s*(\w+)/.exec(inner)?.[1] ?? '') : '');

/** Whether a statement opens a block (1), ends one (-1), or neither (0). */
export function depthOf(tag: Tag): number {
  const keyword = keywordOf(tag);
  return Object.hasOwn(blocks, keyword) ? 1 : keyword.startsWith('end') ? -1 : 0;
}

/** The end statement of the block that a tag opens. */
export const endOf = (tag: Tag): string => `{% ${blocks[keywordOf(tag)]} %}`;

/** Replaces `raw` blocks by names. A dash removes the white space on its side, inside and outside the block. */
export function withoutRaw(body: string): Plain {
  if (!body.includes('raw')) return { source: body, texts: {} };
  const texts: Record<string, string> = {};
  let [source, from] = ['', 0];
  const tags = tagsOf(body);
  for (const [place, tag] of tags.entries()) {
    const end = tags.at(place + 1);
    if (keywordOf(tag) !== 'raw' || !end || keywordOf(end) !== 'endraw') continue;
    const dash = ({ start, end: to }: Tag) => ({ before: body[start + 2] === '-' ? '-' : '', after: body[to - 3] === '-' ? '-' : '' });
    let text = body.slice(tag.end, end.start);
    if (dash(tag).after) text = text.trimStart();
    if (dash(end).before) text = text.trimEnd();
    const name = `raw_text_${Object.keys(texts).length}_`;
    texts[name] = text;
    source += `${body.slice(from, tag.start)}{{${dash(tag).before} ${name} ${dash(end).after}}}`;
    from = end.end;
  }
  return { source: source + body.slice(from), texts };
}

export const closers = { expression: '}}', statement: '%}', comment: '#}' } as const;
/** Statements that open a block, and their end statements. */
export const blocks: Readonly<Record<string, string>> = { if: 'endif', for: 'endfor', filter: 'endfilter', raw: 'endraw' };
/**
 * The place of the bracket that closes a tag, skipping strings. Found for all places at once, from the end of the body to its beginning:
 * searching from every opening bracket would take time quadratic in the body's length if none is closed.
 */
function closingsOf(body: string): (kind: Tag['kind'], from: number) => number | undefined {
  let known: Readonly<Record<'expression' | 'statement', Int32Array>> | undefined;
  let [asked, comment] = [0, 0];
  return (kind, from) => {
    if (kind !== 'comment') {
      known ??= closingPlaces(body);
      const at = from < body.length ? known[kind][from] : -1;
      return at < 0 ? undefined : at;
    }
    // Queried from left to right.
    if (comment >= 0 && (comment < from || asked === 0)) comment = body.indexOf(closers.comment, from);
    asked = from;
    return comment < 0 ? undefined : comment;
  };
}

function closingPlaces(body: string): Record<'expression' | 'statement', Int32Array> {
  const length = body.length;
  const make = (): Int32Array => new Int32Array(length + 2).fill(-1);
  const [expression, statement] = [make(), make()];
  // Where a string that is open at a place ends, by its quote.
  const [double, single] = [make(), make()];
  let next = 0;
  for (let at = length - 1; at >= 0; at--) {
    const char = body.charCodeAt(at);
    const after = at + (char === codes.backslash ? 2 : 1);
    double[at] = char === codes.double ? at : double[after];
    single[at] = char === codes.single ? at : single[after];
    const end = char === codes.double ? double[at + 1] : char === codes.single ? single[at + 1] : at;
    const closes = next === codes.brace;
    expression[at] = closes && char === codes.brace ? at : end < 0 ? -1 : expression[end + 1];
    statement[at] = closes && char === codes.percent ? at : end < 0 ? -1 : statement[end + 1];
    next = char;
  }
  return { expression, statement };
}

const codes = { double: 34, percent: 37, single: 39, backslash: 92, brace: 125 } as const;

/** Where the line of a place ends. */
export function lineEnd(body: string, from: number): number {
  const end = body.indexOf('\n', from);
  return end < 0 ? body.length : end > from && body[end - 1] === '\r' ? end - 1 : end;
}
