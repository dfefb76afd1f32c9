/** @file Writes an accepted prompt back into a file with front matter: changes only what is needed, and keeps every other byte. */
import { isDeepStrictEqual } from 'node:util';
import { TandemError } from '../../errors.ts';
import { setEntry } from '../editYaml.ts';
import { findFrontMatter, readYaml } from '../frontMatter.ts';
import { ownWords, wordsFor } from '../labelWords.ts';
import type { PromptFile } from '../promptFile.ts';
import type { Demonstration, Prompt, LabelWords } from '../prompt.ts';
import { withDefaults, type Decoding } from '../decoding.ts';
import type { Values } from '../values.ts';
import type { SettingChanges, SinglePromptKind } from './promptKind.ts';

type Read = SinglePromptKind['read'];

/**
 * The file's text with the body, the demonstrations, the label words and the decoding of `next`, and the changed settings.
 * @param read reads such a file, to check that the written text reads as intended
 * @throws TandemError reason 'cannot-rewrite' if the front matter is broken, or written in a way that cannot be edited in place;
 *   'no-output' for demonstrations in a file that does not name its output column
 */
export function writeFrontMatterPrompt(file: PromptFile, next: Prompt, changes: SettingChanges, read: Read): string {
  const { text, settings, path } = file;
  const newline = /\r?\n/.exec(text)?.[0] ?? '\n';
  const front = findFrontMatter(text);
  const oldYaml = front ? text.slice(front.yamlStart, front.yamlEnd) : '';
  const held = withDefaults(settings.decoding);
  let yaml = oldYaml;
  if (!sameDemonstrations(file.prompt.demonstrations, next.demonstrations)) {
    const named = file.ranges.output !== undefined;
    if (!named && changes.output !== undefined) yaml = setEntry(yaml, ['tandem', 'output'], changes.output, newline);
    const output = named ? settings.output : (changes.output ?? settings.output);
    yaml = setEntry(yaml, ['tandem', 'demos'], demoItems(path, output, next.demonstrations), newline, [output]);
  }
  if (!sameWords(file.prompt, next)) yaml = setEntry(yaml, ['tandem', 'labels'], labelsAsWritten(file, next), newline);
  for (const [name, value] of Object.entries(next.decoding ?? {})) {
    if (isDeepStrictEqual(value, held[name as keyof Decoding])) continue;
    yaml = setEntry(yaml, ['tandem', 'decoding', name], value, newline);
  }
  if (changes.model !== undefined && changes.model !== (file.ranges.model ? settings.model : null)) {
    yaml = setEntry(yaml, ['tandem', 'model'], changes.model ?? undefined, newline);
  }
  if (changes.adapter !== undefined && (changes.adapter ?? undefined) !== settings.adapter) {
    yaml = setEntry(yaml, ['tandem', 'adapter'], changes.adapter ?? undefined, newline);
  }
  if (changes.calibration !== undefined && changes.calibration !== held.calibration) {
    yaml = setEntry(yaml, ['tandem', 'decoding', 'calibration'], changes.calibration, newline);
  }
  const result = compose(file, yaml, next.body, newline, read);
  const written = read(path, result);
  const decoding = withDefaults(written.settings.decoding);
  const asAsked =
    written.prompt.body === next.body &&
    sameDemonstrations(written.prompt.demonstrations, next.demonstrations) &&
    sameWords(written.prompt, next) &&
    (changes.adapter === undefined || (changes.adapter ?? undefined) === written.settings.adapter) &&
    (changes.model === undefined || changes.model === (written.ranges.model ? written.settings.model : null)) &&
    (changes.calibration === undefined || changes.calibration === decoding.calibration) &&
    isDeepStrictEqual({ ...decoding, ...next.decoding }, decoding);
  if (asAsked && (yaml === oldYaml || readYaml(yaml).errors.length === 0)) return result;
  throw new TandemError('cannot-rewrite', 'The front matter is written in a way that Tandem cannot edit in place.', {
    where: { file: path, line: 1 },
    hint: 'Write the `tandem` key in plain block style: one `key: value` per line, without anchors.',
  });
}

function sameDemonstrations(a: readonly Demonstration[], b: readonly Demonstration[]): boolean {
  const entries = (list: readonly Demonstration[]): string =>
    JSON.stringify(list.map(({ inputs, output }) => [Object.entries(inputs).sort(([one], [other]) => (one < other ? -1 : 1)), output]));
  return entries(a) === entries(b);
}

const sameWords = (a: Prompt, b: Prompt): boolean => isDeepStrictEqual(ownWords(a), ownWords(b));

/** A map if the model must say something else than the labels. Otherwise the file's list, or a list in place of its map. */
function labelsAsWritten({ settings }: PromptFile, { labelWords }: Prompt): LabelWords | readonly string[] {
  const listed = settings.labels === undefined || settings.labels === 'from-data' ? Object.keys(labelWords ?? {}) : settings.labels;
  return labelWords ? Object.fromEntries(listed.map((label) => [label, wordsFor({ labelWords }, label)])) : listed;
}

function demoItems(path: string, output: string, demonstrations: readonly Demonstration[]): Values[] | undefined {
  if (demonstrations.length === 0) return undefined;
  if (output !== '') return demonstrations.map(({ inputs, output: answer }) => ({ ...inputs, [output]: answer }));
  throw new TandemError('no-output', 'The prompt file does not name its output column.', {
    where: { file: path, line: 1 },
    hint: 'Add `output: …` under `tandem:`.',
  });
}

function compose({ path, text, bodyOffset }: PromptFile, yaml: string, body: string, newline: string, read: Read): string {
  const front = findFrontMatter(text);
  if (front) {
    const before = text.slice(0, front.yamlStart) + yaml + text.slice(front.yamlEnd, bodyOffset);
    // A closing fence at the end of the file may lack its line ending.
    return before + (body === '' || before.endsWith('\n') ? '' : newline) + body;
  }
  const bom = text.slice(0, bodyOffset);
  // Without front matter the body is the whole file, unless its own first lines would be parsed as front matter.
  const alone = bom + body;
  return yaml === '' && read(path, alone).prompt.body === body ? alone : `${bom}---${newline}${yaml}---${newline}${body}`;
}
