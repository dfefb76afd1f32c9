/** @file What can be written at the cursor of a program file, and what its keys are for, as its schema says. */
import schema from '../../../schemas/tandem.program.schema.json' with { type: 'json' };
import { quote } from '../../prompt/editYaml.ts';
import type { PromptFile } from '../../prompt/promptFile.ts';
import type { Span } from '../../prompt/languages/templateLanguage.ts';
import { code, markup, ours } from '../../run/words/markdown.ts';
import { valuesOf, type Suggestion, type Suggestions, type SuggestionSources } from './completion.ts';
import type { PromptHover } from './promptHover.ts';

export interface ProgramSources extends SuggestionSources {
  /** As the program file would name them, the likeliest first. */
  readonly promptFiles: () => Promise<readonly string[]>;
}

const ofProgram: Readonly<Record<string, { readonly description: string }>> = schema.properties;
const ofStep: Readonly<Record<string, { readonly description: string }>> = schema.properties.steps.items.properties;

/** @param whole the program as if it were one prompt file, as far as it can be read */
export async function programSuggestionsAt(
  { text }: Pick<PromptFile, 'text'>,
  offset: number,
  whole: PromptFile,
  sources: ProgramSources,
): Promise<Suggestions | undefined> {
  const place = placeIn(text, offset);
  if (!place) return undefined;
  const suggestions = await (place.kind === 'key' ? keysAt(place) : valuesAt(place.key, whole, sources));
  return suggestions.length > 0 ? { span: place.span, suggestions } : undefined;
}

/** Over a key what it is for. */
export function programHover(text: string, offset: number): PromptHover | undefined {
  const [start, end] = lineAt(text, offset);
  const [, indent, dash = '', key] = /^(\s*)(- +)?([a-z]+):/.exec(text.slice(start, end)) ?? [];
  if (key === undefined) return undefined;
  const from = start + indent.length + dash.length;
  const known = (indent + dash === '' ? ofProgram : ofStep)[key];
  if (!known || offset < from || offset > from + key.length) return undefined;
  return { span: { start: from, end: from + key.length }, text: markup`${code(key)}\n\n${ours(known.description)}` };
}

type Place =
  | { readonly kind: 'key'; readonly span: Span; readonly inStep: boolean; readonly written: readonly string[]; readonly hasColon: boolean }
  | { readonly kind: 'value'; readonly span: Span; readonly key: string };

function placeIn(text: string, offset: number): Place | undefined {
  const [start, end] = lineAt(text, offset);
  const [before, after] = [text.slice(start, offset), text.slice(offset, end)];
  const value = /^\s*(?:- +)?([a-z]+): +(.*)$/.exec(before);
  if (value) return { kind: 'value', key: value[1], span: { start: offset - value[2].length, end: offset + after.trimEnd().length } };
  const key = /^(\s*)(- +)?([a-z]*)$/.exec(before);
  if (!key) return undefined;
  const rest = /^[a-z]*/.exec(after)![0].length;
  const inStep = key[1] !== '' || key[2] !== undefined;
  const lines = inStep ? stepLines(text, start, end) : text.split('\n').filter((line) => /^\S/.test(line));
  const own = text.slice(start, end);
  const written = lines.filter((line) => line !== own).flatMap((line) => /^\s*(?:- +)?([a-z]+):/.exec(line)?.[1] ?? []);
  return {
    kind: 'key',
    span: { start: offset - key[3].length, end: offset + rest },
    inStep,
    written,
    hasColon: /^\s*:/.test(after.slice(rest)),
  };
}

/** The lines of the step at a line. */
function stepLines(text: string, start: number, end: number): string[] {
  const begins = (line: string): boolean => /^\s*- /.test(line);
  const above = text.slice(0, start).split('\n').slice(0, -1);
  const own = text.slice(start, end);
  const head = begins(own) ? [] : above.slice(Math.max(0, above.findLastIndex(begins)));
  const below = text.slice(end + 1).split('\n');
  const next = below.findIndex((line) => begins(line) || /^\S/.test(line));
  return [...head, own, ...(next < 0 ? below : below.slice(0, next))];
}

async function keysAt({ inStep, written, hasColon }: Extract<Place, { kind: 'key' }>): Promise<Suggestion[]> {
  return Object.entries(inStep ? ofStep : ofProgram)
    .filter(([key]) => !written.includes(key))
    .map(([key, { description: about }]) => {
      const after = key === 'steps' ? ':\n  - ' : ': ';
      return { kind: 'setting', label: key, about: ours(about), text: hasColon ? key : key + after, ...(!hasColon && { more: true }) };
    });
}

async function valuesAt(key: string, whole: PromptFile, sources: ProgramSources): Promise<Suggestion[]> {
  if (key !== 'prompt') return (await (Object.hasOwn(valuesOf, key) ? valuesOf[key] : undefined)?.(whole, sources)) ?? [];
  return (await sources.promptFiles()).map((path) => ({ kind: 'file', label: path, text: quote(path) }));
}

function lineAt(text: string, offset: number): [start: number, end: number] {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return [start, end < 0 ? text.length : end];
}
