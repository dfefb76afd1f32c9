/** @file What is, or could be written, at a place of a prompt file that is being edited. Its YAML need not be valid yet. */
import { findFrontMatter } from './frontMatter.ts';
import { languageOf } from './languages/table.ts';
import type { Span } from './languages/templateLanguage.ts';
import type { Prompt } from './prompt.ts';

/** `span` is what a completion replaces, in offsets of the text. */
export type PromptPlace =
  /** A key. `within` has the keys of the enclosing maps, `[]` at the top of the front matter. */
  | { readonly kind: 'key'; readonly within: readonly string[]; readonly name: string; readonly span: Span; readonly flow: boolean }
  /** The value of the key at the end of `path`. */
  | { readonly kind: 'value'; readonly path: readonly string[]; readonly span: Span }
  /** A variable or its beginning, such as `${input:name`. `closed` if its end follows. */
  | { readonly kind: 'variable'; readonly span: Span; readonly closed: boolean };

/** @param offset in UTF-16 units, as in an editor */
export function placeAt(text: string, offset: number, syntax?: Prompt['syntax']): PromptPlace | undefined {
  const front = findFrontMatter(text);
  const bodyOffset = front?.bodyOffset ?? 0;
  if (offset >= bodyOffset) return variableAt(text, offset, bodyOffset, syntax);
  return front && offset >= front.yamlStart && offset < front.yamlEnd + 1 ? yamlPlace(text, offset, front.yamlStart) : undefined;
}

/** The complete variable of the body at a place: its name, and its place in the text. */
export function wholeVariableAt(text: string, offset: number, syntax?: Prompt['syntax']): (Span & { readonly name: string }) | undefined {
  const bodyOffset = findFrontMatter(text)?.bodyOffset ?? 0;
  const at = offset - bodyOffset;
  const found = languageOf({ syntax })
    .variables(text.slice(bodyOffset))
    .find(({ start, end }) => start <= at && at < end);
  return found && { name: found.name, start: found.start + bodyOffset, end: found.end + bodyOffset };
}

function variableAt(text: string, offset: number, bodyOffset: number, syntax: Prompt['syntax']): PromptPlace | undefined {
  const { typing } = languageOf({ syntax });
  const begun = typing.begun(text.slice(lineStart(text, offset, bodyOffset), offset), text.slice(offset, lineEnd(text, offset)));
  if (!begun) return undefined;
  return { kind: 'variable', span: { start: offset - begun.before, end: offset + begun.after }, closed: begun.closed };
}

function yamlPlace(text: string, offset: number, yamlStart: number): PromptPlace | undefined {
  const start = lineStart(text, offset, yamlStart);
  const line = text.slice(start, lineEnd(text, offset));
  const before = text.slice(start, offset);
  const flow = flowAt(before);
  if (!flow) return undefined;
  const { keys, piece } = flow;
  const indent = /^\s*/.exec(before)![0].length;
  const within = [...blockKeys(text.slice(yamlStart, start), indent), ...keys];
  const key = /^\s*([\w-]*)$/.exec(piece);
  if (key) {
    const word = key[1];
    const rest = /^[\w-]*/.exec(line.slice(before.length))![0];
    const span = { start: offset - word.length, end: offset + rest.length };
    return { kind: 'key', within, name: word + rest, span, flow: keys.length > 0 };
  }
  const value = /^\s*([\w-]+)\s*:\s+((?:(?! #).)*)$/.exec(piece);
  if (!value) return undefined;
  const end = before.length + endOfValue(line.slice(before.length), keys.length > 0);
  return { kind: 'value', path: [...within, value[1]], span: { start: offset - value[2].length, end: start + end } };
}

/** The end of a value: at a comment or, in a flow map, at the end of the entry, without the white space before that. */
function endOfValue(rest: string, inFlow: boolean): number {
  const end = rest.search(inFlow ? /[,}]| #/ : / #/);
  return rest.slice(0, end < 0 ? rest.length : end).trimEnd().length;
}

/** The keys of the flow maps that are open at the end of `before`, the beginning of a line, and the text since the last entry began. */
function flowAt(before: string): { keys: string[]; piece: string } | undefined {
  const keys: string[] = [];
  let from = 0;
  for (const { 0: token, index } of before.matchAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?|\s#.*|[{}[\],]/g)) {
    if (/^\s?#/.test(token)) return undefined;
    if (token === '{') keys.push(/([\w-]+)\s*:\s*$/.exec(before.slice(from, index))?.[1] ?? '');
    else if (token === '}') keys.pop();
    else if (token === '[') keys.push('');
    else if (token === ']') keys.pop();
    else if (token !== ',' || keys.length === 0) continue;
    from = index + 1;
  }
  return { keys, piece: before.slice(from) };
}

/** The keys of the block maps around a line with this indent. @param above the lines before it */
function blockKeys(above: string, indent: number): string[] {
  const keys: string[] = [];
  let least = indent;
  for (const line of above.split(/\r?\n/).reverse()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const own = /^\s*/.exec(line)![0].length;
    if (own >= least) continue;
    least = own;
    keys.unshift(/^\s*([\w-]+)\s*:\s*(?:#.*)?$/.exec(line)?.[1] ?? '');
  }
  return keys;
}

const lineStart = (text: string, offset: number, least: number): number => Math.max(least, text.lastIndexOf('\n', offset - 1) + 1);

function lineEnd(text: string, offset: number): number {
  const rest = /\r?\n/.exec(text.slice(offset));
  return rest ? offset + rest.index : text.length;
}
