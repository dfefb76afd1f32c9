/** @file Jinja in a prompt's body, by `@huggingface/jinja`: its tags with their places, what they read, what is wrong with them, and running it. */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { TandemError } from '../errors.ts';

/** `{{ … }}`, `{% … %}` or `{# … #}` in a body; offsets into the body. */
export interface Tag {
  readonly kind: 'expression' | 'statement' | 'comment';
  readonly start: number;
  readonly end: number;
  /** False where the body ends first. */
  readonly closed: boolean;
  /** What stands between the brackets, and where. */
  readonly inner: string;
  readonly innerStart: number;
}

/** A name that a tag reads from outside the template; `start` and `end` are the tag's. */
export interface FreeName {
  readonly name: string;
  readonly nameStart: number;
  readonly start: number;
  readonly end: number;
}

export interface JinjaProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string;
}

/** The tags, first to last. What stands in `{% raw %}` is text. */
export function tagsOf(body: string): Tag[] {
  const tags: Tag[] = [];
  const opener = /\{[{%#]/g;
  for (let open = opener.exec(body); open; open = opener.exec(body)) {
    const start = open.index;
    const kind = ({ '{{': 'expression', '{%': 'statement', '{#': 'comment' } as const)[open[0] as '{{' | '{%' | '{#'];
    const close = closeOf(body, start + 2, closers[kind], kind === 'comment');
    const innerEnd = close ?? lineEnd(body, start);
    const end = close === undefined ? innerEnd : close + 2;
    const inner = body.slice(start + 2, innerEnd).replace(/^-|-$/g, ' ');
    tags.push({ kind, start, end, closed: close !== undefined, inner, innerStart: start + 2 });
    opener.lastIndex = Math.max(end, start + 2);
    if (kind !== 'statement' || inner.trim() !== 'raw') continue;
    const last = /\{%-?\s*endraw\s*-?%\}/g;
    last.lastIndex = end;
    const ended = last.exec(body);
    if (!ended) break;
    tags.push({ kind, start: ended.index, end: last.lastIndex, closed: true, inner: ' endraw ', innerStart: ended.index + 2 });
    opener.lastIndex = last.lastIndex;
  }
  return tags;
}

/** The statement that a tag is, e.g. `for`; '' for other tags. */
export const keywordOf = ({ kind, inner }: Tag): string => (kind === 'statement' ? (/^\s*(\w+)/.exec(inner)?.[1] ?? '') : '');

/** Whether a statement opens a block (1), ends one (-1), or neither (0). */
export function depthOf(tag: Tag): number {
  const keyword = keywordOf(tag);
  return Object.hasOwn(blocks, keyword) ? 1 : keyword.startsWith('end') ? -1 : 0;
}

/** The names that tags read and nothing in the template binds, in their order. A name bound anywhere counts as bound everywhere. */
export function freeNames(body: string): FreeName[] {
  const found: FreeName[] = [];
  const bound = new Set<string>(globals);
  for (const tag of tagsOf(body)) {
    if (!tag.closed) continue;
    const tree = withoutThrowing(() => parse(tokenize(alone(tag))));
    const reads = new Set<string>();
    if (tree) collect(tree, reads, bound);
    for (const name of reads) found.push({ name, nameStart: placeOf(tag, name), start: tag.start, end: tag.end });
  }
  return found.filter(({ name }) => !bound.has(name));
}

/** What ends the block that a tag opens. */
export const endOf = (tag: Tag): string => `{% ${blocks[keywordOf(tag)]} %}`;

/** The assignments of a template, which say nothing themselves: a part of it needs those before it. */
export const assignmentsOf = (body: string): Tag[] =>
  tagsOf(body).filter((tag) => tag.closed && keywordOf(tag) === 'set' && tag.inner.includes('='));

/** Assignments as a text that stands before a part. */
export const assigned = (tags: readonly Tag[]): string => tags.map(({ inner }) => `{%${inner}%}`).join('');

/** What keeps the body from being a template, each at the tag that is to blame. */
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
        `Tandem does not know the statement "${keyword}".`,
        `It knows ${[...statements].filter((name) => !name.startsWith('end')).join(', ')}.`,
      );
      continue;
    }
    if (keyword === 'set' && !tag.inner.includes('=')) {
      problem('A block of `set` is more than Tandem reads.', 'Write {% set name = value %}.');
      continue;
    }
    const depth = depthOf(tag);
    if (depth === 1) open.push(tag);
    else if (depth === -1) {
      const last = open.pop();
      if (!last || `end${keywordOf(last)}` !== keyword) {
        problem(last ? `This ends no "${keywordOf(last)}", which is open here.` : `Nothing is open here that "${keyword}" could end.`);
        if (last) open.push(last);
        continue;
      }
    } else if (middles.has(keyword) && open.length === 0) {
      problem(`"${keyword}" stands outside of an if or for.`);
      continue;
    }
    const defect = defectOf(alone(tag));
    if (defect !== undefined) problem(`This is no Jinja: ${defect}`);
  }
  for (const tag of open)
    problems.push({
      start: tag.start,
      end: tag.end,
      message: `This "${keywordOf(tag)}" is never ended.`,
      hint: `End it with {% end${keywordOf(tag)} %}.`,
    });
  if (problems.length > 0) return problems.sort((a, b) => a.start - b.start);
  const defect = defectOf(body);
  return defect === undefined ? [] : [{ start: 0, end: lineEnd(body, 0), message: `The body is no Jinja template: ${defect}` }];
}

