/** @file Values written in YAML, written and read back without loss. */
import { isAlias, isMap, isScalar, isSeq, type Document } from 'yaml';
import { resolved, scalarText } from './frontMatter.ts';
import { isNested, textOf, type Value, type Values } from './values.ts';

/** Columns with their values. Undefined for anything but a map of values. */
export function columnValues(node: unknown, document: Document): Values | undefined {
  const value = yamlValue(node, document);
  return value !== undefined && isMap(resolved(node, document)) ? (value as Values) : undefined;
}

/**
 * The value of a node. A scalar has the type that YAML gives it if its text stays what the author wrote: `30` and `false` do,
 * `5.0`, `007` and `1e3` are texts.
 * @returns undefined for keys that are not scalars, aliases of nothing or of their own parents, and more than 10,000 values
 */
export function yamlValue(node: unknown, document: Document): Value | undefined {
  let left = mostValues;
  const read = (at: unknown, depth: number): Value | undefined => {
    const found = resolved(at, document);
    if (left-- <= 0 || depth > deepest) return undefined;
    if (found === null) return isAlias(at) ? undefined : null;
    if (isScalar(found)) return typed(found.value, scalarText(found));
    if (isSeq(found)) {
      const items = found.items.map((item) => read(item, depth + 1));
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    if (!isMap(found)) return undefined;
    const entries = found.items.map((pair) => [scalarText(pair.key), read(pair.value, depth + 1)] as const);
    const isWhole = entries.every((entry): entry is readonly [string, Value] => entry[0] !== undefined && entry[1] !== undefined);
    return isWhole ? Object.fromEntries(entries) : undefined;
  };
  return read(node, 0);
}

const mostValues = 10_000;
const deepest = 100;

function typed(value: unknown, source: string | undefined): Value {
  if (value === null || source === undefined) return null;
  const isTyped = typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
  return isTyped && textOf(value) === source ? value : source;
}

/** A value on one line, as `yamlValue` reads it back. @param text how texts are written if the value is one */
export function yamlText(value: Value, text: (text: string) => string): string {
  if (typeof value === 'string') return text(value);
  return isNested(value) ? printable(JSON.stringify(value)) : String(value);
}

/** JSON's strings are YAML's, except for characters that YAML counts as unprintable or as line breaks. */
export const printable = (json: string): string =>
  json.replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
