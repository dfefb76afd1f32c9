/**
 * @file The template language of a prompt's body: variables (`${input:column}`, in Jinja `{{column}}`), the `{{demos}}` line, and the
 * `{{soft}}` line of a soft prompt.
 */
import { TandemError, type Place } from '../errors.ts';
import { softMark } from '../model/softPrompt.ts';
import { assigned, assignmentsOf, freeNames } from './jinja.ts';
import { depthOf, tagsOf, type Tag } from './jinjaTags.ts';
import { runPart } from './jinjaFault.ts';
import { suggestName } from './nearest.ts';
import { spoken } from './labelWords.ts';
import type { Demonstration, Prompt } from './prompt.ts';
import { roleLines, sectionsOf, type Role, type Section } from './sections.ts';
import { mapWithinTime } from '../timeLimit.ts';
import { textOf, type Value, type Values } from './values.ts';

/** A body and how it is written; a text alone is in the language of `.prompt.md`. */
export type Template = string | Pick<Prompt, 'body' | 'syntax'>;

/** A `${input:name}` or `${input:name:placeholder}` in a body, or a Jinja tag that reads a column; offsets into the body. */
export interface Variable {
  readonly name: string;
  readonly placeholder?: string;
  readonly start: number;
  readonly end: number;
  /** Where the name itself stands. */
  readonly nameStart: number;
}

/** A stretch of the body: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function variablesOf(template: Template): Variable[] {
  const { body, syntax } = parts(template);
  if (syntax === 'jinja') return freeNames(body).filter(({ name }) => name !== 'demos');
  return inputsOf(body);
}

/** In one pass: a pattern would look from every `${input:` to the end of its line. */
function inputsOf(body: string): Variable[] {
  const found: Variable[] = [];
  const ends = /[}\r\n]/g;
  for (let start = body.indexOf(opener); start >= 0; start = body.indexOf(opener, ends.lastIndex)) {
    const nameFrom = (ends.lastIndex = start + opener.length);
    const close = ends.exec(body);
    if (!close) break;
    if (close[0] !== '}') continue;
    const inner = body.slice(nameFrom, close.index);
    const colon = inner.indexOf(':');
    const written = colon < 0 ? inner : inner.slice(0, colon);
    const name = written.trim();
    if (written === '') continue;
    const nameStart = nameFrom + written.indexOf(name);
    found.push({ name, ...(colon >= 0 && { placeholder: inner.slice(colon + 1) }), start, end: close.index + 1, nameStart });
  }
  return found;
}

/** What reads a column, as the language writes it. */
export const variableText = (syntax: Prompt['syntax'], column: string): string =>
  syntax === 'jinja' ? `{{${column}}}` : `\${input:${column}}`;

/** The distinct columns that a body reads, in order of first use. */
export function columnsOf(template: Template): string[] {
  return [...new Set(variablesOf(template).map((variable) => variable.name))];
}

