/** @file Programs of several prompt files: `tandem.program.yaml`. */
import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import { TandemError } from '../../errors.ts';
import { setEntry } from '../editYaml.ts';
import { butFound, readYaml, resolved, scalarText } from '../frontMatter.ts';
import { nearestNames, suggestName } from '../nearest.ts';
import type { ProgramFile, ProgramStep } from '../programFile.ts';
import type { Problem } from '../promptFile.ts';
import { rangesOf, type TextRange } from '../textRange.ts';
import { yamlProblems } from '../yamlProblems.ts';
import { withoutEnding, type PointerChanges, type ProgramKind, type ProgramText } from './promptKind.ts';

export const program: ProgramKind = {
  holds: 'steps',
  endings: ['.program.yaml', '.program.yml'],
  shortName: (name) => withoutEnding(name, ['.yaml', '.yml']),
  resultsName: (name) => withoutEnding(name, ['.yaml', '.yml']),
  read,
  write,
};

const currentVersion = 1;
const settings = ['data', 'metric', 'model', 'adapter'] as const;
const keys = ['version', 'description', ...settings, 'steps'];
const stepKeys = ['prompt', 'output'];

function read(path: string, text: string): ProgramFile {
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

  /** The entries of a map by their keys. Unknown ones are reported. */
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
    const text = scalarText(entry.value) || undefined;
    if (text === undefined) error(place(entry.value ?? entry.key), `\`${name}\` should be a string${butFound(entry.value, 'a string')}.`);
    return text;
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
    const given = textOf(entry, name);
    if (given === undefined) continue;
    named[name] = given;
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

/**
 * The file's text with another adapter, or model. Null removes it.
 * @throws TandemError reason 'cannot-rewrite' if the file is written in a way that cannot be edited in place
 */
function write({ path, text }: ProgramText, changes: PointerChanges): string {
  const before = read(path, text);
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
  const written = read(path, result);
  const asAsked = (['model', 'adapter'] as const).every(
    (name) => written[name] === (changes[name] === undefined ? before[name] : (changes[name] ?? undefined)),
  );
  if (asAsked && written.steps.length === before.steps.length && written.problems.length <= before.problems.length) return result;
  throw new TandemError('cannot-rewrite', 'The program file is written in a way that Tandem cannot edit in place.', {
    where: { file: path, line: 1 },
    hint: 'Write it in plain block style: one `key: value` per line, without anchors.',
  });
}

const exampleHint = 'Write: steps: [{prompt: summary.prompt.md, output: summary}, {prompt: intent.prompt.md, output: intent}]';
