/** @file A prompt file of any kind on disk: its prompt, its settings, and what is wrong with them. */
import { TandemError } from '../errors.ts';
import { lacksAnswers } from './answersNeeded.ts';
import { misspeltDemos } from './demosMark.ts';
import { quote } from './editYaml.ts';
import { nearestNames, suggestName } from './nearest.ts';
import type { Prompt } from './prompt.ts';
import type { TandemSettings } from './settings.ts';
import { languageOf } from './languages/table.ts';
import type { Severity, Span } from './languages/templateLanguage.ts';
import { columnsOf, variablesOf } from './template.ts';
import { rangesOf, type TextRange } from './textRange.ts';
import { textOf, type Values } from './values.ts';

/** A defect of a prompt file, as shown in an editor. */
export interface Problem {
  readonly severity: Severity;
  readonly message: string;
  readonly range: TextRange;
  /** One sentence: what the user can do. */
  readonly hint?: string;
  readonly fix?: Fix;
  /** A missing setting, which a step of a program does not need. */
  readonly missing?: true;
}

/** A replacement for the text at a place. */
export interface Fix {
  readonly range: TextRange;
  /** Texts as they would be written, the most likely first; or a data file, which the caller must find because it knows the files. */
  readonly instead: readonly string[] | 'data-file';
  /** What it does, if the text alone does not show that. */
  readonly title?: string;
  /** A model that could be added to this machine, so that the file need not change. */
  readonly model?: string;
}

export interface PromptFile {
  readonly path: string;
  /** The whole file, including a BOM. */
  readonly text: string;
  readonly prompt: Prompt;
  readonly settings: TandemSettings;
  /** False for a prompt file of other tools, without the `tandem` key: it has no settings, and that is not a problem. */
  readonly hasSettings: boolean;
  readonly problems: readonly Problem[];
  /** Where the body starts in `text`, or the line with what it is made from. */
  readonly bodyOffset: number;
  /** For a kind that makes the body from a part of the file, such as a skill's description. Absent if the body is in `text` as it is. */
  readonly madeFrom?: MadeFrom;
  /** Where the settings are in `text`, by name: 'data', 'decoding.seed'. */
  readonly ranges: Readonly<Record<string, TextRange>>;
  /** Values for columns that the data lacks, if the file has some, as `.prompty` does in `inputs` and `sample`. */
  readonly samples?: Values;
}

/** A part of a file, and its place in the body that was made from it. */
export interface MadeFrom {
  readonly inText: Span;
  readonly inBody: Span;
}

/** Returns a function that locates offsets of the body in the file: in the whole part that the body was made from, if there is one. */
export function bodyRanges({ text, bodyOffset, madeFrom }: PromptFile): (start: number, end: number) => TextRange {
  const rangeOf = rangesOf(text);
  if (!madeFrom) return (start, end) => rangeOf(bodyOffset + start, bodyOffset + end);
  const whole = rangeOf(madeFrom.inText.start, madeFrom.inText.end);
  return () => whole;
}

/** The 1-based line of the file for a 1-based line of the body. YAML may have folded what is one line in the body. */
export function fileLine({ text, bodyOffset, prompt, madeFrom }: PromptFile, line: number): number {
  const lineAt = (source: string, offset: number): number => source.slice(0, offset).split('\n').length;
  if (!madeFrom) return lineAt(text, bodyOffset) + line - 1;
  const { inText, inBody } = madeFrom;
  const place = lineAt(text, inText.start) + line - lineAt(prompt.body, inBody.start);
  return Math.min(Math.max(place, lineAt(text, inText.start)), lineAt(text, inText.end));
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
 * Problems between a prompt file and its data: columns that the data lacks, an answer that is given away, columns that are never read.
 * @param columns the data's columns
 * @param idle columns that contain nothing for a model, so that no prompt needs to read them
 */
export function checkColumns(file: PromptFile, columns: readonly string[], idle: readonly string[] = []): Problem[] {
  const { output } = file.settings;
  const inBody = bodyRanges(file);
  const top = rangesOf(file.text)(file.bodyOffset, file.bodyOffset);
  const problems: Problem[] = [];
  const lacking = output === '' ? undefined : lacksAnswers(file.settings, columns);
  if (lacking !== undefined) {
    const message = `The data has no column "${output}" (columns: ${columns.join(', ')}).`;
    const range = file.ranges.output ?? top;
    const instead = nearestNames(output, columns).map(quote);
    problems.push({ severity: 'error', message, range, hint: lacking, fix: { range, instead } });
  }
  for (const { name, start, end, nameStart } of variablesOf(file.prompt)) {
    const range = inBody(start, end);
    if (name === output) {
      const hint = 'Remove it. The answer follows the end of the body.';
      // A computed template may not work without a value.
      const fix = languageOf(file.prompt).values === 'literal' && { fix: { range, instead: [''] } };
      problems.push({ severity: 'error', message: `The body reads "${name}", the column to predict.`, range, hint, ...fix });
    } else if (!columns.includes(name) && Object.hasOwn(file.samples ?? {}, name)) {
      const message = `The data has no column "${name}". Every row gets its sample value, "${textOf(file.samples![name])}".`;
      problems.push({ severity: 'information', message, range });
    } else if (!columns.includes(name)) {
      const inputs = columns.filter((column) => column !== output);
      const message = `The data has no column "${name}" (columns: ${columns.join(', ')}).`;
      // In some languages the line `{{demos}}` has the form of a variable.
      const [demos] = misspeltDemos(file.prompt.body.slice(start, end));
      const hint = demos ? 'Did you mean {{demos}}, where the demonstrations go?' : suggestName(name, inputs);
      const instead = [...(demos ? ['demos'] : []), ...nearestNames(name, inputs)];
      problems.push({ severity: 'error', message, range, hint, fix: { range: inBody(nameStart, nameStart + name.length), instead } });
    }
  }
  const used = columnsOf(file.prompt);
  for (const column of columns) {
    if (column === output || used.includes(column) || idle.includes(column)) continue;
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
