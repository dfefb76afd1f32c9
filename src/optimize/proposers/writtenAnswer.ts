/** @file Parses the answer of a writer: a new instruction or edits of lines, and whether the prompt is still valid with it. */
import { bodyProblems } from '../../prompt/bodyProblems.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { columnsOf, demosLines, roleLinesOf, rowBlockStart, softLine, variablesOf } from '../../prompt/template.ts';
import { instructionParts } from './edit.ts';
import { longestInstruction, mostEdits, numberedLines } from './writtenRequest.ts';

/** A prompt, or what is wrong with the answer, as a sentence for the writer. */
export type ReadAnswer = { readonly prompt: Prompt; readonly why: string } | { readonly problem: string };

export function readAnswer(prompt: Prompt, answer: string): ReadAnswer {
  const said = withoutThoughts(answer);
  const wholes = blocks(said, 'instruction');
  const edits = blocks(said, 'edits');
  if (wholes.length + edits.length === 0) {
    return { problem: 'It has no <instruction> that ends with </instruction>, and no <edits> that end with </edits>.' };
  }
  if (wholes.length + edits.length > 1) return { problem: 'It has more than one <instruction> or <edits>.' };
  const lines = edits.length > 0 ? edited(numberedLines(prompt), edits[0]) : unnumbered(wholes[0]);
  if ('problem' in lines) return lines;
  const next = withText(prompt, lines.text);
  const problem = problemWith(prompt, next, lines.text);
  return problem === undefined ? { prompt: next, why: whyOf(said) } : { problem };
}

/** Some models write their thoughts before the answer. */
export const withoutThoughts = (answer: string): string => answer.split('</think>').at(-1)!;

/** The prompt with another instruction, keeping the white space around it. */
function withText(prompt: Prompt, text: string): Prompt {
  const { before, text: old, rest } = instructionParts(prompt);
  const newline = /\r?\n/.exec(prompt.body)?.[0] ?? '\n';
  const lead = /^\s*/.exec(old)![0];
  const trail = old.trim() === '' ? newline + newline : /\s*$/.exec(old)![0];
  return { ...prompt, body: before + (old.trim() === '' ? '' : lead) + text.replaceAll('\n', newline) + trail + rest };
}

type Lines = { readonly text: string } | { readonly problem: string };

/** Removes the line numbers that were shown, which are not part of the instruction. */
function unnumbered(text: string): Lines {
  const lines = text.replaceAll('\r\n', '\n').trim().split('\n');
  const isNumbered = lines.length > 1 && lines.every((line, place) => line.startsWith(`${place + 1}: `));
  return { text: (isNumbered ? lines.map((line) => line.replace(/^\d+: /, '')) : lines).join('\n') };
}

/** One edit, with the line that it applies to. */
interface LineEdit {
  readonly line: number;
  readonly kind: 'replace' | 'delete' | 'after';
  readonly text: string;
}

function edited(lines: readonly string[], json: string): Lines {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    return { problem: 'What stands between <edits> and </edits> is not JSON.' };
  }
  if (!Array.isArray(given) || given.length === 0) return { problem: 'The edits have to be a list in JSON with at least one edit.' };
  if (given.length > mostEdits) return { problem: `There are ${given.length} edits; at most ${mostEdits} are allowed.` };
  const edits: LineEdit[] = [];
  for (const each of given as readonly unknown[]) {
    const edit = lineEdit(each);
    if (!edit) return { problem: `${JSON.stringify(each).slice(0, 100)} is not an edit in one of the three forms.` };
    const first = edit.kind === 'after' ? 0 : 1;
    if (edit.line < first || edit.line > lines.length) {
      return { problem: `There is no line ${edit.line}; the instruction has ${lines.length} lines.` };
    }
    if (edit.kind !== 'after' && edits.some(({ line, kind }) => line === edit.line && kind !== 'after')) {
      return { problem: `Line ${edit.line} has two edits.` };
    }
    edits.push(edit);
  }
  const added = (line: number): string[] => edits.flatMap((each) => (each.kind === 'after' && each.line === line ? [each.text] : []));
  const own = (line: number): readonly string[] => {
    const edit = edits.find((each) => each.line === line && each.kind !== 'after');
    if (!edit) return [lines[line - 1]];
    return edit.kind === 'delete' ? [] : [edit.text];
  };
  const next = [...added(0), ...lines.flatMap((_, place) => [...own(place + 1), ...added(place + 1)])];
  return { text: next.join('\n').trim() };
}

