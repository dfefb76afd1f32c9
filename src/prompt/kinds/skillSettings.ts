/**
 * @file What a SKILL.md tells Tandem. The front matter belongs to other tools, which may reject keys that they do not know, but `metadata` is open
 * to every tool: a map of texts. So each setting is one text there, and the rest follows from what a skill is (decision 0042).
 */
import { isMap, YAMLMap, type Document, type Node } from 'yaml';
import { resolved, scalarText } from '../frontMatter.ts';
import type { queryColumn } from '../languages/skill.ts';
import { readMap, type Report, type SettingHelp } from '../settingReaders.ts';
import { defaultSettings, type TandemSettings } from '../settings.ts';
import { settingFields } from '../settingTable.ts';

/** The key of `metadata` that holds a setting. */
export const skillKey = (setting: keyof typeof fields): string => `${prefix}${setting}`;

const prefix = 'tandem-';
const { data, model, metric } = settingFields;
const fields = { data, model, metric };
const byKey = Object.fromEntries(Object.entries(fields).map(([name, field]) => [`${prefix}${name}`, field])) as {
  readonly [K in keyof typeof fields as `${typeof prefix}${K}`]: (typeof fields)[K];
};

const abouts: { readonly [K in keyof typeof fields]: string } = {
  data: 'The labelled queries by which Tandem evaluates and tunes the description, relative to this file: a JSON list of `{"query": "…", "should_trigger": true}`, or any other data file with these columns.',
  model:
    'The model that decides in place of an agent: `nano` (comes with Tandem; the default), the name of an installed model, a folder with safetensors, a `.gguf` file, or a Hugging Face id. The larger it is, the more it decides like an agent.',
  metric: 'How the answers are measured. Default: `accuracy`.',
};

const settingsHelp = Object.entries(abouts).map(([setting, about]) => [`${prefix}${setting}`, { about, setting }] as const);

/** What people read about the settings. The rest of the front matter belongs to other tools. */
export const skillHelp: SettingHelp = { about: '', fields: { metadata: { about: '', fields: Object.fromEntries(settingsHelp) } } };

/** The answer to a query: whether an agent should load the skill. In the data it is true or false, and the model says yes or no. */
const answer = { output: 'should_trigger', labels: ['true', 'false'], labelWords: { true: 'yes', false: 'no' } } as const;

/** A row of a trigger evaluation, as JSON. */
export interface LabelledQuery {
  readonly [queryColumn]: string;
  readonly [answer.output]: boolean;
}

export interface SkillSettings {
  readonly settings: TandemSettings;
  /** Where it is set up for Tandem: the keys in `metadata`. Empty if it is not. */
  readonly keys: readonly Node[];
}

/** @param at called with every setting's name and the range of its value */
export function readSkillSettings(document: Document, report: Report, at: (name: string, node: Node) => void): SkillSettings {
  const metadata = isMap(document.contents)
    ? resolved(document.contents.items.find(({ key }) => scalarText(key) === 'metadata')?.value, document)
    : null;
  const ours = new YAMLMap<unknown, unknown>();
  ours.items = isMap(metadata) ? metadata.items.filter(({ key }) => scalarText(key)?.startsWith(prefix)) : [];
  const named = (key: string, node: Node): void => at(key.slice(prefix.length), node);
  const read = readMap(ours, byKey, { document, report, at: named, name: 'tandem' });
  const [deciding = 'accuracy', ...reported] = read['tandem-metric'] ?? [];
  const settings: TandemSettings = {
    ...defaultSettings,
    ...answer,
    data: read['tandem-data'] ?? defaultSettings.data,
    metric: deciding,
    reported,
    model: read['tandem-model'] ?? defaultSettings.model,
    template: 'chat',
    // A description is not better for being shorter: few queries may fail to show what a sentence is good for.
    gate: { promptCost: 0 },
  };
  return { settings, keys: ours.items.map(({ key }) => key as Node) };
}
