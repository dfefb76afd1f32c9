/** @file Values of a row: as in JSON, and as texts where a text is needed. */
import { TandemError } from '../errors.ts';
import { suggestName } from './nearest.ts';

export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Values by their columns. */
export type Values = Readonly<Record<string, Value>>;

/** The value of a column that a prompt reads. @throws TandemError reason 'unknown-column' */
export function valueOf(values: Values, column: string): Value {
  if (Object.hasOwn(values, column)) return values[column];
  const columns = Object.keys(values);
  const message = `The prompt reads the column "${column}", which the data lacks (columns: ${columns.join(', ') || 'none'}).`;
  throw new TandemError('unknown-column', message, { hint: suggestName(column, columns) });
}

/** The text of a value: a text itself, nothing for null, the JSON of everything else. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

/** The same for a column that may be absent, which counts as the empty text. */
export const textIn = (values: Values, column: string): string => (Object.hasOwn(values, column) ? textOf(values[column]) : '');

/** The value that a text means in a column with values like this one. */
export function valueLike(text: string, like: Value | undefined): Value {
  if (like === undefined || typeof like === 'string') return text;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}

/** All values as texts. */
export const textsOf = (values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([column, value]) => [column, textOf(value)]));

/** Whether a value contains others. */
export const isNested = (value: Value): value is readonly Value[] | { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null;

/** A value of the same shape with other scalars. */
export function mapScalars(value: Value, change: (scalar: string | number | boolean | null) => Value): Value {
  if (!isNested(value)) return change(value);
  if (isList(value)) return value.map((each) => mapScalars(each, change));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapScalars(each, change)]));
}

/** `Array.isArray` for a type that includes the type of the items. */
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