/**
 * The text of a template, with values in the place of names; white space stays as it is written, as Jinja has it without options.
 * @throws TandemError reason 'bad-template' for what only shows when it runs, such as a filter that there is not; its cause says what
 */
export function runJinja(source: string, values: Readonly<Record<string, unknown>>): string {
  if (!/\{[{%#]/.test(source)) return source;
  try {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...builtIns, ...values })) environment.set(name, value);
    // One newline at the end is dropped by the library; what follows here is to be joined as it stands.
    return String((new Interpreter(environment).run(programOf(source)) as { value: unknown }).value);
  } catch (cause) {
    throw new TandemError('bad-template', `The template cannot be filled in: ${messageOf(cause)}`, {
      hint: 'Tandem runs Jinja with the filters of @huggingface/jinja.',
      cause,
    });
  }
}

const programs = new Map<string, ReturnType<typeof parse>>();

/** Parsed once: a row's block is filled in for each row. */
function programOf(source: string): ReturnType<typeof parse> {
  const known = programs.get(source);
  if (known) return known;
  if (programs.size > 200) programs.clear();
  const program = parse(tokenize(source.endsWith('\n') ? `${source}\n` : source));
  programs.set(source, program);
  return program;
}

const closers = { expression: '}}', statement: '%}', comment: '#}' } as const;
/** Statements that open a block, and what ends it. */
const blocks: Readonly<Record<string, string>> = { if: 'endif', for: 'endfor', filter: 'endfilter', raw: 'endraw' };
const middles: ReadonlySet<string> = new Set(['else', 'elif']);
const statements: ReadonlySet<string> = new Set([...Object.keys(blocks), ...Object.values(blocks), ...middles, 'set', 'break', 'continue']);
const builtIns: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: (from: number, to?: number) =>
    to === undefined
      ? [...Array(Math.max(0, Math.min(from, 10_000))).keys()]
      : [...Array(Math.max(0, Math.min(to - from, 10_000))).keys()].map((n) => n + from),
};
const globals = [...Object.keys(builtIns), 'loop', 'namespace', 'raise_exception', 'strftime_now', 'caller'];

/** A tag with as much around it as it takes to be parsed. */
function alone(tag: Tag): string {
  const keyword = keywordOf(tag);
  if (tag.kind === 'comment' || keyword === 'raw' || keyword.startsWith('end') || keyword === 'else') return '';
  if (keyword === 'break' || keyword === 'continue') return '';
  if (tag.kind === 'expression') return `{{${tag.inner}}}`;
  if (keyword === 'elif') return `{% if true %}{%${tag.inner}%}{% endif %}`;
  return depthOf(tag) === 1 ? `{%${tag.inner}%}{% ${blocks[keyword]} %}` : `{%${tag.inner}%}`;
}

interface Tree {
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

/** Where a tag names something, strings and members aside. */
function placeOf({ inner, innerStart }: Tag, name: string): number {
  for (const { 0: token, index } of inner.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\.?\s*[A-Za-z_]\w*/g)) {
    if (token === name) return innerStart + index;
    if (/^\s/.test(token) && token.trim() === name) return innerStart + index + token.indexOf(name);
  }
  return innerStart;
}

/** Where the closing bracket stands, strings passed over. */
function closeOf(body: string, from: number, closer: string, plain: boolean): number | undefined {
  if (plain) {
    const at = body.indexOf(closer, from);
    return at < 0 ? undefined : at;
  }
  for (let at = from; at < body.length; at++) {
    if (body.startsWith(closer, at)) return at;
    const quote = body[at];
    if (quote !== '"' && quote !== "'") continue;
    let end = at + 1;
    while (end < body.length && body[end] !== quote) end += body[end] === '\\' ? 2 : 1;
    if (end >= body.length) return undefined;
    at = end;
  }
  return undefined;
}

function lineEnd(body: string, from: number): number {
  const end = /\r?\n/.exec(body.slice(from));
  return end ? from + end.index : body.length;
}

function defectOf(source: string): string | undefined {
  try {
    parse(tokenize(source));
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
