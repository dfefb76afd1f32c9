/** @file Typed access to the fields of a model's config, with errors that name file and field. */
import { TandemError } from '../errors.ts';

/** What to do if a model's file is invalid. */
export const damagedHint = 'The file is damaged or incomplete. Download the model again.';

export interface ConfigFields {
  /** Named in errors. */
  readonly file: string;
  /** The value in the file. Undefined if absent. */
  raw(name: string): unknown;
  /** The fields of an object. Undefined for anything else. */
  nested(name: string): ConfigFields | undefined;
  /** Undefined if the field is absent or null. Every accessor throws TandemError 'bad-model-config' for another type. */
  optional(name: string): number | undefined;
  number(name: string, otherwise?: number): number;
  /** A positive integer. */
  count(name: string, otherwise?: number): number;
  /** Above zero. */
  positive(name: string, otherwise?: number): number;
  flag(name: string, otherwise: boolean): boolean;
  /** The error to throw if no family supports what the config requires. */
  unsupported(message: string): TandemError;
}

/** @param hint what to do about a config that no family supports */
export function configFields(json: Readonly<Record<string, unknown>>, file: string, hint: string): ConfigFields {
  const raw = (name: string): unknown => (Object.hasOwn(json, name) ? json[name] : undefined);
  const wrong = (name: string, what: string): TandemError =>
    new TandemError('bad-model-config', `"${name}" in the model config ${what}.`, { where: { file }, hint: damagedHint });
  const optional = (name: string): number | undefined => {
    const value = raw(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name, `is ${shown(value)}, not a number`);
    return value;
  };
  const number = (name: string, otherwise?: number): number => {
    const value = optional(name) ?? otherwise;
    if (value === undefined) throw wrong(name, 'is missing');
    return value;
  };
  return {
    file,
    raw,
    nested: (name) => {
      const value = raw(name);
      return isRecord(value) ? configFields(value, file, hint) : undefined;
    },
    unsupported: (message) => new TandemError('unsupported-model', message, { where: { file }, hint }),
    optional,
    number,
    count: (name, otherwise) => {
      const value = number(name, otherwise);
      if (!Number.isSafeInteger(value) || value <= 0) throw wrong(name, `is ${value}, not a positive integer`);
      return value;
    },
    positive: (name, otherwise) => {
      const value = number(name, otherwise);
      if (value <= 0) throw wrong(name, `is ${value}, not above zero`);
      return value;
    },
    flag: (name, otherwise) => {
      const value = raw(name) ?? otherwise;
      if (typeof value !== 'boolean') throw wrong(name, `is ${shown(value)}, not true or false`);
      return value;
    },
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of a config, as shown in an error message. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === undefined ? 'of this model' : text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
