/** @file Writes the pointer to an accepted adapter into a program file: only that entry, every other byte as it was. */
import { TandemError } from '../errors.ts';
import { setEntry } from './editYaml.ts';
import { parseProgramFile, type ProgramFile } from './programFile.ts';
import type { SettingChanges } from './writePrompt.ts';

/**
 * The file's text with another adapter, or model; null takes it out.
 * @throws TandemError reason 'cannot-rewrite' if the file is written in a way that cannot be edited in place
 */
export function applyProgram(
  { path, text }: Pick<ProgramFile, 'path' | 'text'>,
  changes: Pick<SettingChanges, 'adapter' | 'model'>,
): string {
  const before = parseProgramFile(path, text);
  const newline = /\r?\n/.exec(text)?.[0] ?? '\n';
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  const yaml = text.slice(bom);
  const open = yaml !== '' && !yaml.endsWith('\n');
  let next = open ? yaml + newline : yaml;
  for (const name of ['model', 'adapter'] as const) {
    const value = changes[name];
    if (value === undefined || (value ?? undefined) === before[name]) continue;
    next = setEntry(next, [name], value ?? undefined, newline);
  }
  const result = text.slice(0, bom) + (open ? next.slice(0, -newline.length) : next);
  const read = parseProgramFile(path, result);
  const asAsked = (['model', 'adapter'] as const).every(
    (name) => read[name] === (changes[name] === undefined ? before[name] : (changes[name] ?? undefined)),
  );
  if (asAsked && read.steps.length === before.steps.length && read.problems.length <= before.problems.length) return result;
  throw new TandemError('cannot-rewrite', 'The program file is written in a way that Tandem cannot edit in place.', {
    where: { file: path, line: 1 },
    hint: 'Write it in plain block style: one `key: value` per line, without anchors.',
  });
}
