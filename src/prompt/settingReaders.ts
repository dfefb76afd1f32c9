/** @file How a map of settings is read: each setting defines its possible values and its help text. */
import { isAlias, isMap, isScalar, isSeq, type Document, type Node } from 'yaml';
import { butFound, resolved, scalarText } from './frontMatter.ts';
import { nearestNames, suggestName } from './nearest.ts';

/** Reports a defect at a range of the YAML, and possible replacements, the most likely first. */
export type Report = (at: { start: number; end: number }, message: string, hint?: string, instead?: readonly string[]) => void;

export interface Context {
  readonly document: Document;
  readonly report: Report;
  readonly at: (name: string, node: Node) => void;
  /** The name of the setting being read, for messages. */
  readonly name: string;
}

/** Help for a setting, as shown to people. */
export interface SettingHelp {
  /** Markdown: its purpose, its possible values, its default. */
  readonly about: string;
  /** Values to choose from: all of them, or those that have a name. */
  readonly values?: readonly string[];
  /** For a map, its settings. */
  readonly fields?: Readonly<Record<string, SettingHelp>>;
  /** The name of the setting, if its key has another one. */
  readonly setting?: string;
  /** It can only be a map. */
  readonly mapOnly?: boolean;
}

export interface Field<T> extends SettingHelp {
  /** Reads a value, or reports why not. */
  readonly read: (node: Node, context: Context) => T | undefined;
}
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type FieldValues<F extends Fields> = { [K in keyof F]?: F[K] extends Field<infer T> ? T : never };

export function field<T>(
  expected: string,
  help: SettingHelp,
  convert: (node: Node, context: Context) => T | undefined,
  instead?: readonly string[],
): Field<T> {
  const read = (node: Node, context: Context): T | undefined => {
    const value = convert(node, context);
    if (value !== undefined) return value;
    const likely = instead && nearestNames(scalarText(node) ?? '', instead);
    context.report(stretch(node), `\`${context.name}\` should be ${expected}${butFound(node, expected)}.`, undefined, likely);
    return undefined;
  };
  return { ...help, read };
}

export const textField = (about: string): Field<string> => field('a string', { about }, (node) => scalarText(node) || undefined);
export const oneOf = <T extends string>(about: string, ...values: readonly T[]): Field<T> =>
  field(`one of ${values.join(', ')}`, { about, values }, (node) => values.find((each) => each === scalarText(node)), values);
export const numberField = (expected: string, about: string, holds: (value: number) => boolean): Field<number> =>
  field(expected, { about }, (node) => (isScalar(node) && typeof node.value === 'number' && holds(node.value) ? node.value : undefined));
export const textList = (node: Node): string[] | undefined => {
  if (!isSeq(node)) return undefined;
  const texts = node.items.map((item) => scalarText(item));
  return texts.every((text) => text !== undefined) ? texts : undefined;
};

export function readMap<F extends Fields>(node: Node | null, fields: F, context: Context): FieldValues<F> {
  const { document, report, name } = context;
  const values: Record<string, unknown> = {};
  if (!isMap(node)) {
    if (node && !(isScalar(node) && node.value === null))
      report(stretch(node), `\`${name}\` should be a map of settings, with one \`key: value\` per line.`);
    return values as FieldValues<F>;
  }
  for (const pair of node.items) {
    const key = scalarText(pair.key) ?? String(pair.key);
    const full = name === 'tandem' ? key : `${name}.${key}`;
    const value = resolved(pair.value, document);
    if (!Object.hasOwn(fields, key)) {
      const names = Object.keys(fields);
      report(stretch(pair.key as Node), `\`${full}\` is not a setting of Tandem.`, suggestName(key, names), nearestNames(key, names));
    } else if (isAlias(pair.value) && value === null) {
      continue; // It refers to nothing, which is a problem of the YAML.
    } else if (value === null || (isScalar(value) && value.value === null)) {
      report(stretch(pair.key as Node), `\`${full}\` is empty.`, 'Give it a value or delete the line.');
    } else {
      context.at(full, pair.value as Node);
      values[key] = fields[key].read(value, { ...context, name: full });
      if (values[key] === undefined) delete values[key];
    }
  }
  return values as FieldValues<F>;
}

/** A map of scalars as column texts (null is the empty text). Undefined for anything else. */
export function columnTexts(node: unknown, document: Document): Record<string, string> | undefined {
  if (!isMap(node)) return undefined;
  const entries = node.items.map((pair): [string | undefined, string | undefined] => {
    const value = resolved(pair.value, document);
    return [scalarText(pair.key), value === null || (isScalar(value) && value.value === null) ? '' : scalarText(value)];
  });
  return entries.every((entry): entry is [string, string] => entry[0] !== undefined && entry[1] !== undefined)
    ? Object.fromEntries(entries)
    : undefined;
}

export const stretch = (node: Node): { start: number; end: number } => ({ start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 });
