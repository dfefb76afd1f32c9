/**
 * @file The front matter keys of the `.prompty` format itself: the model's parameters, inputs and samples. Both versions of the format are
 * read. If they differ, a key is recognized by its name in each.
 */
import { isMap, isScalar, isSeq, type Document, type Node } from 'yaml';
import { butFound, resolved, scalarText } from '../frontMatter.ts';
import type { Report } from '../settingReaders.ts';
import type { OwnKeys, ReadOwnKeys } from './readFrontMatterPrompt.ts';
import type { Decoding } from '../decoding.ts';
import type { Value } from '../values.ts';
import { yamlValue } from '../yamlValues.ts';

/**
 * Reads the keys that are there. A value that is valid in the format but unsupported in Tandem is reported by the name of its key. Other keys are for other tools.
 * @param reads the columns that the body reads
 */
export const readPromptyKeys: ReadOwnKeys = (document, reads, { error, note }) => {
  const root = document.contents;
  const at = (node: Node): { start: number; end: number } => ({ start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 });
  const entry = entryIn(document);
  readTemplate(root, entry, (node, ...rest) => error(at(node), ...rest));

  const model = entry(root, 'model');
  const template = templateOf(model, entry, (node, ...rest) => error(at(node), ...rest));
  const decoding: Partial<Decoding> = {};
  for (const container of ['parameters', 'options']) {
    const given = model && entry(model, container);
    if (!isMap(given)) continue;
    for (const { key } of given.items) {
      const name = scalarText(key) ?? '';
      const node = entry(given, name);
      if (!node || (isScalar(node) && node.value === null)) continue;
      const path = `\`model.${container}.${name}\``;
      if (Object.hasOwn(parameters, name)) {
        const { expected, take } = parameters[name];
        const taken = take(node);
        if (taken) Object.assign(decoding, taken);
        else error(at(node), `${path} should be ${expected}${butFound(node, expected)}.`);
      } else if (hostedOnly.has(name)) note(at(key as Node), `${path} applies only to hosted models. Tandem ignores it.`);
    }
  }

  const samples: Record<string, Value> = {};
  const keep = (name: string, node: Node | undefined): void => {
    const value = node && yamlValue(node, document);
    if (value !== undefined && value !== null) samples[name] = value;
  };
  for (const { name, value } of inputsIn(entry(root, 'sample'), document, note, at)) keep(name, value);
  const schema = entry(root, 'inputs') ?? entry(entry(root, 'inputSchema'), 'properties');
  for (const { name, value } of inputsIn(schema, document, note, at)) {
    if (!isMap(value)) {
      keep(name, isScalar(value) ? value : undefined);
      continue;
    }
    const kind = entry(value, 'kind') ?? entry(value, 'type');
    const kindName = kind && scalarText(kind);
    if (kind && reads.has(name) && noText.has(kindName ?? '')) {
      error(at(kind), `The input "${name}" is of kind ${kindName}. Tandem fills in text only.`, 'Remove it from the body.');
    }
    // A conversation that the data does not have counts as not begun.
    if (kindName === 'thread') samples[name] = '';
    else keep(name, entry(value, 'default') ?? entry(value, 'example') ?? entry(value, 'sample'));
  }
  return { ...(template && { template }), decoding, samples };
};

type Entry = (map: unknown, key: string) => Node | undefined;
type Complain = (node: Node, message: string, hint?: string) => void;

const entryIn =
  (document: Document): Entry =>
  (node, key) => {
    const map = resolved(node, document);
    if (!isMap(map)) return undefined;
    const found = map.items.find((pair) => scalarText(pair.key) === key);
    return found ? (resolved(found.value, document) ?? undefined) : undefined;
  };

/** `template: jinja2`, or in version 2 `{format: {kind: jinja2}, parser: {kind: prompty}}`. */
function readTemplate(root: unknown, entry: Entry, complain: Complain): void {
  const template = entry(root, 'template');
  if (!template) return;
  const part = (...names: string[]): { path: string; node: Node } | undefined => {
    const name = names.find((each) => entry(template, each));
    const node = name === undefined ? undefined : entry(template, name);
    if (!node) return undefined;
    const kind = entry(node, 'kind');
    return isMap(node) ? kind && { path: `template.${name}.kind`, node: kind } : { path: `template.${name}`, node };
  };
  const language = isMap(template) ? part('format', 'type') : { path: 'template', node: template };
  const named = language && scalarText(language.node);
  if (language && !languages.has(named ?? '')) {
    const hint = `Write \`${language.path}: jinja2\`, or leave it out.`;
    complain(language.node, `\`${language.path}\` is "${named ?? '…'}". Tandem supports only Jinja templates.`, hint);
  }
  const parser = isMap(template) ? part('parser') : undefined;
  if (parser && scalarText(parser.node) !== 'prompty') {
    complain(
      parser.node,
      `\`${parser.path}\` is "${scalarText(parser.node) ?? '…'}". Tandem supports only the parser "prompty".`,
      `Write \`${parser.path}: prompty\`, or leave it out.`,
    );
  }
}

