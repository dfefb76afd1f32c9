/** @file A prompt file (`*.prompt.md`, `*.prompty`) as it is on disk: front matter, body, and what is wrong with them. */
import { isMap, type Node } from 'yaml';
import { TandemError } from '../errors.ts';
import { lacksAnswers } from './answersNeeded.ts';
import { quote } from './editYaml.ts';
import { findFrontMatter, readYaml, resolved, scalarText } from './frontMatter.ts';
import { nearestNames, suggestName } from './nearest.ts';
import type { Prompt } from './prompt.ts';
import { readSettings, type Report, type TandemSettings } from './settings.ts';
import { bodyProblems } from './bodyProblems.ts';
import { jinja } from './languages/jinja.ts';
import { inputs } from './languages/inputs.ts';
import { languageOf } from './languages/table.ts';
import type { Severity } from './languages/templateLanguage.ts';
import { readPrompty, type Prompty } from './prompty.ts';
import { columnsOf, rowBlockColumns, variablesOf } from './template.ts';
import { rangesOf, type TextRange } from './textRange.ts';
import { yamlProblems } from './yamlProblems.ts';
import { textOf, type Values } from './values.ts';

/** A defect of a prompt file, as an editor shows it. */
export interface Problem {
  readonly severity: Severity;
  readonly message: string;
  readonly range: TextRange;
  /** One sentence: what the user can do. */
  readonly hint?: string;
  readonly fix?: Fix;
  /** A setting that is not there, which a step of a program does not need. */
  readonly missing?: true;
}

/** What could stand at a place instead of what is there. */
export interface Fix {
  readonly range: TextRange;
  /** Texts as they are to be written, the likeliest first; or a data file, which the caller must find because it knows the files. */
  readonly instead: readonly string[] | 'data-file';
}

export interface PromptFile {
  readonly path: string;
  /** The whole file, BOM included. */
  readonly text: string;
  readonly prompt: Prompt;
  readonly settings: TandemSettings;
  /** False for a prompt file of other tools, without the `tandem` key: it has no settings, and that is no problem. */
  readonly hasSettings: boolean;
  readonly problems: readonly Problem[];
  /** Where the body starts in `text`. */
  readonly bodyOffset: number;
  /** Where the settings stand in `text`, by name: 'data', 'decoding.seed'. */
  readonly ranges: Readonly<Record<string, TextRange>>;
  /** Of a `.prompty` file: values for columns that the data lacks, from `inputs` and `sample`. */
  readonly samples?: Values;
}

/** What files are called that are prompt files. */
export const promptEndings = ['.prompt.md', '.prompty'] as const;

export const isPromptPath = (path: string): boolean => promptEndings.some((ending) => path.endsWith(ending));

export const isPrompty = (path: string): boolean => path.toLowerCase().endsWith('.prompty');

