/** @file A prompt's body as a template, in any language: the columns that it reads, its row block and its instruction, and the text for a row. */
import type { Place } from '../errors.ts';
import { softMark } from '../model/softPrompt.ts';
import { spoken } from './labelWords.ts';
import { languageOf } from './languages/table.ts';
import type { Fill, Role, RoleLine, Section, Span, Variable } from './languages/templateLanguage.ts';
import type { Demonstration, Prompt } from './prompt.ts';
import { mapWithinTime } from '../timeLimit.ts';
import type { Values } from './values.ts';

/** A body and its language. A plain text is in the language of `.prompt.md`. */
export type Template = string | Pick<Prompt, 'body' | 'syntax'>;

export const bodyOf = (template: Template): string => (typeof template === 'string' ? template : template.body);

export const variablesOf = (template: Template): readonly Variable[] => languageOf(template).variables(bodyOf(template));

/** The distinct columns that a body reads, in order of first use. */
export function columnsOf(template: Template): string[] {
  return [...new Set(variablesOf(template).map((variable) => variable.name))];
}

/** The lines that contain nothing but `{{demos}}`, each with its line ending. Only the first one counts. */
export function demosLines(template: Template): Span[] {
  return [...bodyOf(template).matchAll(demosPattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

/** The lines that name a role. Empty if the language has no roles. */
export const roleLinesOf = (template: Template): readonly RoleLine[] => languageOf(template).roles?.lines(bodyOf(template)) ?? [];

/** Whether the language has lines that name a role. */
export const mayHaveRoles = (template: Template): boolean => languageOf(template).roles !== undefined;

/** The sections, first to last. Without roles the body is one user section. */
export function sectionsOf(template: Template): readonly Section[] {
  const body = bodyOf(template);
  const whole: Section = { role: 'user', marker: { start: 0, end: 0 }, start: 0, end: body.length };
  return languageOf(template).roles?.sections(body) ?? [whole];
}

/** Ranges that are not the author's wording: variables, tags and lines that name a role. No edit may touch them. */
export const fixedSpans = (template: Template): readonly Span[] => [
  ...languageOf(template).tags(bodyOf(template)),
  ...roleLinesOf(template),
];

/**
 * The line before the row block that is the place of an adapter's soft prompt, without its line ending. Only the first one counts, and some
 * languages have none.
 */
export function softLine(template: Template): Span | undefined {
  const body = bodyOf(template);
  const match = languageOf(template).softLine?.pattern.exec(body.slice(0, blockStart(template)));
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

/**
 * Where the row block starts, as an offset into the body: after the `{{demos}}` line, or without one at the first line with a
 * variable. Demonstrations repeat the text from here to the end of the section.
 */
export function rowBlockStart(template: Template): number {
  const body = bodyOf(template);
  const marker = demosLines(body).at(0);
  if (marker) return marker.end;
  const { start, end } = rowSection(template);
  const first = variablesOf(template).find((variable) => variable.start >= start && variable.start < end);
  if (!first) return end;
  const at = languageOf(template).blockAround?.(body, first, start) ?? first.start;
  return Math.max(start, body.lastIndexOf('\n', at - 1) + 1);
}

/** The columns that demonstrations need, i.e. those that the row block reads. */
export function rowBlockColumns(template: Template): string[] {
  const start = rowBlockStart(template);
  const { end } = rowSection(template);
  return [
    ...new Set(variablesOf(template).flatMap((variable) => (variable.start >= start && variable.start < end ? [variable.name] : []))),
  ];
}

/**
 * The author's instruction: the text before the row block and the `{{demos}}` line. With roles, the first section, if the row is in another one.
 * In a frame, the author's text.
 */
export function instructionSpan(template: Template): Span {
  const framed = languageOf(template).framed?.text(bodyOf(template));
  if (framed) return framed;
  const [first] = sectionsOf(template);
  const section = rowSection(template);
  if (section.start !== first.start) return { start: first.start, end: first.end };
  return { start: section.start, end: Math.max(section.start, blockStart(template)) };
}

/**
 * The prompt for one row, up to where the answer follows (see answerText). Values are inserted literally. Line endings of the body
 * become LF and white space at its end is dropped, so that a checkout on another system or an editor that trims scores the same.
 * The texts of sections with roles follow one another, a blank line apart.
 * @param origin where the body is, for errors: its file, and the 1-based line of the file at which the body starts
 * @throws TandemError reason 'unknown-column' if the body reads a column that `values` lacks; 'bad-template' with the place of the tag
 */
export function render(prompt: Prompt, values: Values, origin?: Place): string {
  return messagesOf(prompt, values, origin)
    .map(({ content }) => content)
    .join('\n\n');
}

/** The prompt for one row as the turns of a chat. Without roles everything is the user's turn. @throws as `render` */
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

/** The answer as it follows the prompt: after one space, or without one if the prompt ends in white space (or is empty). */
export function answerText(prompt: string, answer: string): string {
  return prompt === '' || /\s$/.test(prompt) ? answer : ` ${answer}`;
}

const demosPattern = /(?<=^|\n)[ \t]*\{\{[ \t]*demos[ \t]*\}\}[ \t]*(?:\r?\n|$)/g;

interface Message {
  readonly role: Role;
  readonly content: string;
}

interface CompiledSection {
  readonly role: Role;
  /** The text before the row block. In a section without one, the whole text. */
  readonly head: Fill;
  /** The row block, unchanged. In one section only. */
  readonly block?: Fill;
  /** The same without blank lines before it, because demonstrations add their own distance. */
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
  const body = prompt.body.replaceAll('\r\n', '\n').trimEnd();
  const template: Template = { ...(prompt.syntax && { syntax: prompt.syntax }), body };
  const row = rowSection(template);
  const [headEnd, rowStart] = [blockStart(template), rowBlockStart(template)];
  const language = languageOf(template);
  const filler = language.filler(body);
  const withSoftMark = (head: string): string => (language.softLine ? head.replace(language.softLine.pattern, () => softMark) : head);
  // White space between sections is not the author's wording.
  const tidy = mayHaveRoles(template) ? withoutBlankLines : (text: string): string => text;
  const compiledSection = ({ role, start, end }: Section): CompiledSection => {
    if (start !== row.start) return { role, head: filler(tidy(body.slice(start, end)).trimEnd(), start), rowBlock: () => '' };
    const block = body.slice(rowStart, end).trimEnd();
    const head = withSoftMark(tidy(body.slice(start, headEnd)));
    return {
      role,
      head: filler(block === '' && prompt.demonstrations.length === 0 ? head.trimEnd() : head, start),
      block: filler(head === '' ? tidy(block) : block, rowStart),
      rowBlock: filler(withoutBlankLines(block), rowStart),
    };
  };
  const sections = sectionsOf(template).map(compiledSection);
  const demonstrations = prompt.demonstrations.map((each) => demonstrationText(sections, spoken(prompt, each), origin)).join('\n\n');
  const result: Compiled = { sections, demonstrations };
  compiled.set(prompt, result);
  return result;
}

/** The text without blank lines at its beginning. */
const withoutBlankLines = (text: string): string => text.replace(/^(?:[ \t]*\n)+/, '');

/** Where the demonstrations go or, without a line for them, where the row block starts. */
const blockStart = (template: Template): number => demosLines(template).at(0)?.start ?? rowBlockStart(template);

/** The section of the row: that of the `{{demos}}` line, or else the last one that reads a column, or else the last. */
function rowSection(template: Template): Section {
  const sections = sectionsOf(template);
  const marker = demosLines(template).at(0);
  const holds = (at: number) => (section: Section) => section.start <= at && at < section.end;
  const last = sections[sections.length - 1];
  if (marker) return sections.find(holds(marker.start)) ?? last;
  const read = variablesOf(template).findLast(({ start }) => sections.some(holds(start)));
  return (read && sections.find(holds(read.start))) ?? last;
}
