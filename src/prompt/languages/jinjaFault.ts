/** @file Where a template fails, and what is wrong, in the terms of its author. */
import { TandemError, type Place } from '../../errors.ts';
import { runJinja } from './jinjaTemplate.ts';
import { depthOf, endOf, tagsOf, type Tag } from './jinjaTags.ts';
import { suggestName } from '../nearest.ts';
import type { Values } from '../values.ts';

/** Where a part of a template comes from. */
export interface Part {
  /** The text that precedes the part when it runs, e.g. assignments from further up; '' if none. */
  readonly before: string;
  /** Where each tag of `before` starts in the body. */
  readonly beforeStarts: readonly number[];
  readonly text: string;
  /** Offset of the text in the body. */
  readonly start: number;
  readonly body: string;
}

/**
 * Fills in a part of a body.
 * @param origin the file and the 1-based line where the body starts; without it an error names the line of the body
 * @throws TandemError reason 'bad-template' with the place of the tag that is to blame; 'too-slow'
 */
export function runPart(part: Part, values: Values, origin?: Place): string {
  const source = part.before + part.text;
  try {
    return runJinja(source, values);
  } catch (error) {
    if (!(error instanceof TandemError) || error.reason !== 'bad-template') throw origin ? at(origin, error) : error;
    throw explained(
      error,
      part,
      failingTag(source, (shorter) => fails(shorter, values)),
      origin,
    );
  }
}

/** If a template was aborted, the tag to blame is unknown. */
function at(where: Place, error: unknown): unknown {
  if (!(error instanceof TandemError) || error.reason !== 'too-slow') return error;
  return new TandemError(error.reason, error.message, { where, ...(error.hint !== undefined && { hint: error.hint }), cause: error });
}

function fails(source: string, values: Values): boolean {
  try {
    runJinja(source, values);
    return false;
  } catch {
    return true;
  }
}

/** The first tag up to which the template fails: the text before the error runs without it. */
function failingTag(source: string, isBad: (source: string) => boolean): Tag | undefined {
  const tags = tagsOf(source);
  const upTo = (count: number): string => {
    const open: Tag[] = [];
    for (const tag of tags.slice(0, count)) {
      if (depthOf(tag) === 1) open.push(tag);
      else if (depthOf(tag) === -1) open.pop();
    }
    return source.slice(0, count > 0 ? tags[count - 1].end : 0) + open.reverse().map(endOf).join('');
  };
  let [good, bad] = [0, tags.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBad(upTo(middle))) bad = middle;
    else good = middle;
  }
  return tags.at(bad - 1);
}

function explained(error: TandemError, part: Part, tag: Tag | undefined, origin: Place | undefined): TandemError {
  const { message, hint } = inWords(messageOf(error.cause));
  const at = tag && bodyOffset(part, tag);
  const above = at === undefined ? '' : part.body.slice(0, at);
  const line = above.split('\n').length;
  const shown = at === undefined ? '' : part.body.slice(at, at + (tag!.end - tag!.start)).replaceAll(/\s+/g, ' ');
  const where = origin && { file: origin.file, line: (origin.line ?? 1) + line - 1, column: above.length - above.lastIndexOf('\n') };
  const place = origin || !tag ? '' : ` (line ${line} of the body)`;
  const what = `The template cannot be filled in${shown && ` at ${shown.length > 80 ? `${shown.slice(0, 79)}…` : shown}`}${place}: ${message}.`;
  return new TandemError('bad-template', what, { where, hint, cause: error.cause });
}

function bodyOffset({ before, beforeStarts, start }: Part, tag: Tag): number {
  if (tag.start >= before.length) return start + tag.start - before.length;
  return beforeStarts[tagsOf(before).findIndex((each) => each.start === tag.start)];
}

/** The library's names for types, in words for people. */
const types: Readonly<Record<string, string>> = {
  StringValue: 'text',
  IntegerValue: 'a number',
  FloatValue: 'a number',
  NumericValue: 'a number',
  BooleanValue: 'true or false',
  ArrayValue: 'a list',
  TupleValue: 'a list',
  ObjectValue: 'an object',
  NullValue: 'none',
  UndefinedValue: 'undefined',
  FunctionValue: 'a function',
};

/** The types of `@huggingface/jinja`. */
const filters = [
  ...['abs', 'bool', 'capitalize', 'default', 'dictsort', 'first', 'float', 'get', 'indent', 'int', 'items', 'join', 'keys', 'last'],
  ...['length', 'list', 'lower', 'map', 'rejectattr', 'replace', 'reverse', 'safe', 'selectattr', 'sort', 'string', 'title'],
  ...['tojson', 'trim', 'unique', 'upper', 'values'],
];

type Words = { readonly message: string; readonly hint: string };

const filterWords = (name: string, type: string): Words =>
  filters.includes(name)
    ? {
        message: `the filter "${name}" cannot be applied to ${type}`,
        hint: type === 'undefined' ? 'Check the name, or write `| default("")` before it.' : 'Check the value in the data.',
      }
    : { message: `there is no filter "${name}"`, hint: suggestName(name, filters) };

const rules: readonly (readonly [RegExp, (match: readonly string[]) => Words])[] = [
  [
    /^Expected iterable or object type in for loop: got (.+)$/,
    ([, type]) => ({ message: `a loop needs a list, not ${type}`, hint: 'Check the name and the value in the data.' }),
  ],
  [/^Unknown (.+) filter: (\w+)$/, ([, type, name]) => filterWords(name, type)],
  [/^Cannot apply filter "(\w+)" to type: (.+)$/, ([, name, type]) => filterWords(name, type)],
  [
    /^Cannot perform operation (\S+) on undefined values$/,
    ([, operator]) => ({ message: `one side of "${operator}" is undefined`, hint: 'Check the name and the value in the data.' }),
  ],
  [
    /^Cannot read properties of undefined/,
    () => ({ message: 'an empty list has no items', hint: 'Test it first: {% if list %}…{% endif %}.' }),
  ],
];

function inWords(text: string): Words {
  const plain = text.replaceAll(/\b\w+Value\b/g, (name) => (Object.hasOwn(types, name) ? types[name] : name));
  for (const [pattern, words] of rules) {
    const match = pattern.exec(plain);
    if (match) return words(match);
  }
  return { message: plain, hint: 'Tandem supports the filters of @huggingface/jinja.' };
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
