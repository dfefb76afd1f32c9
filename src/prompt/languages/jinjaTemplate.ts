/** @file Jinja in a prompt's body, with `@huggingface/jinja`: what its tags read, what is wrong with them, and running it. */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { TandemError } from '../../errors.ts';
import { jinjaGlobals } from '../../model/jinjaGlobals.ts';
import { blocks, closers, depthOf, endOf, keywordOf, lineEnd, tagsOf, withoutRaw, type Tag } from './jinjaTags.ts';
import { rememberingLast } from '../rememberingLast.ts';
import type { Span, Variable } from './templateLanguage.ts';
import { shownSource, withinTime } from '../../timeLimit.ts';

export interface JinjaProblem extends Span {
  readonly message: string;
  readonly hint?: string;
}

/** The names that tags read and that the template does not bind, in their order. A name bound anywhere counts as bound everywhere. */
export const freeNames = rememberingLast((body: string): readonly Variable[] => {
  const found: Variable[] = [];
  const bound = new Set<string>(globals);
  for (const { tag, tree } of treesOf(body)) {
    const reads = new Set<string>();
    collect(tree, reads, bound);
    const places = reads.size > 0 ? placesIn(tag) : undefined;
    for (const name of reads) found.push({ name, nameStart: places!.get(name) ?? tag.innerStart, start: tag.start, end: tag.end });
  }
  return found.filter(({ name }) => !bound.has(name));
});

/** The tags that can be parsed, each parsed by itself. */
export function treesOf(body: string): { readonly tag: Tag; readonly tree: Tree }[] {
  return tagsOf(body).flatMap((tag) => {
    const tree = tag.closed ? withoutThrowing(() => parsed(alone(tag))) : undefined;
    return tree ? [{ tag, tree: tree as unknown as Tree }] : [];
  });
}

/** The assignments of a template, which produce no text themselves. A part of the template needs those before it. */
export const assignmentsOf = (body: string): Tag[] =>
  tagsOf(body).filter((tag) => tag.closed && keywordOf(tag) === 'set' && tag.inner.includes('='));

/** Assignments as a text before a part. */
export const assigned = (tags: readonly Tag[]): string => tags.map(({ inner }) => `{%${inner}%}`).join('');

/** What makes the body an invalid template, each at the tag that is to blame. */
export function jinjaProblems(body: string): JinjaProblem[] {
  const problems: JinjaProblem[] = [];
  const open: Tag[] = [];
  for (const tag of tagsOf(body)) {
    const problem = (message: string, hint?: string): void =>
      void problems.push({ start: tag.start, end: tag.end, message, ...(hint !== undefined && { hint }) });
    if (!tag.closed) {
      const closer = closers[tag.kind];
      problem(
        `This "${body.slice(tag.start, tag.start + 2)}" is never closed.`,
        `Close it with ${closer}, or write it as text: {% raw %}…{% endraw %}.`,
      );
      continue;
    }
    const keyword = keywordOf(tag);
    if (tag.kind === 'statement' && !statements.has(keyword)) {
      problem(
        `Tandem does not support the statement "${keyword}".`,
        `Supported: ${[...statements].filter((name) => !name.startsWith('end')).join(', ')}.`,
      );
      continue;
    }
    if (keyword === 'set' && !tag.inner.includes('=')) {
      problem('Tandem does not support `set` blocks.', 'Write {% set name = value %}.');
      continue;
    }
    const depth = depthOf(tag);
    if (depth === 1) open.push(tag);
    else if (depth === -1) {
      const last = open.pop();
      if (!last || `end${keywordOf(last)}` !== keyword) {
        if (last) {
          problem(`"${keyword}" does not close the open "${keywordOf(last)}".`, `Close that first, with ${endOf(last)}.`);
          open.push(last);
        } else problem(`"${keyword}" has no block to close.`, 'Remove it, or open the block before it.');
        continue;
      }
    } else if (middles.has(keyword) && open.length === 0) {
      problem(`"${keyword}" is outside an if or for.`, 'Move it into an if or for block.');
      continue;
    }
    const defect = defectOf(alone(tag));
    if (defect !== undefined) problem(`This is not valid Jinja: ${defect}`);
  }
  for (const tag of open)
    problems.push({
      start: tag.start,
      end: tag.end,
      message: `This "${keywordOf(tag)}" is never closed.`,
      hint: `Close it with {% end${keywordOf(tag)} %}.`,
    });
  if (problems.length > 0) return problems.sort((a, b) => a.start - b.start);
  const defect = defectOf(body);
  return defect === undefined ? [] : [{ start: 0, end: lineEnd(body, 0), message: `The body is not a valid Jinja template: ${defect}` }];
}

/**
 * The text of a template with values in place of names. White space is unchanged, as in Jinja without options.
 * @throws TandemError reason 'bad-template' for faults that appear only at run time, such as an unknown filter, named in its cause; 'too-slow'
 */
