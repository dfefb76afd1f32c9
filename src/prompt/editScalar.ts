/** @file Replaces the text of a YAML scalar and keeps its style, its comments, the breaks of its lines and every other byte. */
import { diffArrays } from 'diff';
import { isMap, isScalar, type Document, type Scalar } from 'yaml';
import { readYaml, scalarText } from './frontMatter.ts';
import { printable } from './yamlValues.ts';

/**
 * The YAML with another text for a key at its top: in the style in which it is written if that style can hold the text, otherwise in double quotes.
 * @param text without white space around it
 * @returns undefined if there is no such key, or its value is not a plain, quoted or block scalar
 */
export function setText(yaml: string, key: string, text: string): string | undefined {
  const old = scalarAt(readYaml(yaml), key);
  if (!old?.range || old.anchor !== undefined) return undefined;
  const [start, end] = old.range;
  const source = yaml.slice(start, end);
  const written = [inStyle(source, old, text, indentOf(yaml, start)), quoted(source, old, text)];
  return written.map((each) => yaml.slice(0, start) + each + yaml.slice(end)).find((each) => isSame(yaml, each, key, text));
}

function scalarAt({ contents }: Document, key: string): Scalar | undefined {
  const value = isMap(contents) ? contents.items.find((each) => scalarText(each.key) === key)?.value : undefined;
  return isScalar(value) ? value : undefined;
}

/** Whether only the text of that key is another one. */
function isSame(before: string, after: string, key: string, text: string): boolean {
  const [old, now] = [before, after].map((yaml) => readYaml(yaml));
  const keys = ({ contents }: Document): string =>
    isMap(contents) ? JSON.stringify(contents.items.map((each) => scalarText(each.key))) : '';
  const found = scalarAt(now, key);
  return (
    now.errors.length === old.errors.length && keys(old) === keys(now) && typeof found?.value === 'string' && found.value.trim() === text
  );
}

/** The scalar in its old style. Whether that reads as the text is for the caller to check. */
function inStyle(source: string, { type, value }: Scalar, text: string, keyIndent: string): string {
  const newline = /\r?\n/.exec(source)?.[0] ?? '\n';
  const isBlock = type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL';
  const [header] = isBlock ? /^[^\n]*\n/.exec(source)! : [''];
  const content = source.slice(header.length);
  const lines = content.trimEnd().split(/\r?\n/);
  const indent = /^[ \t]*/.exec(lines[isBlock ? 0 : lines.length - 1])![0] || `${keyIndent}  `;
  const rest = content.slice(content.trimEnd().length);
  if (type === 'BLOCK_LITERAL') return header + indented(text.split('\n'), indent, newline) + rest;
  if (type === 'BLOCK_FOLDED') return header + indented(folded(text, lines, String(value)), indent, newline) + rest;
  const [mark, escaped] = quoting[type ?? 'PLAIN'] ?? quoting.PLAIN;
  const inner = content.slice(mark.length, content.length - mark.length).split(/\r?\n/);
  const [first, ...more] = folded(escaped(text), inner, escaped(String(value)));
  return mark + [first, ...(more.length > 0 ? [indented(more, indent, newline)] : [])].join(newline) + mark;
}

const quoting: Readonly<Record<string, readonly [mark: string, escaped: (text: string) => string]>> = {
  PLAIN: ['', (text) => text],
  QUOTE_SINGLE: ["'", (text) => text.replaceAll("'", "''")],
  QUOTE_DOUBLE: ['"', (text) => text.replaceAll(/[^\n]+/g, (line) => printable(JSON.stringify(line)).slice(1, -1))],
};

/** In double quotes, on one line, after what a block has above and below. */
function quoted(source: string, { type }: Scalar, text: string): string {
  const isBlock = type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL';
  return printable(JSON.stringify(text)) + (isBlock ? (/\s+$/.exec(source)?.[0] ?? '') : '');
}

const indented = (lines: readonly string[], indent: string, newline: string): string =>
  lines.map((line) => (line === '' ? '' : indent + line)).join(newline);

/** A new line may be as long as the longest old one, but need not be shorter than this. */
const usualWidth = 80;

/**
 * The text as lines that YAML joins by blanks: a word that began a line before still does, and a line that grew too long is broken. A line break of
 * the text becomes a blank line. On one line before, it stays on one.
 * @param lines how the old text is written
 */
function folded(text: string, lines: readonly string[], old: string): string[] {
  const words = wordsOf(text);
  const full = lines.map((line) => line.trim()).filter((line) => line !== '');
  const width = full.length > 1 ? Math.max(usualWidth, ...full.map((line) => line.length)) : Infinity;
  const began = lineStarts(
    full,
    wordsOf(old).map(({ word }) => word),
    words.map(({ word }) => word),
  );
  const result = [''];
  for (const [place, { before, word }] of words.entries()) {
    const last = result.length - 1;
    const breaks = before.split('\n').length - 1;
    if (breaks > 0) result.push(...Array<string>(breaks).fill(''), word);
    else if (before === ' ' && (began.has(place) || result[last].length + 1 + word.length > width)) result.push(word);
    else result[last] += before + word;
  }
  return result;
}

/** Places among the new words that began a line among the old ones. */
function lineStarts(lines: readonly string[], old: readonly string[], now: readonly string[]): ReadonlySet<number> {
  const written = lines.map((line) => line.split(/\s+/));
  if (written.flat().join(' ') !== old.join(' ')) return new Set();
  let count = 0;
  const starts = new Set(written.map(({ length }) => (count += length) - length));
  const kept = new Set<number>();
  let [from, to] = [0, 0];
  for (const { added, removed, value } of diffArrays([...old], [...now])) {
    if (!added && !removed) for (let i = 0; i < value.length; i++) if (starts.has(from + i)) kept.add(to + i);
    if (!added) from += value.length;
    if (!removed) to += value.length;
  }
  return kept;
}

const wordsOf = (text: string): { readonly before: string; readonly word: string }[] =>
  [...text.matchAll(/(\s*)(\S+)/g)].map(([, before, word]) => ({ before, word }));

const indentOf = (yaml: string, at: number): string => /^[ \t]*/.exec(yaml.slice(yaml.lastIndexOf('\n', at - 1) + 1))![0];
