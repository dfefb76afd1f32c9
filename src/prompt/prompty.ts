/** @file What the front matter of a `.prompty` file says in keys of its own format: the model's parameters, inputs and samples. */
import { isMap, isScalar, isSeq, type Document, type Node } from 'yaml';
import { resolved, scalarText } from './frontMatter.ts';
import type { Report } from './settings.ts';
import type { Decoding } from './decoding.ts';
import type { Value, Values } from './values.ts';
import { yamlValue } from './yamlValues.ts';

export interface Prompty {
  /** `model.api: chat` makes the sections turns of a chat; else their texts follow one another. */
  readonly template?: 'chat' | 'text';
  /** From `model.parameters`. */
  readonly decoding: Partial<Decoding>;
  /** Values of inputs, from `inputs.<name>.default` or `.sample`, and `sample.<name>`. */
  readonly samples: Values;
}

/** Reads what there is; a value that is not what the format says is reported. Other keys are for other tools. */
export function readPrompty(document: Document, report: Report): Prompty {
  const root = document.contents;
  const value = (node: unknown, key: string): Node | undefined => {
    const map = resolved(node, document);
    if (!isMap(map)) return undefined;
    const found = map.items.find((pair) => scalarText(pair.key) === key);
    return found ? (resolved(found.value, document) ?? undefined) : undefined;
  };
  const complain = (node: Node, message: string, hint?: string): void => {
    const [start, end] = node.range ?? [0, 0];
    report({ start, end }, message, hint);
  };

  const template = value(root, 'template');
  const language = template && (isMap(template) ? (value(template, 'format') ?? value(template, 'type')) : template);
  if (language && !/^jinja2?$/.test(scalarText(language) ?? ''))
    complain(language, 'Tandem reads templates in Jinja.', 'Write `template: jinja2`, or leave it out.');

  const model = value(root, 'model');
  const api = model && value(model, 'api');
  const apiName = api && scalarText(api);
  if (api && apiName !== 'chat' && apiName !== 'completion')
    complain(api, `Tandem has no api "${apiName ?? '…'}".`, 'Write chat or completion.');

  const decoding: { -readonly [K in keyof Decoding]?: Decoding[K] } = {};
  const given = model && (value(model, 'parameters') ?? value(model, 'options'));
  for (const [name, take] of parameters) {
    const node = given && value(given, name);
    if (!node || (isScalar(node) && node.value === null)) continue;
    const taken = take(node);
    if (taken) Object.assign(decoding, taken);
    else complain(node, `\`model.parameters.${name}\` has a value that cannot be meant.`);
  }

  const samples: Record<string, Value> = {};
  const keep = (name: string, node: Node | undefined): void => {
    const value = node && yamlValue(node, document);
    if (value !== undefined && value !== null) samples[name] = value;
  };
  for (const key of ['sample', 'inputs'] as const) {
    const map = value(root, key);
    if (!isMap(map)) continue;
    for (const pair of map.items) {
      const name = scalarText(pair.key);
      const node = resolved(pair.value, document);
      if (name === undefined || !node) continue;
      if (key === 'sample' || !isMap(node)) keep(name, key === 'sample' || isScalar(node) ? node : undefined);
      else keep(name, value(node, 'default') ?? value(node, 'sample'));
    }
  }
  return { ...(apiName === 'chat' && { template: 'chat' }), decoding, samples };
}

const numberIn = (node: Node, holds: (value: number) => boolean): number | undefined =>
  isScalar(node) && typeof node.value === 'number' && holds(node.value) ? node.value : undefined;

const number =
  (name: keyof Decoding, holds: (value: number) => boolean) =>
  (node: Node): Partial<Decoding> | undefined => {
    const value = numberIn(node, holds);
    return value === undefined ? undefined : { [name]: value };
  };

const maxTokens = number('maxTokens', (value) => Number.isInteger(value) && value >= 1);

/** The parameters that say how an answer is decoded, as the format names them; the others are for hosted models. */
const parameters: readonly (readonly [string, (node: Node) => Partial<Decoding> | undefined])[] = [
  ['max_tokens', maxTokens],
  ['max_completion_tokens', maxTokens],
  ['temperature', number('temperature', (value) => value >= 0 && Number.isFinite(value))],
  ['top_p', number('topP', (value) => value > 0 && value <= 1)],
  ['seed', number('seed', (value) => Number.isSafeInteger(value) && value >= 0)],
  [
    'stop',
    (node) => {
      const texts = isSeq(node) ? node.items.map(scalarText) : [scalarText(node)];
      return texts.every((text) => text !== undefined && text !== '') ? { stop: texts as string[] } : undefined;
    },
  ],
];