/** Reads the text of a prompt file; its name says which dialect. Never throws: defects are in `problems`. */
export function parsePromptFile(path: string, text: string): PromptFile {
  const rangeOf = rangesOf(text);
  const problems: Problem[] = [];
  const ranges: Record<string, TextRange> = {};
  const add = (severity: Severity, start: number, end: number, message: string, hint?: string, instead?: readonly string[]): void => {
    const range = rangeOf(start, end);
    problems.push({ severity, message, range, ...(hint !== undefined && { hint }), ...(instead && { fix: { range, instead } }) });
  };

  const front = findFrontMatter(text);
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  if (!front && /^---[ \t]*\r?\n/.test(text.slice(bom))) {
    add('warning', bom, bom + 3, 'The front matter is opened but never closed.', 'Close it with a line of three dashes: ---');
  }
  const [yamlStart, yamlEnd] = front ? [front.yamlStart, front.yamlEnd] : [bom, bom];
  const document = readYaml(text.slice(yamlStart, yamlEnd));
  for (const { fix, start, end, ...problem } of yamlProblems(text.slice(yamlStart, yamlEnd), document, 'The front matter')) {
    const instead = fix && { range: rangeOf(yamlStart + fix.start, yamlStart + fix.end), instead: [fix.instead] };
    problems.push({ ...problem, range: rangeOf(yamlStart + start, yamlStart + end), ...(instead && { fix: instead }) });
  }
  const root = document.contents;
  if (root && !isMap(root)) add('error', yamlStart, yamlEnd, 'The front matter should be a map, with one `key: value` per line.');

  const pair = isMap(root) ? root.items.find((each) => scalarText(each.key) === 'tandem') : undefined;
  const reportAs =
    (severity: Severity): Report =>
    (at, message, hint, instead) =>
      add(severity, yamlStart + at.start, yamlStart + at.end, message, hint, instead);
  const report = reportAs('error');
  const bodyOffset = front?.bodyOffset ?? bom;
  const body = text.slice(bodyOffset);
  const language = isPrompty(path) ? jinja : inputs;
  const prompty: Prompty | undefined = isPrompty(path)
    ? readPrompty(document, new Set(language.variables(body).map(({ name }) => name)), { error: report, note: reportAs('information') })
    : undefined;
  const settings = readSettings(
    document,
    resolved(pair?.value ?? null, document),
    report,
    (name, node) => {
      if (node.range) ranges[name] = rangeOf(yamlStart + node.range[0], yamlStart + node.range[1]);
    },
    prompty,
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
  for (const { severity, start, end, message, hint } of bodyProblems(prompt))
    add(severity, bodyOffset + start, bodyOffset + end, message, hint);
  const needed = settings.demos.length > 0 ? rowBlockColumns(prompt) : [];
  settings.demos.forEach((demonstration, place) => {
    const lacking = needed.find((column) => !Object.hasOwn({ ...prompty?.samples, ...demonstration.inputs }, column));
    if (lacking === undefined) return;
    const { start, end } = ranges.demos;
    const hint = suggestName(lacking, Object.keys(demonstration.inputs));
    add('error', start, end, `Demonstration ${place + 1} lacks the column "${lacking}", which the body reads.`, hint);
  });
  problems.sort((a, b) => a.range.start - b.range.start);
  const samples = prompty && { samples: prompty.samples };
  return { path, text, prompt, settings, hasSettings: pair !== undefined, problems, bodyOffset, ranges, ...samples };
}

/**
 * The file, if it can be evaluated.
 * @throws TandemError reason 'no-settings' without a `tandem` key, 'bad-prompt-file' for the first problem of severity error
 */
export function requireUsable(file: PromptFile): PromptFile {
  const problem = file.problems.find((each) => each.severity === 'error');
  if (problem) {
    const { line, column } = problem.range;
    throw new TandemError('bad-prompt-file', problem.message, { where: { file: file.path, line, column }, hint: problem.hint });
  }
  if (file.hasSettings) return file;
  throw new TandemError('no-settings', 'The prompt file has no `tandem` key, so Tandem knows neither its data nor what to predict.', {
    where: { file: file.path, line: 1 },
    hint: 'Add to its front matter: tandem: {data: rows.jsonl, output: label}',
  });
}

/**
 * What is wrong between a prompt file and its data: columns that the data lacks, the answer given away, columns never read.
 * @param columns the data's columns
 */
export function checkColumns(file: PromptFile, columns: readonly string[]): Problem[] {
  const { output } = file.settings;
  const rangeOf = rangesOf(file.text);
  const top = rangeOf(file.bodyOffset, file.bodyOffset);
  const problems: Problem[] = [];
  const lacking = output === '' ? undefined : lacksAnswers(file.settings, columns);
  if (lacking !== undefined) {
    const message = `The data has no column "${output}" (columns: ${columns.join(', ')}).`;
    const range = file.ranges.output ?? top;
    const instead = nearestNames(output, columns).map(quote);
    problems.push({ severity: 'error', message, range, hint: lacking, fix: { range, instead } });
  }
  for (const { name, start, end, nameStart } of variablesOf(file.prompt)) {
    const range = rangeOf(file.bodyOffset + start, file.bodyOffset + end);
    if (name === output) {
      const hint = 'Remove it. The answer follows the end of the body.';
      problems.push({ severity: 'error', message: `The body reads "${name}", the column to predict.`, range, hint });
    } else if (!columns.includes(name) && Object.hasOwn(file.samples ?? {}, name)) {
      const message = `The data has no column "${name}". Every row gets its sample value, "${textOf(file.samples![name])}".`;
      problems.push({ severity: 'information', message, range });
    } else if (!columns.includes(name)) {
      const inputs = columns.filter((column) => column !== output);
      const message = `The data has no column "${name}" (columns: ${columns.join(', ')}).`;
      const at = file.bodyOffset + nameStart;
      const fix = { range: rangeOf(at, at + name.length), instead: nearestNames(name, inputs) };
      problems.push({ severity: 'error', message, range, hint: suggestName(name, inputs), fix });
    }
  }
  const used = columnsOf(file.prompt);
  for (const column of columns) {
    if (column === output || used.includes(column)) continue;
    const message = `The body never reads the column "${column}".`;
    problems.push({
      severity: 'information',
      message,
      range: top,
      hint: `If it helps, write ${languageOf(file.prompt).write(column)} where its value belongs.`,
    });
  }
  return problems;
}

const required = [
  ['data', 'Name the file with the rows (e.g. .jsonl, .csv or .parquet), relative to this file.'],
  ['output', 'Name the column of the data to predict.'],
] as const;
