/** @file Keys that a template reads of a column's values, and that no row has. */
import { nearestNames, suggestName } from './nearest.ts';
import { treesOf, type Tree } from './jinja.ts';
import type { Problem, PromptFile } from './promptFile.ts';
import { rangesOf } from './textRange.ts';
import { isList, isNested, type Value, type Values } from './values.ts';

/** @param none what no row is called: other than `No row` where there are more than those given */
export function checkKeys(file: PromptFile, rows: readonly Values[], none = 'No row'): Problem[] {
  const { body, syntax } = file.prompt;
  if (syntax !== 'jinja' || rows.length === 0) return [];
  const rangeOf = rangesOf(file.text);
  const problems = new Map<string, Problem>();
  for (const { path, start, end } of keysRead(body)) {
    const id = JSON.stringify(path);
    const missing = problems.has(id) ? undefined : missingIn(rows, path);
    if (!missing) continue;
    const shown = path.filter((key) => key !== each);
    const key = shown[shown.length - 1];
    const parent = shown.slice(0, -1).join('.');
    const range = rangeOf(file.bodyOffset + start, file.bodyOffset + end);
    const at = body.slice(start, end).search(new RegExp(`(?<=[.'"])${key}\\b`));
    const fix =
      at < 0
        ? undefined
        : {
            range: rangeOf(file.bodyOffset + start + at, file.bodyOffset + start + at + key.length),
            instead: nearestNames(key, missing.keys),
          };
    problems.set(id, {
      severity: 'warning',
      message: missing.isText
        ? `"${parent}" is a string and has no "${key}", so nothing appears here.`
        : `${none} has "${key}" in "${parent}", so nothing appears here.`,
      range,
      hint: missing.isText
        ? 'Only JSON objects have keys. A string that looks like JSON is still a string.'
        : suggestName(key, missing.keys),
      ...(fix && !missing.isText && { fix }),
    });
  }
  return [...problems.values()];
}

/** In a path: any item of a list. */
const each = '[]';

interface KeyRead {
  /** The column, then keys. */
  readonly path: readonly string[];
  /** Of the tag. */
  readonly start: number;
  readonly end: number;
}

/** The keys that tags read of columns, without those that they ask whether they are there. */
function keysRead(body: string): KeyRead[] {
  const bound = new Map<string, readonly string[] | undefined>();
  const reads: KeyRead[] = [];
  const asked = new Set<string>();
  for (const { tag, tree } of treesOf(body)) {
    const { start, end } = tag;
    const pathOf = (node: unknown): readonly string[] | undefined => {
      const { type, value, object, property, computed } = node as Tree;
      if (type === 'Identifier') return bound.has(value as string) ? bound.get(value as string) : [value as string];
      if (type !== 'MemberExpression') return undefined;
      const above = pathOf(object);
      const key = property as Tree;
      if (!above) return undefined;
      if (!computed || key.type === 'StringLiteral') return [...above, String(key.value)];
      return key.type === 'IntegerLiteral' ? [...above, each] : undefined;
    };
    const walk = (node: unknown): void => {
      if (Array.isArray(node) || node instanceof Map) return [...node.values()].forEach(walk);
      if (typeof node !== 'object' || node === null) return;
      const part = node as Tree;
      const filter = (part.filter as Tree | undefined)?.callee ?? part.filter;
      if (part.type === 'TestExpression' || (part.type === 'FilterExpression' && (filter as Tree).value === 'default')) {
        const path = pathOf(part.operand);
        if (path) asked.add(JSON.stringify(path));
        else walk(part.operand);
        return;
      }
      // A method is no key.
      if (part.type === 'CallExpression') return [(part.callee as Tree).object, part.args].forEach(walk);
      if (part.type === 'FilterExpression') return [part.operand, (part.filter as Tree).args].forEach(walk);
      if (part.type === 'For' || part.type === 'Set') {
        const source = part.type === 'Set' ? part.value : ((part.iterable as Tree).lhs ?? part.iterable);
        walk(part.iterable ?? source);
        const name = (part.loopvar ?? part.assignee) as Tree;
        const path = pathOf(source);
        if (name.type === 'Identifier') bound.set(name.value as string, path && (part.type === 'For' ? [...path, each] : path));
        else for (const item of (name.value as readonly Tree[] | undefined) ?? []) bound.set(String(item.value), undefined);
        return;
      }
      const path = pathOf(part);
      if (path && path.length > 1 && !methods.has(path[path.length - 1])) reads.push({ path, start, end });
      Object.values(part).forEach(walk);
    };
    walk(tree);
  }
  return reads.filter(({ path }) => path[path.length - 1] !== each && !asked.has(JSON.stringify(path)));
}

/** What objects and texts have beside keys. */
const methods: ReadonlySet<string> = new Set(['get', 'items', 'keys', 'values', 'length']);

/** The keys that there are instead; undefined where some row has the key, or nothing that could have it. */
function missingIn(
  rows: readonly Values[],
  path: readonly string[],
): { readonly keys: readonly string[]; readonly isText: boolean } | undefined {
  const [column] = path;
  const columns = rows.filter((row) => Object.hasOwn(row, column)).map((row) => row[column]);
  const parents = path
    .slice(1, -1)
    .reduce<readonly Value[]>(
      (values, key) => values.flatMap((value) => (key === each ? (isList(value) ? value : []) : memberOf(value, key))),
      columns,
    );
  const objects = parents.filter((value): value is Values => isNested(value) && !isList(value));
  const key = path[path.length - 1];
  if (objects.some((object) => Object.hasOwn(object, key))) return undefined;
  if (objects.length > 0) return { keys: [...new Set(objects.flatMap((object) => Object.keys(object)))], isText: false };
  return parents.some((value) => typeof value === 'string') && parents.every((value) => !isNested(value))
    ? { keys: [], isText: true }
    : undefined;
}

const memberOf = (value: Value, key: string): readonly Value[] =>
  isNested(value) && !isList(value) && Object.hasOwn(value, key) ? [value[key]] : [];