/** Nunjucks writes variables, conditions and loops like Jinja. */
const languages: ReadonlySet<string> = new Set(['jinja2', 'jinja', 'nunjucks']);

/** `model.api`, in version 2 `model.apiType`, which is chat by default. */
function templateOf(model: Node | undefined, entry: Entry, complain: Complain): OwnKeys['template'] {
  if (!model) return undefined;
  for (const key of ['apiType', 'api']) {
    const node = entry(model, key);
    if (!node) continue;
    const name = scalarText(node) ?? '…';
    if (Object.hasOwn(apis, name)) return apis[name];
    const hint = `Write ${Object.keys(apis).join(', ')}, or leave it out.`;
    complain(node, `\`model.${key}\` is "${name}". Tandem tunes only prompts whose answer is text.`, hint);
    return undefined;
  }
  return isScalar(model) || versionTwo.some((key) => entry(model, key)) ? 'chat' : undefined;
}

const apis: Readonly<Record<string, 'chat' | 'text'>> = { chat: 'chat', responses: 'chat', completion: 'text' };
const versionTwo = ['id', 'provider', 'connection', 'options'];

/** Kinds of input that are not text. */
const noText: ReadonlySet<string> = new Set(['image', 'audio', 'file']);

/** Inputs with their names, from a map or from a version 2 list. */
function inputsIn(node: Node | undefined, document: Document, note: Report, at: (node: Node) => { start: number; end: number }): Input[] {
  if (isMap(node)) {
    return node.items.flatMap((pair) => {
      const [name, value] = [scalarText(pair.key), resolved(pair.value, document)];
      return name === undefined || !value ? [] : [{ name, value }];
    });
  }
  if (isSeq(node)) {
    return node.items.flatMap((item) => {
      const value = resolved(item, document);
      const name = scalarText(entryIn(document)(value, 'name'));
      return name === undefined || !value ? [] : [{ name, value }];
    });
  }
  if (node && isScalar(node) && node.value !== null) {
    note(
      at(node),
      `Tandem does not open "${scalarText(node)}". Values come from the data.`,
      'Write the values here if the data lacks them.',
    );
  }
  return [];
}

interface Input {
  readonly name: string;
  readonly value: Node;
}

interface Parameter {
  /** For messages: `temperature should be …`. */
  readonly expected: string;
  readonly take: (node: Node) => Partial<Decoding> | undefined;
}

const number = (name: keyof Decoding, expected: string, holds: (value: number) => boolean): Parameter => ({
  expected,
  take: (node) => (isScalar(node) && typeof node.value === 'number' && holds(node.value) ? { [name]: node.value } : undefined),
});

const maxTokens = number('maxTokens', 'a whole number of at least 1', (value) => Number.isInteger(value) && value >= 1);
const topP = number('topP', 'a number from 0 to 1', (value) => value >= 0 && value <= 1);
const stop: Parameter = {
  expected: 'a string or a list of strings',
  take: (node) => {
    const texts = isSeq(node) ? node.items.map(scalarText) : [scalarText(node)];
    return texts.every((text) => text !== undefined && text !== '') ? { stop: texts as string[] } : undefined;
  },
};

/** The parameters for decoding an answer, by their names in both versions. */
const parameters: Readonly<Record<string, Parameter>> = {
  max_tokens: maxTokens,
  max_completion_tokens: maxTokens,
  maxOutputTokens: maxTokens,
  temperature: number('temperature', 'a number of at least 0', (value) => value >= 0 && Number.isFinite(value)),
  top_p: topP,
  topP,
  seed: number('seed', 'a whole number', Number.isSafeInteger),
  stop,
  stopSequences: stop,
};

/** Parameters that would change an answer and are not supported here. */
const hostedOnly: ReadonlySet<string> = new Set([
  'top_k',
  'topK',
  'frequency_penalty',
  'frequencyPenalty',
  'presence_penalty',
  'presencePenalty',
  'logit_bias',
]);
