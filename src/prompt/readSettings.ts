/** @file Reads the `tandem` key of a prompt file's front matter. */
import type { Document, Node } from 'yaml';
import type { Decoding } from './decoding.ts';
import { suggestName } from './nearest.ts';
import { readMap, type Report } from './settingReaders.ts';
import { defaultSettings, type TandemSettings } from './settings.ts';
import { settingFields } from './settingTable.ts';
import { textOf } from './values.ts';

/**
 * Reads the value of `tandem`. Every defect is reported, and the usable settings are returned.
 * @param at called with every setting's name ('decoding.seed') and the range of its value
 * @param defaults apply if the settings do not decide, e.g. from other keys of the file
 */
export function readSettings(
  document: Document,
  node: Node | null,
  report: Report,
  at: (name: string, node: Node) => void,
  defaults: { readonly template?: TandemSettings['template']; readonly decoding?: Partial<Decoding> } = {},
): TandemSettings {
  const read = readMap(node, settingFields, { document, report, at, name: 'tandem' });
  const template = read.template?.kind ?? defaults.template ?? defaultSettings.template;
  const { kind, at: place, ...chat } = read.template ?? {};
  if (template === 'text' && place && Object.keys(chat).length > 0) {
    const message = kind
      ? '`tandem.template` says `kind: text`, which has no variables and no date.'
      : '`tandem.template.kind` is missing.';
    report(place, message, 'Write: template: {kind: chat, variables: {enable_thinking: false}}.');
  }
  const output = read.output ?? defaultSettings.output;
  return {
    data: read.data ?? defaultSettings.data,
    output,
    metric: read.metric?.[0] ?? (read.labels ? 'accuracy' : defaultSettings.metric),
    reported: read.metric?.slice(1) ?? [],
    columns: read.columns ?? {},
    ...read.labels,
    model: read.model ?? defaultSettings.model,
    ...(read.adapter === undefined ? {} : { adapter: read.adapter }),
    template,
    ...(template === 'chat' && Object.keys(chat).length > 0 && { chat }),
    ...(read.gate && Object.keys(read.gate).length > 0 && { gate: read.gate }),
    decoding: { ...defaults.decoding, ...read.decoding },
    demos: (read.demos ?? []).flatMap(({ values, start, end }) => {
      if (output === '') return [];
      const { [output]: answer, ...inputs } = values;
      if (Object.hasOwn(values, output)) return [{ inputs, output: textOf(answer) }];
      report({ start, end }, `This demonstration lacks the output column "${output}".`, suggestName(output, Object.keys(values)));
      return [];
    }),
  };
}