function lineEdit(value: unknown): LineEdit | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  for (const { kind, text } of forms) {
    const names = text === undefined ? [kind] : [kind, text];
    if (Object.keys(given).sort().join() !== [...names].sort().join()) continue;
    const line = given[kind];
    const said = text === undefined ? '' : given[text];
    if (!Number.isSafeInteger(line) || typeof said !== 'string') return undefined;
    return { line: line as number, kind, text: said.replaceAll('\r\n', '\n').trim() };
  }
  return undefined;
}

/** The names of the fields for the line's number and for the text. */
const forms = [
  { kind: 'replace', text: 'with' },
  { kind: 'delete', text: undefined },
  { kind: 'after', text: 'add' },
] as const;

/** Why a prompt cannot replace the old one. */
function problemWith(old: Prompt, next: Prompt, text: string): string | undefined {
  if (text === '') return 'The new instruction is empty.';
  const most = longestInstruction(instructionParts(old).text);
  if (text.length > most) return `The new instruction has ${text.length} characters; at most ${most} are allowed.`;
  if (next.body === old.body) return 'The new instruction is the old one.';
  const [before, after] = [columnsOf(old), columnsOf(next)];
  const lost = before.filter((name) => !after.includes(name));
  if (lost.length > 0) return `The variable of ${lost.join(', ')} is lost.`;
  const added = after.filter((name) => !before.includes(name));
  if (added.length > 0) return `There is no column ${added.join(', ')}.`;
  if (demosLines(next).length !== demosLines(old).length) return 'The line {{demos}} stands outside the instruction; leave it out.';
  if (variablesOf(next).length !== variablesOf(old).length) return 'Each variable has to stand as often as before.';
  if (isMoved(old, next)) return 'The variables have to stay in their lines, after the instruction.';
  if (roleLinesOf(next).length !== roleLinesOf(old).length) {
    return 'A line such as "user:" would begin a new section; word it differently.';
  }
  if (softLine(next)) return 'The line {{soft}} has another meaning; leave it out.';
  const broken = bodyProblems(next).find(({ severity }) => severity === 'error');
  if (broken) return broken.message;
  return /\$\{|\{\{|\{%|<\|/.test(foreignText(old, text)) ? 'It has marks of a template language in it; write plain text.' : undefined;
}

/** Whether the part that is repeated for each row starts at another place than before. */
const isMoved = (old: Prompt, next: Prompt): boolean => old.body.slice(rowBlockStart(old)) !== next.body.slice(rowBlockStart(next));

/** The new text without the variables and tags of the old one. */
function foreignText(old: Prompt, text: string): string {
  const known = instructionParts(old).text.match(/\$\{input:[^}\r\n]*\}|\{\{.*?\}\}|\{%.*?%\}/g) ?? [];
  return known.reduce((rest, mark) => rest.replaceAll(mark, ''), text);
}

/** What the writer changed, in one line. '' if it does not say. */
function whyOf(answer: string): string {
  const [why = ''] = blocks(answer, 'why');
  const line = why.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  return line.length > longestWhy ? `${line.slice(0, longestWhy - 1)}…` : line;
}

const longestWhy = 160;

const blocks = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`<${name}>((?:(?!<${name}>).)*?)</${name}>`, 'gs'))].map(([, inner]) => inner);
