/** @file What stands in a column of the data, in a few words. */
import { textOf } from '../../prompt/values.ts';
import { code, joined, markup, type Markdown } from '../../run/words/markdown.ts';
import type { DataSample } from './dataSample.ts';

const values = 3;
const longest = 120;

/** The column, and three different values of it. */
export function sampleText(column: string, { columns, rows }: DataSample): Markdown {
  const name = code(column, longest);
  if (!columns.includes(column)) {
    const there = columns.map((each) => code(each, longest));
    return markup`The data has no column ${name}. Its columns are ${joined(there, ', ')}.`;
  }
  const found = new Set<string>();
  for (const { values: known } of rows) {
    // What an earlier step of a program answers need not be in the data.
    if (!Object.hasOwn(known, column)) continue;
    found.add(textOf(known[column]));
    if (found.size === values) break;
  }
  if (found.size === 0 && rows.length > 0) return markup`The answer of an earlier step: ${name}.`;
  const items = [...found].map((value) => markup`- ${code(value, longest)}`);
  return joined([markup`Column ${name} of the data, for example:`, '', ...items], '\n');
}
