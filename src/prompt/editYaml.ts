/** @file Sets, replaces and removes entries of a YAML text and keeps every other byte. */
import { isCollection, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { readYaml, scalarText } from './frontMatter.ts';
import { textOf, type Value, type Values } from './values.ts';
import { columnValues, printable, yamlText } from './yamlValues.ts';

/** A text, a number, a list of texts, a list of columns with their values (one per demonstration), or a map. */
export type YamlValue = string | number | readonly string[] | readonly Values[] | { readonly [key: string]: YamlValue };

/**
 * The YAML with the entry at `path` set to `value`, or removed if undefined. Missing maps on the way are created. Lines of unchanged list
 * items stay as they were written.
 * @param newline the line ending of new lines
 * @param texts columns of list items whose values are read as texts, whatever type YAML gives them
 */
export function setEntry(
  yaml: string,
  path: readonly string[],
  value: YamlValue | undefined,
  newline: string,
  texts: readonly string[] = [],
): string {
  const document = readYaml(yaml);
  let map = isMap(document.contents) ? document.contents : undefined;
  let [indent, step] = ['', '  '];
  for (let depth = 0; ; depth++) {
    if (map && !map.flow && map.items.length > 0) {
      const found = indentAt(yaml, start(map.items[0].key));
      if (found.length > indent.length) step = found.slice(indent.length);
      indent = found;
    } else if (depth > 0) indent += step;
    const pair = map?.items.find((each) => scalarText(each.key) === path[depth]);
    const last = depth === path.length - 1;
    if (pair && isMap(pair.value) && !last) {
      map = pair.value;
      continue;
    }
    if (value === undefined) return pair && last && map ? removePair(yaml, map, pair) : yaml;
    const rest = path.slice(depth + 1).reduceRight<YamlValue>((inner, key) => ({ [key]: inner }), value);
    return setPair({ yaml, document, map, indent, step, newline, texts }, pair, path[depth], rest);
  }
}

/** A text as a YAML scalar on one line. */
export function quote(text: string): string {
  if (/^\p{L}[\p{L}\p{N} _.,'()!?/-]*(?<! )$/u.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)) return text;
  return printable(JSON.stringify(text));
}

interface Place {
  readonly yaml: string;
  readonly document: Document;
  readonly map?: YAMLMap;
  readonly indent: string;
  readonly step: string;
  readonly newline: string;
  readonly texts: readonly string[];
}

function setPair(place: Place, pair: Pair | undefined, key: string, value: YamlValue): string {
  const { yaml, map } = place;
  if (map?.flow) {
    const text = `${quoteInFlow(key)}: ${flowText(value)}`;
    if (pair) return splice(yaml, start(pair.key), endOf(pair), text);
    const last = map.items.at(-1);
    return last ? splice(yaml, endOf(last), endOf(last), `, ${text}`) : splice(yaml, map.range![0] + 1, map.range![0] + 1, text);
  }
  if (pair) {
    const old = isSeq(pair.value) && !pair.value.flow && isItems(value) ? pair.value : undefined;
    const lines = old ? listLines(place, key, value as Items, old) : blockLines(place, key, value, place.indent);
    return splice(yaml, lineStart(yaml, start(pair.key)), lineEnd(yaml, endOf(pair)), lines);
  }
  const last = map?.items.at(-1);
  const at = last ? lineEnd(yaml, endOf(last)) : yaml.length;
  return splice(yaml, at, at, blockLines(place, key, value, place.indent));
}

function removePair(yaml: string, map: YAMLMap, pair: Pair): string {
  if (!map.flow) return splice(yaml, lineStart(yaml, start(pair.key)), lineEnd(yaml, endOf(pair)), '');
  const index = map.items.indexOf(pair);
  if (index > 0) return splice(yaml, endOf(map.items[index - 1]), endOf(pair), '');
  const next = map.items.at(1);
  return splice(yaml, start(pair.key), next ? start(next.key) : endOf(pair), '');
}

type Items = readonly Values[];

function blockLines(place: Place, key: string, value: YamlValue, indent: string): string {
  const { step, newline } = place;
  if (typeof value === 'string') return `${indent}${quote(key)}: ${quote(value)}${newline}`;
  if (isPlain(value)) return `${indent}${quote(key)}: ${flowText(value)}${newline}`;
  if (isItems(value)) return `${indent}${quote(key)}:${newline}` + value.map((item) => itemLines(item, indent + step, newline)).join('');
  const inner = Object.entries(value).map(([name, each]) => blockLines(place, name, each, indent + step));
  return `${indent}${quote(key)}:${newline}${inner.join('')}`;
}

/** The list under `key`, rewritten with the old lines for the items that it already had. */
function listLines({ yaml, document, indent, step, newline, texts }: Place, key: string, items: Items, old: YAMLSeq): string {
  const itemIndent = old.items.length > 0 ? indentAt(yaml, start(old.items[0])) : indent + step;
  const written = new Map<string, string>();
  for (const item of old.items) {
    const values = isMap(item) ? columnValues(item, document) : undefined;
    const [from, to] = [lineStart(yaml, start(item)), lineEnd(yaml, lastOffset(item as Node))];
    const lines = yaml.slice(from, to);
    if (values && lines.startsWith(`${itemIndent}- `)) written.set(identity(values, texts), lines.endsWith('\n') ? lines : lines + newline);
  }
  return (
    `${indent}${quote(key)}:${newline}` +
    items.map((item) => written.get(identity(item, texts)) ?? itemLines(item, itemIndent, newline)).join('')
  );
}

function itemLines(item: Values, indent: string, newline: string): string {
  return Object.entries(item)
    .map(([key, value], place) => `${indent}${place === 0 ? '- ' : '  '}${quote(key)}: ${yamlText(value, quote)}${newline}`)
    .join('');
}

function identity(values: Values, texts: readonly string[]): string {
  const entries = Object.entries(values).map(([column, value]): [string, Value] => [
    column,
    texts.includes(column) ? textOf(value) : value,
  ]);
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isPlain = (value: YamlValue): value is number | readonly string[] =>
  typeof value === 'number' || (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string'));

const isItems = (value: YamlValue): value is Items => Array.isArray(value) && !isPlain(value);

function flowText(value: YamlValue): string {
  if (typeof value === 'string') return quoteInFlow(value);
  if (typeof value === 'number') return String(value);
  if (isPlain(value)) return `[${value.map(quoteInFlow).join(', ')}]`;
  if (isItems(value)) return `[${value.map(flowItem).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, each]) => `${quoteInFlow(key)}: ${flowText(each)}`)
    .join(', ')}}`;
}

const flowItem = (item: Values): string =>
  `{${Object.entries(item)
    .map(([key, value]) => `${quoteInFlow(key)}: ${yamlText(value, quoteInFlow)}`)
    .join(', ')}}`;

const quoteInFlow = (text: string): string =>
  /^[\w-]+$/.test(quote(text)) ? text : quote(text).startsWith('"') ? quote(text) : JSON.stringify(text);

const splice = (text: string, from: number, to: number, middle: string): string => text.slice(0, from) + middle + text.slice(to);

const start = (node: unknown): number => (node as Node).range![0];

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** The offset after the line ending of the line that contains the character before `at`. */
function lineEnd(text: string, at: number): number {
  if (text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

const indentAt = (text: string, at: number): string => /^ */.exec(text.slice(lineStart(text, at)))![0];

const endOf = (pair: Pair): number => Math.max((pair.key as Node).range![1], pair.value ? lastOffset(pair.value as Node) : 0);

/** Where a node's own text ends: a block collection's range also covers comments after it. */
function lastOffset(node: Node): number {
  if (!isCollection(node) || node.flow || node.items.length === 0)
    return isScalar(node) && node.value === null ? node.range![0] : node.range![1];
  const last = node.items.at(-1);
  return isMap(node) ? endOf(last as Pair) : lastOffset(last as Node);
}
