/** @file What can be written at the cursor of a prompt file: settings, their values, columns of the data. */
import { aboutMetric, metrics } from '../../evaluate/metrics/table.ts';
import { quote } from '../../prompt/editYaml.ts';
import { promptKindOf } from '../../prompt/kinds/table.ts';
import { languageOf } from '../../prompt/languages/table.ts';
import { placeAt, type PromptPlace } from '../../prompt/placeAt.ts';
import type { PromptFile } from '../../prompt/promptFile.ts';
import type { SettingHelp } from '../../prompt/settingReaders.ts';
import type { Span } from '../../prompt/languages/templateLanguage.ts';
import { ours, type Markdown } from '../../run/words/markdown.ts';
import { sampleText } from './columnValues.ts';
import type { DataSample } from './dataSample.ts';

export interface Suggestion {
  readonly kind: 'setting' | 'value' | 'column' | 'file' | 'model';
  readonly label: string;
  readonly detail?: string;
  readonly about?: Markdown;
  /** What is written in the place of the span. */
  readonly text: string;
  /** Something else can be chosen right after it. */
  readonly more?: true;
}

export interface Suggestions {
  readonly span: Span;
  readonly suggestions: readonly Suggestion[];
}

/** What is not in the file, asked for when it is needed. */
export interface SuggestionSources {
  readonly sample: () => Promise<DataSample | undefined>;
  readonly models: () => Promise<readonly { readonly name: string; readonly about: string }[]>;
  /** As the prompt file would name them, the likeliest first. */
  readonly dataFiles: () => Promise<readonly string[]>;
}

export async function suggestionsAt(file: PromptFile, offset: number, sources: SuggestionSources): Promise<Suggestions | undefined> {
  const place = placeAt(file.text, offset, file.prompt.syntax);
  if (!place) return undefined;
  const suggestions = await suggestFor(place.kind, place, file, sources);
  return suggestions.length > 0 ? { span: place.span, suggestions } : undefined;
}

/** What the front matter may have at `keys`: `[]` is its top, `['tandem', 'decoding']` the map of that setting. */
export function helpAt(path: string, keys: readonly string[]): SettingHelp | undefined {
  return keys.reduce<SettingHelp | undefined>((help, key) => help?.fields && own(help.fields, key), promptKindOf(path).help);
}

type Kind = PromptPlace['kind'];
type Places = { readonly [K in Kind]: Extract<PromptPlace, { kind: K }> };
type Suggest<K extends Kind> = (place: Places[K], file: PromptFile, sources: SuggestionSources) => Promise<Suggestion[]>;

const suggestFor = <K extends Kind>(kind: K, ...asked: Parameters<Suggest<K>>): Promise<Suggestion[]> => suggest[kind](...asked);

const suggest: { readonly [K in Kind]: Suggest<K> } = {
  async key({ within, name, span, flow }, { path, text, ranges, hasSettings }) {
    const fields = helpAt(path, within)?.fields ?? {};
    const prefix = within
      .slice(1)
      .map((key) => `${key}.`)
      .join('');
    const isTop = within.length === 0;
    const written = (key: string, setting = prefix + key): boolean => (isTop ? hasSettings : ranges[setting] !== undefined) && key !== name;
    const hasColon = /^\s*:/.test(text.slice(span.end));
    return Object.entries(fields)
      .filter(([key, { about, setting }]) => about !== '' && !written(key, setting))
      .map(([key, { about, mapOnly }]) => ({
        kind: 'setting',
        label: key,
        about: ours(about),
        text: hasColon ? key : `${key}:${mapOnly && !flow ? '\n  ' : ' '}`,
        ...(!hasColon && { more: true }),
      }));
  },

  async value({ path }, file, sources) {
    const help = helpAt(file.path, path);
    if (!help) return [];
    const named = own(valuesOf, help.setting ?? path.slice(1).join('.'));
    if (named) return named(file, sources);
    return (help.values ?? []).map((value) => ({ kind: 'value', label: value, text: value }));
  },

  async variable({ closed }, { settings, prompt }, { sample }) {
    const { complete } = languageOf(prompt).typing;
    const found = await sample();
    return columnsOf(found, ({ name }) => name !== settings.output).map(({ name, ...column }) => ({
      ...column,
      text: complete(name, closed),
    }));
  },
};

type Values = (file: PromptFile, sources: SuggestionSources) => Promise<Suggestion[]>;

const dataFiles: Values = async (_, sources) =>
  (await sources.dataFiles()).map((path) => ({ kind: 'file', label: path, text: quote(path) }));

/** Settings whose values depend on what there is. */
export const valuesOf: Readonly<Record<string, Values>> = {
  data: dataFiles,
  'data.train': dataFiles,
  'data.val': dataFiles,
  'data.test': dataFiles,
  output: async (_, { sample }) => columnsOf(await sample()).map(({ name, ...column }) => ({ ...column, text: quote(name) })),
  metric: async () =>
    [...metrics.values()].map(({ name, kind }) => ({
      kind: 'value',
      label: name,
      detail: kind === 'label' ? 'requires labels to choose from' : 'works on any text',
      about: ours(aboutMetric(name)),
      text: name,
    })),
  model: async (_, { models }) =>
    (await models()).map(({ name, about }) => ({ kind: 'model', label: name, detail: about, text: quote(name) })),
};

function columnsOf(
  sample: DataSample | undefined,
  holds: (column: { name: string }) => boolean = () => true,
): { kind: 'column'; name: string; label: string; about: Markdown }[] {
  if (!sample) return [];
  return sample.columns.map((name) => ({ kind: 'column', name, label: name, about: sampleText(name, sample) }) as const).filter(holds);
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);
