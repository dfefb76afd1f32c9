/**
 * @file Shapes check data read from files before anything uses it. A shape is typed by its result, so a field that is added to a type is a
 * type error until its shape lists it. Fields that no shape names are kept.
 */
import { TandemError, type Place } from './errors.ts';
import { notOursHint } from './json.ts';

/** Returns the value with its type. @throws what `shaped` turns into an error with a place */
export type Shape<T> = (value: unknown) => T;

/** The shape of a field that may be absent. */
export interface Optional<T> {
  readonly optional: Shape<T>;
}

/** A shape for each field of a type. Fields that may be absent, and only those, use `optional`. */
export type Fields<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Shape<T[K]> };

/**
 * @param reason the reason of the error, e.g. 'bad-file'
 * @param hint for a file that Tandem does not write
 * @throws TandemError that names the field and says what it should be
 */
export function shaped<T>(shape: Shape<T>, value: unknown, where: Place, reason: string, hint: string = notOursHint): T {
  try {
    return shape(value);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const path = error.path.join('.');
    const name = path === '' ? 'The content' : `"${path}"`;
    const message =
      error.found === undefined
        ? `${name} is missing. It should be ${error.expected}.`
        : `${name} should be ${error.expected}, not ${described(error.found)}.`;
    throw new TandemError(reason, message, { where, hint });
  }
}

export const text: Shape<string> = (value) => (typeof value === 'string' ? value : misfit('a string', value));
export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : misfit('true or false', value));
/** JSON cannot hold NaN and infinities. They are written as null. */
export const measured: Shape<number> = (value) => (value === null ? NaN : finite(value));
export const finite: Shape<number> = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : misfit('a number', value));
/** A number of at least 0 for what is spent, paid or counted. */
export const amount: Shape<number> = (value) =>
  typeof value === 'number' && value >= 0 && value < Infinity ? value : misfit('a number of at least 0', value);
/** A whole number of at least 0. */
export const whole: Shape<number> = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : misfit('a whole number of at least 0', value);
export const anything: Shape<unknown> = (value) => value;

/** A part of a file's path: no separator, and no `..`. */
export const fileName: Shape<string> = (value) =>
  typeof value === 'string' && /^\w[\w.-]{0,99}$/.test(value) ? value : misfit('a name of letters, digits, dots and dashes', value);

/** `2026-01-31`. */
export const day: Shape<string> = (value) =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : misfit('a date such as 2026-01-31', value);

/** ISO 8601. */
export const moment: Shape<string> = (value) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : misfit('a time such as 2026-01-01T00:00:00.000Z', value);

export const exactly = <T extends string | number | boolean>(...values: readonly T[]): Shape<T> => {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value) => (known.has(value) ? (value as T) : misfit(values.map((each) => JSON.stringify(each)).join(' or '), value));
};

/** A shape with a condition. @param expected completes 'should be …' */
export const such =
  <T>(shape: Shape<T>, holds: (value: T) => boolean, expected: string): Shape<T> =>
  (value) => {
    const read = shape(value);
    return holds(read) ? read : misfit(expected, value);
  };

/** The first shape that fits. @param expected completes 'should be …' */
export const either =
  <T>(expected: string, ...shapes: readonly Shape<T>[]): Shape<T> =>
  (value) => {
    for (const shape of shapes) {
      try {
        return shape(value);
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
      }
    }
    return misfit(expected, value);
  };

export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });

export const list =
  <T>(shape: Shape<T>): Shape<readonly T[]> =>
  (value) =>
    Array.isArray(value) ? value.map((each, place) => below(place, () => shape(each))) : misfit('a list', value);

/** A list of exactly two values. */
export const pair =
  <T>(shape: Shape<T>): Shape<readonly [T, T]> =>
  (value) =>
    Array.isArray(value) && value.length === 2 ? (list(shape)(value) as readonly [T, T]) : misfit('a list of two values', value);

/** An object with any names and with values of one shape. */
export const table =
  <T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  (value) =>
    Object.fromEntries(Object.entries(record(value)).map(([name, each]) => [name, below(name, () => shape(each))]));

/** An object with these fields. Others are kept. */
export function object<T>(fields: Fields<T>): Shape<T> {
  const known = Object.entries(fields as Readonly<Record<string, Shape<unknown> | Optional<unknown>>>);
  return (value) => {
    const read = { ...record(value) };
    for (const [name, field] of known) {
      const own = Object.hasOwn(read, name) ? read[name] : undefined;
      if (typeof field === 'function') read[name] = below(name, () => field(own));
      else if (own !== undefined) read[name] = below(name, () => field.optional(own));
    }
    return read as T;
  };
}

const record: Shape<Record<string, unknown>> = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : misfit('an object', value);

class Misfit extends Error {
  readonly path: (string | number)[] = [];
  readonly expected: string;
  readonly found: unknown;

  constructor(expected: string, found: unknown) {
    super(expected);
    this.expected = expected;
    this.found = found;
  }
}

function misfit(expected: string, found: unknown): never {
  throw new Misfit(expected, found);
}

function below<T>(name: string | number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Misfit) error.path.unshift(name);
    throw error;
  }
}

function described(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
}
