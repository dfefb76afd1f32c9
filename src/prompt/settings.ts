/** @file The `tandem` key of a prompt file: its types and one table of readers. */
import { isMap, isScalar, isSeq, type Document, type Node } from 'yaml';
import { resolved, scalarText } from './frontMatter.ts';
import { suggestName } from './nearest.ts';
import type { Demonstration } from './prompt.ts';

/** One file, split by row hash; or the files of given splits. Paths as written, relative to the prompt file. */
export type DataSource = string | { readonly train: string; readonly val?: string; readonly test?: string };

export const calibrations = ['none', 'content-free', 'prior'] as const;
export type Calibration = (typeof calibrations)[number];

export interface Decoding {
  /** How label scores are corrected for what the model prefers whatever the input. */
  readonly calibration: Calibration;
  /** Label scores per token, or summed over tokens. */
  readonly normalize: 'tokens' | 'sum';
  /** The rest is for free text. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly stop: readonly string[];
  readonly seed: number;
}

export interface TandemSettings {
  /** '' if missing, which is a problem of the file. */
  readonly data: DataSource;
  /** The column to predict; '' if missing, which is a problem of the file. */
  readonly output: string;
  readonly metric: string;
  /** Score these; undefined for free text. */
  readonly labels?: 'from-data' | readonly string[];
  /** 'nano', a known name, a folder, a .gguf file or an endpoint. */
  readonly model: string;
  /** Path as written, relative to the prompt file. */
  readonly adapter?: string;
  /** 'text': the model completes the body. 'chat': the body is the user's message, the answer the assistant's turn. */
  readonly template: 'text' | 'chat';
  readonly decoding: Decoding;
  readonly demos: readonly Demonstration[];
}

/** Reports a defect at a stretch of the YAML. */
export type Report = (at: { start: number; end: number }, message: string, hint?: string) => void;

/**
 * Reads the value of `tandem`; every defect is reported, and what is usable returned.
 * @param at called with every setting's name ('decoding.seed') and the stretch of its value
 */
export function readSettings(
  document: Document,
  node: Node | null,
  report: Report,
  at: (name: string, node: Node) => void,
): TandemSettings {
  const read = readMap(node, settingFields, { document, report, at, name: 'tandem' });
  const template = read.template ?? 'text';
  const output = read.output ?? '';
  return {
    data: read.data ?? '',
    output,
    metric: read.metric ?? (read.labels ? 'accuracy' : 'exact-match'),
    ...(read.labels ? { labels: read.labels } : {}),
    model: read.model ?? 'nano',
    ...(read.adapter === undefined ? {} : { adapter: read.adapter }),
    template,
    decoding: { ...defaultDecoding, stop: template === 'text' ? ['\n\n'] : [], ...read.decoding },
    demos: (read.demos ?? []).flatMap(({ values, start, end }) => {
      if (output === '') return [];
      const { [output]: answer, ...inputs } = values;
      if (Object.hasOwn(values, output)) return [{ inputs, output: answer }];
      report({ start, end }, `This demonstration lacks the output column "${output}".`, suggestName(output, Object.keys(values)));
      return [];
    }),
  };
}

const defaultDecoding: Decoding = { calibration: 'none', normalize: 'tokens', maxTokens: 64, temperature: 0, topP: 1, stop: [], seed: 0 };

interface Context {
  readonly document: Document;
  readonly report: Report;
  readonly at: (name: string, node: Node) => void;
  /** Of the setting being read, for messages. */
  readonly name: string;
}

/** Reads a value, or reports why not. */
type Field<T> = (node: Node, context: Context) => T | undefined;
type Fields = Readonly<Record<string, Field<unknown>>>;
type Values<F extends Fields> = { [K in keyof F]?: F[K] extends Field<infer T> ? T : never };

function field<T>(expected: string, convert: (node: Node, context: Context) => T | undefined): Field<T> {
  return (node, context) => {
    const value = convert(node, context);
    if (value === undefined) context.report(stretch(node), `\`${context.name}\` should be ${expected}.`);
    return value;
  };
}

const textField = field('a text', (node) => scalarText(node) || undefined);
const oneOf = <T extends string>(...allowed: readonly T[]): Field<T> =>
  field(`one of ${allowed.join(', ')}`, (node) => allowed.find((each) => each === scalarText(node)));