export function runJinja(source: string, values: Readonly<Record<string, unknown>>): string {
  if (!/\{[{%#]/.test(source)) return source;
  try {
    const plain = withoutRaw(source);
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...jinjaGlobals, ...values, ...plain.texts })) environment.set(name, value);
    // The library drops one newline at the end, but the text must be joined unchanged.
    const run = (): string => String((new Interpreter(environment).run(programOf(plain.source)) as { value: unknown }).value);
    return withinTime({ what: `Filling in the template ${shownSource(source)}`, hint: 'Shorten its loops.' }, run);
  } catch (cause) {
    if (cause instanceof TandemError) throw cause;
    throw new TandemError('bad-template', `The template cannot be filled in: ${messageOf(cause)}`, {
      hint: 'Tandem supports the filters of @huggingface/jinja.',
      cause,
    });
  }
}

const programs = new Map<string, ReturnType<typeof parse>>();

/** Parsed once, because a row's block is filled in for each row. */
function programOf(source: string): ReturnType<typeof parse> {
  const known = programs.get(source);
  if (known) return known;
  if (programs.size > 200) programs.clear();
  const program = parsed(source.endsWith('\n') ? `${source}\n` : source);
  programs.set(source, program);
  return program;
}

const middles: ReadonlySet<string> = new Set(['else', 'elif']);
const statements: ReadonlySet<string> = new Set([...Object.keys(blocks), ...Object.values(blocks), ...middles, 'set', 'break', 'continue']);
const globals = [...Object.keys(jinjaGlobals), 'loop', 'namespace', 'raise_exception', 'strftime_now', 'caller'];

/** A tag with enough text around it to be parsed. */
function alone(tag: Tag): string {
  const keyword = keywordOf(tag);
  if (tag.kind === 'comment' || keyword === 'raw' || keyword.startsWith('end') || keyword === 'else') return '';
  if (keyword === 'break' || keyword === 'continue') return '';
  if (tag.kind === 'expression') return `{{${tag.inner}}}`;
  if (keyword === 'elif') return `{% if true %}{%${tag.inner}%}{% endif %}`;
  return depthOf(tag) === 1 ? `{%${tag.inner}%}{% ${blocks[keyword]} %}` : `{%${tag.inner}%}`;
}

/** A node of the library's syntax tree. */
export interface Tree {
  readonly type?: string;
  readonly [key: string]: unknown;
}

/** Identifiers that a tree reads, and those that it binds. */
function collect(node: unknown, reads: Set<string>, bound: Set<string>): void {
  if (Array.isArray(node)) return node.forEach((each) => collect(each, reads, bound));
  if (node instanceof Map) return node.forEach((value, key) => (collect(key, reads, bound), collect(value, reads, bound)));
  if (typeof node !== 'object' || node === null) return;
  const tree = node as Tree;
  const inside = (...keys: readonly string[]): void => keys.forEach((key) => collect(tree[key], reads, bound));
  const binds = (part: unknown): void => {
    const names = new Set<string>();
    collect(part, names, names);
    names.forEach((name) => bound.add(name));
  };
  switch (tree.type) {
    case 'Identifier':
      reads.add(tree.value as string);
      return;
    case 'MemberExpression':
      return tree.computed ? inside('object', 'property') : inside('object');
    case 'FilterExpression':
    case 'FilterStatement': {
      const filter = tree.filter as Tree;
      inside('operand', 'body');
      return collect(filter.args, reads, bound);
    }
    case 'TestExpression':
      return inside('operand');
    case 'KeywordArgumentExpression':
      return inside('value');
    case 'For':
      binds(tree.loopvar);
      return inside('iterable', 'body', 'defaultBlock');
    case 'Set':
      if ((tree.assignee as Tree).type === 'MemberExpression') return inside('assignee', 'value', 'body');
      binds(tree.assignee);
      return inside('value', 'body');
    default:
      for (const [key, value] of Object.entries(tree)) if (key !== 'operator') collect(value, reads, bound);
  }
}

/** Where a tag first names each thing, without strings and members. */
function placesIn({ inner, innerStart }: Tag): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const word = /\w+/y;
  let member = false;
  for (let at = 0; at < inner.length;) {
    const char = inner[at];
    word.lastIndex = at;
    const found = word.exec(inner)?.[0];
    if (found !== undefined) {
      if (!member && !places.has(found)) places.set(found, innerStart + at);
      at += found.length;
    } else if (char === '"' || char === "'") at = endOfText(inner, at);
    else at++;
    if (!/\s/.test(char)) member = char === '.';
  }
  return places;
}

/** The offset after the quote that ends the string that begins here. */
function endOfText(source: string, start: number): number {
  let end = start + 1;
  while (end < source.length && source[end] !== source[start]) end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

/**
 * Parses with the library, whose patterns for white space take time quadratic in its length.
 * @throws what the library throws, and for white space that would take long
 */
function parsed(source: string): ReturnType<typeof parse> {
  for (const { 0: space } of source.matchAll(/\s+/g)) {
    if (space.length > longestSpace) throw new Error(`it has more than ${longestSpace} white space characters in a row.`);
  }
  return parse(tokenize(source));
}

const longestSpace = 1000;

function defectOf(source: string): string | undefined {
  try {
    parsed(withoutRaw(source).source);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/^Parser Error: /, '');

function withoutThrowing<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
