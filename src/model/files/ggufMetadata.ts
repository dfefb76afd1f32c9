/** @file Typed access to the metadata of a GGUF file. */
import { TandemError } from '../../errors.ts';
import { damagedHint } from '../configFields.ts';

export interface GgufMetadata {
  /** Named in errors. */
  readonly file: string;
  text(key: string): string;
  number(key: string): number;
  texts(key: string): readonly string[];
  numbers(key: string): readonly number[];
  optionalText(key: string): string | undefined;
  optionalNumber(key: string): number | undefined;
  optionalNumbers(key: string): readonly number[] | undefined;
  optionalFlag(key: string): boolean | undefined;
}

/** @param values  by key, as returned by `readGgufHeader`; every accessor throws TandemError 'bad-gguf' for a missing key or another type */
export function ggufMetadata(values: ReadonlyMap<string, unknown>, file: string): GgufMetadata {
  const read = <T>(key: string, kind: string, convert: (value: unknown) => T | undefined): T | undefined => {
    const found = values.get(key);
    if (found === undefined) return undefined;
    const value = convert(found);
    if (value === undefined)
      throw new TandemError('bad-gguf', `"${key}" in this GGUF file is not ${kind}.`, { where: { file }, hint: damagedHint });
    return value;
  };
  const needed = <T>(key: string, value: T | undefined): T => {
    if (value === undefined) throw new TandemError('bad-gguf', `This GGUF file lacks "${key}".`, { where: { file }, hint: damagedHint });
    return value;
  };
  const optionalText = (key: string): string | undefined => read(key, 'a text', asText);
  const optionalNumber = (key: string): number | undefined => read(key, 'a number', asNumber);
  const optionalNumbers = (key: string): readonly number[] | undefined =>
    read(key, 'a list of numbers', (value) => asList(value, asNumber));
  return {
    file,
    optionalText,
    optionalNumber,
    optionalNumbers,
    optionalFlag: (key) => read(key, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined)),
    text: (key) => needed(key, optionalText(key)),
    number: (key) => needed(key, optionalNumber(key)),
    numbers: (key) => needed(key, optionalNumbers(key)),
    texts: (key) =>
      needed(
        key,
        read(key, 'a list of strings', (value) => asList(value, asText)),
      ),
  };
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function asList<T>(value: unknown, item: (value: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(item);
  return items.every((entry) => entry !== undefined) ? items : undefined;
}