/** The lines that hold nothing but `{{demos}}`, each with its line ending. Only the first one counts. */
export function demosLines(template: Template): Span[] {
  const { body } = parts(template);
  return [...body.matchAll(demosPattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

/** Stretches that are not the author's wording: variables, tags and lines that name a role. No edit may touch them. */
export function fixedSpans(template: Template): Span[] {
  const { body, syntax } = parts(template);
  return syntax === 'jinja' ? [...tagsOf(body), ...roleLines(body)] : variablesOf(body);
}

/**
 * The line before the row block that holds nothing but `{{soft}}`, without its line ending: an adapter's soft prompt stands there in the
 * place of an instruction. Only the first one counts.
 */
export function softLine(body: string): Span | undefined {
  const match = softPattern.exec(body.slice(0, demosLines(body).at(0)?.start ?? rowBlockStart(body)));
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

/**
 * Where the row block starts, as an offset into the body: after the `{{demos}}` line, or else at the first line with a
 * variable. Demonstrations repeat the text from here to the end (in Jinja, to the end of the section).
 */
export function rowBlockStart(template: Template): number {
  const { body, syntax } = parts(template);
  const marker = demosLines(body).at(0);
  if (marker) return marker.end;
  if (syntax === 'jinja') return jinjaBlockStart(body, rowSection(body));
  const variable = variablesOf(body).at(0);
  return variable ? body.lastIndexOf('\n', variable.start - 1) + 1 : body.length;
}

/** The columns that demonstrations need: those that the row block reads. */
export function rowBlockColumns(template: Template): string[] {
  const { body, syntax } = parts(template);
  const start = rowBlockStart(template);
  const end = syntax === 'jinja' ? rowSection(body).end : body.length;
  return [
    ...new Set(variablesOf(template).flatMap((variable) => (variable.start >= start && variable.start < end ? [variable.name] : []))),
  ];
}

/** The author's instruction: what stands before the row block and the `{{demos}}` line; with roles, the first section, if the row has one of its own. */
export function instructionSpan(template: Template): Span {
  const { body, syntax } = parts(template);
  const block = demosLines(body).at(0)?.start ?? rowBlockStart(template);
  if (syntax !== 'jinja') return { start: 0, end: block };
  const [first] = sectionsOf(body);
  const section = rowSection(body);
  if (section.start !== first.start) return { start: first.start, end: first.end };
  return { start: section.start, end: Math.max(section.start, block) };
}

/**
 * The prompt for one row, up to where the answer follows (see answerText). Values stand in it literally. Line endings of the body
 * become LF and white space at its end is dropped, so that a checkout on another system or an editor that trims scores the same.
 * Of sections with roles the texts stand one after the other, a blank line apart.
 * @param origin where the body stands, for errors: its file, and the 1-based line of the file that the body starts in
 * @throws TandemError reason 'unknown-column' if the body reads a column that `values` lacks; 'bad-template' with the place of the tag
 */
export function render(prompt: Prompt, values: Values, origin?: Place): string {
  return messagesOf(prompt, values, origin)
    .map(({ content }) => content)
    .join('\n\n');
}

/** The prompt for one row as the turns of a chat; without roles all is the user's. @throws as `render` */
export function messagesOf(prompt: Prompt, values: Values, origin?: Place): Message[] {
  const { sections, demonstrations } = compile(prompt, origin);
  const fill = ({ role, head, block, rowBlock }: CompiledSection): Message => {
    if (!block) return { role, content: head(values, origin).trimEnd() };
    const rest = demonstrations === '' ? block(values, origin) : `${demonstrations}\n\n${rowBlock(values, origin)}`;
    return { role, content: head(values, origin) + rest };
  };
  const filled = sections.length > 1 ? mapWithinTime(sections, fill) : sections.map(fill);
  const full = filled.filter(({ content }) => content !== '');
  return full.length > 0 ? full : [{ role: 'user', content: '' }];
}

/**
 * One demonstration: the row block filled in, and the answer.
 * @throws TandemError reason 'unknown-column'
 */
export function renderDemonstration(prompt: Prompt, demonstration: Demonstration, origin?: Place): string {
  const { body, syntax } = prompt;
  const { sections } = compile({ body, demonstrations: [], ...(syntax && { syntax }) });
  return demonstrationText(sections, spoken(prompt, demonstration), origin);
}

function demonstrationText(sections: readonly CompiledSection[], { inputs, output }: Demonstration, origin?: Place): string {
  const filled = sections.find(({ block }) => block)!.rowBlock(inputs, origin);
  return filled + answerText(filled, output);
}

/** The answer as it follows the prompt: after one space, or none if the prompt ends in white space (or is empty). */
export function answerText(prompt: string, answer: string): string {
  return prompt === '' || /\s$/.test(prompt) ? answer : ` ${answer}`;
}

const opener = '${input:';
const softPattern = /(?<=^|\n)[ \t]*\{\{[ \t]*soft[ \t]*\}\}[ \t]*(?=\r?\n|$)/;
const demosPattern = /(?<=^|\n)[ \t]*\{\{[ \t]*demos[ \t]*\}\}[ \t]*(?:\r?\n|$)/g;

interface Message {
  readonly role: Role;
  readonly content: string;
}

type Fill = (values: Values, origin?: Place) => string;

interface CompiledSection {
  readonly role: Role;
  /** What stands before the row block; all of it in a section without one. */
  readonly head: Fill;
  /** The row block as it stands; in one section only. */
  readonly block?: Fill;
  /** The same without blank lines before it: demonstrations bring their own distance. */
  readonly rowBlock: Fill;
}

interface Compiled {
  readonly sections: readonly CompiledSection[];
  readonly demonstrations: string;
}

const compiled = new WeakMap<Prompt, Compiled>();

function compile(prompt: Prompt, origin?: Place): Compiled {
  const known = compiled.get(prompt);
  if (known) return known;
  const { syntax } = prompt;
  const body = prompt.body.replaceAll('\r\n', '\n').trimEnd();
  const whole: Section = { role: 'user', marker: { start: 0, end: 0 }, start: 0, end: body.length };
  const row = syntax === 'jinja' ? rowSection(body) : whole;
  const blockStart = rowBlockStart({ body, ...(syntax && { syntax }) });
  const soft = syntax === 'jinja' ? undefined : softLine(body);
  const headEnd = demosLines(body).at(0)?.start ?? blockStart;
  const assignments = syntax === 'jinja' ? assignmentsOf(body) : [];
  const compiledSection = ({ role, start, end }: Section): CompiledSection => {
    // Between sections white space is no one's wording.
    const fillFrom = (from: number) => (text: string) =>
      syntax === 'jinja' ? jinjaFill(text, body, from, assignments) : markdownFill(text);
    const [fill, fillBlock] = [fillFrom(start), fillFrom(blockStart)];
    const trimmed = (text: string): string => (syntax === 'jinja' ? text.replace(/^(?:[ \t]*\n)+/, '') : text);
    if (start !== row.start) return { role, head: fill(trimmed(body.slice(start, end)).trimEnd()), rowBlock: () => '' };
    const untrimmed = body.slice(blockStart, end);
    const block = syntax === 'jinja' ? untrimmed.trimEnd() : untrimmed;
    const plainHead = trimmed(body.slice(start, headEnd));
    const head = soft ? plainHead.slice(0, soft.start) + softMark + plainHead.slice(soft.end) : plainHead;
    return {
      role,
      head: fill(block === '' && prompt.demonstrations.length === 0 ? head.trimEnd() : head),
      block: fillBlock(head === '' ? trimmed(block) : block),
      rowBlock: fillBlock(block.replace(/^(?:[ \t]*\n)+/, '')),
    };
  };
  const sections = (syntax === 'jinja' ? sectionsOf(body) : [whole]).map(compiledSection);
  const demonstrations = prompt.demonstrations.map((each) => demonstrationText(sections, spoken(prompt, each), origin)).join('\n\n');
  const result: Compiled = { sections, demonstrations };
  compiled.set(prompt, result);
  return result;
}

/** Where the row stands: the section of the `{{demos}}` line, or else the last one that reads a column, or else the last. */
function rowSection(body: string): Section {
  const sections = sectionsOf(body);
  const marker = demosLines(body).at(0);
  const holds = (at: number) => (section: Section) => section.start <= at && at < section.end;
  if (marker) return sections.find(holds(marker.start)) ?? sections[sections.length - 1];
  const last = variablesOf({ body, syntax: 'jinja' }).findLast(({ start }) => sections.some(holds(start)));
  return (last && sections.find(holds(last.start))) ?? sections[sections.length - 1];
}

/** The line of the section's first variable, or of the block of Jinja that it stands in. */
function jinjaBlockStart(body: string, { start, end }: Section): number {
  const first = variablesOf({ body, syntax: 'jinja' }).find((variable) => variable.start >= start && variable.start < end);
  if (!first) return end;
  let at = first.start;
  let depth = 0;
  for (const tag of tagsOf(body)) {
    if (tag.start < start) continue;
    if (tag.start >= first.start) break;
    if (depth === 0 && depthOf(tag) === 1) at = tag.start;
    depth += depthOf(tag);
    if (depth === 0) at = first.start;
  }
  return Math.max(start, body.lastIndexOf('\n', at - 1) + 1);
}

/**
 * @param from what stands before it in the body comes along as far as it assigns names; the text starts there or after blank lines
 * @param all assignments of the body
 */
function jinjaFill(text: string, body: string, from: number, all: readonly Tag[]): Fill {
  const assignments = text === '' ? [] : all.filter(({ end }) => end <= from);
  const part = {
    ...{ text, body, before: assigned(assignments), start: body.indexOf(text, from) },
    beforeStarts: assignments.map(({ start }) => start),
  };
  const columns = columnsOf({ body: part.before + text, syntax: 'jinja' });
  return (values, origin) => {
    for (const column of columns) valueOf(column, values);
    return runPart(part, values, origin);
  };
}

function markdownFill(text: string): Fill {
  const pieces: string[] = [];
  let from = 0;
  for (const { name, start, end } of variablesOf(text)) {
    pieces.push(text.slice(from, start), name);
    from = end;
  }
  pieces.push(text.slice(from));
  // Literal text at even places, column names at odd ones.
  return (values) => pieces.map((piece, place) => (place % 2 === 0 ? piece : textOf(valueOf(piece, values)))).join('');
}

const parts = (template: Template): Pick<Prompt, 'body' | 'syntax'> => (typeof template === 'string' ? { body: template } : template);

function valueOf(column: string, values: Values): Value {
  if (Object.hasOwn(values, column)) return values[column];
  const columns = Object.keys(values);
  throw new TandemError(
    'unknown-column',
    `The prompt reads the column "${column}", which the data lacks (columns: ${columns.join(', ') || 'none'}).`,
    {
      hint: suggestName(column, columns),
    },
  );
}
