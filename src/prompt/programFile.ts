/** @file A program file (`tandem.program.yaml`) as it is on disk: which prompt files answer one after the other, and what is wrong with it. */
import { dirname, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import { butFound, readYaml, resolved, scalarText } from './frontMatter.ts';
import { nearestNames, suggestName } from './nearest.ts';
import { promptEndings, type Problem } from './promptFile.ts';
import { rangesOf, type TextRange } from './textRange.ts';
import { yamlProblems } from './yamlProblems.ts';

export interface ProgramStep {
  /** As written: relative to the program file. */
  readonly prompt: string;
  /** What the answer is called: a column for later steps; of the last step the column of the data to predict. */
  readonly output: string;
  readonly promptRange: TextRange;
  readonly outputRange: TextRange;
}

export interface ProgramFile {
  readonly path: string;
  /** The whole file, BOM included. */
  readonly text: string;
  readonly description?: string;
  readonly steps: readonly ProgramStep[];
  /** Where absent, what the last step's prompt file says. Paths as written, relative to this file. */
  readonly data?: string;
  readonly metric?: string;
  readonly model?: string;
  /** One adapter for all steps, or a folder with one for each. Written when a tuned adapter is accepted. */
  readonly adapter?: string;
  readonly problems: readonly Problem[];
  /** Where the settings stand in `text`, by name. */
  readonly ranges: Readonly<Record<string, TextRange>>;
}

/** Whether a file is called like a program. */
export const isProgramPath = (path: string): boolean => /\.program\.ya?ml$/i.test(path);

/** Absolute paths of the prompt files, first to last. */
export const stepPaths = ({ path, steps }: ProgramFile): string[] => steps.map(({ prompt }) => resolve(dirname(path), prompt));

const currentVersion = 1;
const settings = ['data', 'metric', 'model', 'adapter'] as const;
const keys = ['version', 'description', ...settings, 'steps'];
const stepKeys = ['prompt', 'output'];

/** Reads the text of a program file. Never throws: defects are in `problems`. */
export function parseProgramFile(path: string, text: string): ProgramFile {
  const rangeOf = rangesOf(text);
  const problems: Problem[] = [];
  const ranges: Record<string, TextRange> = {};
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  const document = readYaml(text.slice(bom));
  const place = (node: Node | null | undefined): TextRange => rangeOf(bom + (node?.range?.[0] ?? 0), bom + (node?.range?.[1] ?? 0));
  const error = (range: TextRange, message: string, hint?: string, instead?: readonly string[]): void =>
    void problems.push({
      severity: 'error',
      message,
      range,
      ...(hint !== undefined && { hint }),
      ...(instead && { fix: { range, instead } }),
    });
  const finish = (rest: Partial<ProgramFile> & Pick<ProgramFile, 'steps'>): ProgramFile => {
    problems.sort((a, b) => a.range.start - b.range.start);
    return { path, text, ...rest, problems, ranges };
  };

  for (const { fix, start, end, ...problem } of yamlProblems(text.slice(bom), document, 'The file')) {
    const instead = fix && { range: rangeOf(bom + fix.start, bom + fix.end), instead: [fix.instead] };
    problems.push({ ...problem, range: rangeOf(bom + start, bom + end), ...(instead && { fix: instead }) });
  }
  const root = document.contents;
  if (!isMap(root)) {
    if (document.errors.length === 0) error(rangeOf(bom, text.length), 'A program should be a map with `steps`.', exampleHint);
    return finish({ steps: [] });
  }

  /** The entries of a map by their keys; unknown ones are reported. */
  const entriesOf = (map: Node, known: readonly string[]): Map<string, { key: Node; value: Node | null }> => {
    const found = new Map<string, { key: Node; value: Node | null }>();
    if (!isMap(map)) return found;
    for (const pair of map.items) {
      const key = scalarText(pair.key) ?? String(pair.key);
      const value = resolved(pair.value, document);
      if (!known.includes(key))
        error(place(pair.key as Node), `\`${key}\` is not a key of a program.`, suggestName(key, known), nearestNames(key, known));
      else if (value || !isAlias(pair.value)) found.set(key, { key: pair.key as Node, value });
    }
    return found;
  };
  const textOf = (entry: { key: Node; value: Node | null } | undefined, name: string): string | undefined => {
    if (!entry) return undefined;
    const read = scalarText(entry.value) || undefined;
    if (read === undefined) error(place(entry.value ?? entry.key), `\`${name}\` should be a string${butFound(entry.value, 'a string')}.`);
    return read;
  };

  const top = entriesOf(root, keys);
  const version = top.get('version')?.value;
  if (version && !(isScalar(version) && version.value === currentVersion)) {
    const newer = isScalar(version) && typeof version.value === 'number' && version.value > currentVersion;
    error(
      place(version),
      newer
        ? `This file was written for a newer Tandem (version ${String(version.value)}; this one supports ${currentVersion}).`
        : `\`version\` should be 1${butFound(version, '1')}.`,
      newer ? 'Update Tandem.' : undefined,
    );
  }
  const named: Partial<Record<(typeof settings)[number] | 'description', string>> = {};
  for (const name of ['description', ...settings] as const) {
    const entry = top.get(name);
    const read = textOf(entry, name);
    if (read === undefined) continue;
    named[name] = read;
    ranges[name] = place(entry!.value);
  }

  const list = top.get('steps');
  if (!list) error(rangeOf(bom, bom), '`steps` is missing.', exampleHint);
  else if (!isSeq(list.value) || list.value.items.length === 0)
    error(place(list.value ?? list.key), '`steps` should be a list with at least one step.', exampleHint);
  const steps: ProgramStep[] = [];
  const items = list && isSeq(list.value) ? list.value.items : [];
  for (const [index, item] of items.entries()) {
    const step = resolved(item, document);
    if (!isMap(step)) {
      error(place(step), `Step ${index + 1} should be a map with prompt and output.`, exampleHint);
      continue;
    }
    const entries = entriesOf(step, stepKeys);
    for (const key of stepKeys) if (!entries.has(key)) error(place(step), `Step ${index + 1} lacks \`${key}\`.`, exampleHint);
    const prompt = textOf(entries.get('prompt'), 'prompt');
    const output = textOf(entries.get('output'), 'output');
    if (prompt === undefined || output === undefined) continue;
    const promptRange = place(entries.get('prompt')!.value);
    const outputRange = place(entries.get('output')!.value);
    if (!promptEndings.some((ending) => prompt.endsWith(ending)))
      error(promptRange, `"${prompt}" is not a prompt file.`, `The name should end in ${promptEndings.join(' or ')}.`);
    if (/[:}\r\n]/.test(output) || output === 'demos')
      error(
        outputRange,
        `"${output}" cannot be the name of an answer.`,
        'Use a name without a colon or closing brace, other than "demos".',
      );
    const same = steps.find((other) => other.output === output);
    if (same) error(outputRange, `The answer of an earlier step is also called "${output}".`, 'Give each step a name of its own.');
    steps.push({ prompt, output, promptRange, outputRange });
  }
  return finish({ ...named, steps });
}

const exampleHint = 'Write: steps: [{prompt: summary.prompt.md, output: summary}, {prompt: intent.prompt.md, output: intent}]';
