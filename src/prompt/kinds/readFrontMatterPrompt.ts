/** @file Reads a prompt file that has YAML front matter above its body. */
import { isMap, type Document, type Node } from 'yaml';
import { bodyProblems } from '../bodyProblems.ts';
import type { Decoding } from '../decoding.ts';
import { resolved, scalarText } from '../frontMatter.ts';
import type { TemplateLanguage } from '../languages/templateLanguage.ts';
import { suggestName } from '../nearest.ts';
import type { Prompt } from '../prompt.ts';
import type { PromptFile } from '../promptFile.ts';
import { readSettings } from '../readSettings.ts';
import type { Report } from '../settingReaders.ts';
import { rowBlockColumns } from '../template.ts';
import type { TextRange } from '../textRange.ts';
import type { Values } from '../values.ts';
import { openFrontMatter } from './openFrontMatter.ts';

/** How kinds with front matter differ. */
export interface Dialect {
  readonly language: TemplateLanguage;
  /** Reads the front matter's keys other than `tandem`. */
  readonly readKeys?: ReadOwnKeys;
}

/** @param reads the columns that the body reads */
export type ReadOwnKeys = (document: Document, reads: ReadonlySet<string>, reports: KeyReports) => OwnKeys;

/** The defaults for what the `tandem` key does not set. */
export interface OwnKeys {
  /** 'chat' makes the sections turns of a chat. Otherwise their texts follow one another. */
  readonly template?: 'chat' | 'text';
  readonly decoding: Partial<Decoding>;
  /** Values for columns that the data lacks. */
  readonly samples: Values;
}

/** Where findings go: errors that make the file unusable, and notes. */
export interface KeyReports {
  readonly error: Report;
  readonly note: Report;
}

/** Never throws: defects are in `problems`. */
export function readFrontMatterPrompt(path: string, text: string, { language, readKeys }: Dialect): PromptFile {
  const { document, yamlStart, bodyOffset, rangeOf, problems, reportAs } = openFrontMatter(text);
  const ranges: Record<string, TextRange> = {};
  const root = document.contents;
  const pair = isMap(root) ? root.items.find((each) => scalarText(each.key) === 'tandem') : undefined;
  const report = reportAs('error');
  const body = text.slice(bodyOffset);
  const columns = new Set(language.variables(body).map(({ name }) => name));
  const own = readKeys?.(document, columns, { error: report, note: reportAs('information') });
  const settings = readSettings(
    document,
    resolved(pair?.value ?? null, document),
    report,
    (name, node) => {
      if (node.range) ranges[name] = rangeOf(yamlStart + node.range[0], yamlStart + node.range[1]);
    },
    own,
  );
  if (pair && document.errors.length === 0) {
    const [start, end] = (pair.key as Node).range!;
    for (const [name, hint] of required) {
      const written = isMap(pair.value) && pair.value.items.some((each) => scalarText(each.key) === name);
      if (written) continue;
      const range = rangeOf(yamlStart + start, yamlStart + end);
      problems.push({ severity: 'error', message: `\`tandem.${name}\` is missing.`, range, hint, missing: true });
    }
  }

  const { labelWords } = settings;
  const { syntax } = language;
  const prompt: Prompt = { body, demonstrations: settings.demos, ...(syntax && { syntax }), ...(labelWords && { labelWords }) };
  for (const { start, end, fix, ...problem } of bodyProblems(prompt)) {
    const fixed = fix && { ...fix, range: rangeOf(bodyOffset + fix.start, bodyOffset + fix.end) };
    problems.push({ ...problem, range: rangeOf(bodyOffset + start, bodyOffset + end), ...(fixed && { fix: fixed }) });
  }
  const needed = settings.demos.length > 0 ? rowBlockColumns(prompt) : [];
  settings.demos.forEach((demonstration, place) => {
    const lacking = needed.find((column) => !Object.hasOwn({ ...own?.samples, ...demonstration.inputs }, column));
    if (lacking === undefined) return;
    const { start, end } = ranges.demos;
    const hint = suggestName(lacking, Object.keys(demonstration.inputs));
    const message = `Demonstration ${place + 1} lacks the column "${lacking}", which the body reads.`;
    problems.push({ severity: 'error', message, range: rangeOf(start, end), ...(hint !== undefined && { hint }) });
  });
  problems.sort((a, b) => a.range.start - b.range.start);
  const samples = own && { samples: own.samples };
  return { path, text, prompt, settings, hasSettings: pair !== undefined, problems, bodyOffset, ranges, ...samples };
}

const required = [
  ['data', 'Name the file with the rows (e.g. .jsonl, .csv or .parquet), relative to this file.'],
  ['output', 'Name the column of the data to predict.'],
] as const;
