/** @file Keys that a template reads from a column's values and that no row has. */
import { nearestNames, suggestName } from './nearest.ts';
import { anyItem } from './languages/templateLanguage.ts';
import { languageOf } from './languages/table.ts';
import { bodyRanges, type Problem, type PromptFile } from './promptFile.ts';
import { isList, isNested, type Value, type Values } from './values.ts';

/** @param none the phrase for no row, which differs from `No row` if there are more rows than the given ones */
export function checkKeys(file: PromptFile, rows: readonly Values[], none = 'No row'): Problem[] {
  const { body } = file.prompt;
  const { keysRead } = languageOf(file.prompt);
  if (!keysRead || rows.length === 0) return [];
  const rangeOf = bodyRanges(file);
  const problems = new Map<string, Problem>();
  for (const { path, start, end } of keysRead(body)) {
    const id = JSON.stringify(path);
    const missing = problems.has(id) ? undefined : missingIn(rows, path);
    if (!missing) continue;
    const shown = path.filter((key) => key !== anyItem);
    const key = shown[shown.length - 1];
    const parent = shown.slice(0, -1).join('.');
    const range = rangeOf(start, end);
    const at = body.slice(start, end).search(new RegExp(`(?<=[.'"])${key}\\b`));
    const fix =
      at < 0
        ? undefined
        : {
            range: rangeOf(start + at, start + at + key.length),
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

/** The keys that exist instead. Undefined if some row has the key, or if no value could have it. */
function missingIn(
  rows: readonly Values[],
  path: readonly string[],
): { readonly keys: readonly string[]; readonly isText: boolean } | undefined {
  const [column] = path;
  const columns = rows.filter((row) => Object.hasOwn(row, column)).map((row) => row[column]);
  const parents = path
    .slice(1, -1)
    .reduce<readonly Value[]>(
      (values, key) => values.flatMap((value) => (key === anyItem ? (isList(value) ? value : []) : memberOf(value, key))),
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