const numberField = (expected: string, holds: (value: number) => boolean): Field<number> =>
  field(expected, (node) => (isScalar(node) && typeof node.value === 'number' && holds(node.value) ? node.value : undefined));
const textList = (node: Node): string[] | undefined => {
  if (!isSeq(node)) return undefined;
  const texts = node.items.map((item) => scalarText(item));
  return texts.every((text) => text !== undefined) ? texts : undefined;
};

const sourceFields = { train: textField, val: textField, test: textField };

const decodingFields = {
  calibration: oneOf(...calibrations),
  normalize: oneOf('tokens', 'sum'),
  maxTokens: numberField('a whole number from 1', (value) => Number.isInteger(value) && value >= 1),
  temperature: numberField('a number from 0', (value) => value >= 0 && Number.isFinite(value)),
  topP: numberField('a number above 0 and up to 1', (value) => value > 0 && value <= 1),
  stop: field('a text or a list of texts', (node) => (isSeq(node) ? textList(node) : scalarText(node) ? [scalarText(node)!] : undefined)),
  seed: numberField('a whole number from 0', (value) => Number.isSafeInteger(value) && value >= 0),
};

const settingFields = {
  data: field<DataSource>('a path, or {train: …, val: …, test: …}', (node, context) => {
    if (!isMap(node)) return scalarText(node) || undefined;
    const { train, val, test } = readMap(node, sourceFields, context);
    return train === undefined ? undefined : { train, ...(val === undefined ? {} : { val }), ...(test === undefined ? {} : { test }) };
  }),
  output: textField,
  metric: textField,
  labels: field<'from-data' | readonly string[]>('`from-data` or a list of two or more different texts', (node) => {
    if (scalarText(node) === 'from-data') return 'from-data';
    const labels = textList(node)?.map((label) => label.trim());
    return labels && labels.length > 1 && !labels.includes('') && new Set(labels).size === labels.length ? labels : undefined;
  }),
  model: textField,
  adapter: textField,
  template: oneOf('text', 'chat'),
  decoding: (node: Node, context: Context) => readMap(node, decodingFields, context),
  demos: field<readonly DemonstrationValues[]>('a list of demonstrations, each with the columns as keys', (node, { document, report }) => {
    if (!isSeq(node)) return undefined;
    return node.items.flatMap((item) => {
      const values = columnTexts(resolved(item, document), document);
      if (values) return [{ values, ...stretch(item as Node) }];
      report(stretch(item as Node), 'A demonstration is a map of columns to texts.', 'Put texts in quotes, one `column: "text"` a line.');
      return [];
    });
  }),
};

/** The keys of `tandem`, for completion and for messages. */
export const settingNames: readonly string[] = Object.keys(settingFields);

interface DemonstrationValues {
  readonly values: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number;
}

/** A map of scalars as column texts (null is the empty text); undefined for anything else. */
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

function readMap<F extends Fields>(node: Node | null, fields: F, context: Context): Values<F> {
  const { document, report, name } = context;
  const values: Record<string, unknown> = {};
  if (!isMap(node)) {
    if (node && !(isScalar(node) && node.value === null))
      report(stretch(node), `\`${name}\` should be a map of settings, one \`key: value\` a line.`);
    return values as Values<F>;
  }
  for (const pair of node.items) {
    const key = scalarText(pair.key) ?? String(pair.key);
    const full = name === 'tandem' ? key : `${name}.${key}`;
    const value = resolved(pair.value, document);
    if (!Object.hasOwn(fields, key)) {
      report(stretch(pair.key as Node), `\`${full}\` is not a setting of Tandem.`, suggestName(key, Object.keys(fields)));
    } else if (value === null || (isScalar(value) && value.value === null)) {
      report(stretch(pair.key as Node), `\`${full}\` is empty.`, 'Give it a value or delete the line.');
    } else {
      context.at(full, pair.value as Node);
      values[key] = fields[key](value, { ...context, name: full });
      if (values[key] === undefined) delete values[key];
    }
  }
  return values as Values<F>;
}

const stretch = (node: Node): { start: number; end: number } => ({ start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 });
