/** @file The template language of a prompt's body: `${input:column}` variables, the `{{demos}}` line, and the `{{soft}}` line of a soft prompt. */
import { TandemError } from '../errors.ts';
import { softMark } from '../model/softPrompt.ts';
import { suggestName } from './nearest.ts';
import type { Demonstration, Prompt } from './prompt.ts';

/** A `${input:name}` or `${input:name:placeholder}` in a body; offsets into the body. */
export interface Variable {
  readonly name: string;
  readonly placeholder?: string;
  readonly start: number;
  readonly end: number;
}

/** A stretch of the body: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function variablesOf(body: string): Variable[] {
  return [...body.matchAll(variablePattern)].map((match) => ({
    name: match[1].trim(),
    ...(match[2] === undefined ? {} : { placeholder: match[2] }),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The distinct columns that a body reads, in order of first use. */
export function columnsOf(body: string): string[] {
  return [...new Set(variablesOf(body).map((variable) => variable.name))];
}

/** The lines that hold nothing but `{{demos}}`, each with its line ending. Only the first one counts. */
export function demosLines(body: string): Span[] {
  return [...body.matchAll(demosPattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
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
 * variable. Demonstrations repeat the text from here to the end.
 */
export function rowBlockStart(body: string): number {
  const marker = demosLines(body).at(0);
  if (marker) return marker.end;
  const variable = variablesOf(body).at(0);
  return variable ? body.lastIndexOf('\n', variable.start - 1) + 1 : body.length;
}

/**
 * The prompt for one row, up to where the answer follows (see answerText). Values stand in it literally. Line endings of the body
 * become LF and white space at its end is dropped, so that a checkout on another system or an editor that trims scores the same.
 * @throws TandemError reason 'unknown-column' if the body reads a column that `values` lacks
 */
export function render(prompt: Prompt, values: Readonly<Record<string, string>>): string {
  const { head, block, rowBlock, demonstrations } = compile(prompt);
  return fill(head, values) + (demonstrations === '' ? fill(block, values) : `${demonstrations}\n\n${fill(rowBlock, values)}`);
}

/** The prompt with nothing in the place of its variables: what every row pays for. */
export function renderWithoutValues(prompt: Prompt): string {
  return render(prompt, Object.fromEntries(columnsOf(prompt.body).map((name) => [name, ''])));
}

/**
 * One demonstration: the row block filled in, and the answer.
 * @throws TandemError reason 'unknown-column'
 */
export function renderDemonstration(prompt: Prompt, demonstration: Demonstration): string {
  const filled = fill(compile({ body: prompt.body, demonstrations: [] }).rowBlock, demonstration.inputs);
  return filled + answerText(filled, demonstration.output);
}

/** The answer as it follows the prompt: after one space, or none if the prompt ends in white space (or is empty). */
export function answerText(prompt: string, answer: string): string {
  return prompt === '' || /\s$/.test(prompt) ? answer : ` ${answer}`;
}

const variablePattern = /\$\{input:([^:}\r\n]+)(?::([^}\r\n]*))?\}/g;
const softPattern = /(?<=^|\n)[ \t]*\{\{[ \t]*soft[ \t]*\}\}[ \t]*(?=\r?\n|$)/;
const demosPattern = /(?<=^|\n)[ \t]*\{\{[ \t]*demos[ \t]*\}\}[ \t]*(?:\r?\n|$)/g;

/** Literal text at even places, column names at odd ones. */
type Pieces = readonly string[];

interface Compiled {
  readonly head: Pieces;
  /** The row block as it stands. */
  readonly block: Pieces;
  /** The same without blank lines before it: demonstrations bring their own distance. */
  readonly rowBlock: Pieces;
  readonly demonstrations: string;
}

const compiled = new WeakMap<Prompt, Compiled>();

function compile(prompt: Prompt): Compiled {
  const known = compiled.get(prompt);
  if (known) return known;
  const body = prompt.body.replaceAll('\r\n', '\n').trimEnd();
  const start = rowBlockStart(body);
  const block = body.slice(start);
  const soft = softLine(body);
  const plainHead = body.slice(0, demosLines(body).at(0)?.start ?? start);
  const head = soft ? plainHead.slice(0, soft.start) + softMark + plainHead.slice(soft.end) : plainHead;
  const result: Compiled = {
    head: pieces(block === '' && prompt.demonstrations.length === 0 ? head.trimEnd() : head),
    block: pieces(block),
    rowBlock: pieces(block.replace(/^(?:[ \t]*\n)+/, '')),
    demonstrations: prompt.demonstrations.map((demonstration) => renderDemonstration(prompt, demonstration)).join('\n\n'),
  };
  compiled.set(prompt, result);
  return result;
}

function pieces(text: string): Pieces {
  const result: string[] = [];
  let from = 0;
  for (const { name, start, end } of variablesOf(text)) {
    result.push(text.slice(from, start), name);
    from = end;
  }
  return [...result, text.slice(from)];
}

function fill(template: Pieces, values: Readonly<Record<string, string>>): string {
  return template.map((piece, place) => (place % 2 === 0 ? piece : valueOf(piece, values))).join('');
}

function valueOf(column: string, values: Readonly<Record<string, string>>): string {
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
