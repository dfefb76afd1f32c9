/** @file What stands in a column of the data, in a few words. */
import { textOf } from '../../prompt/values.ts';
import type { DataSample } from './dataSample.ts';

const values = 3;
const longest = 120;

/** Markdown: the column, and three different values of it. */
export function sampleText(column: string, { columns, rows }: DataSample): string {
  if (!columns.includes(column)) return `The data has no column ${code(column)}. It has: ${columns.map(code).join(', ')}.`;
  const found = new Set<string>();
  for (const { values: known } of rows) {
    // What an earlier step of a program answers need not be in the data.
    if (!Object.hasOwn(known, column)) continue;
    found.add(textOf(known[column]));
    if (found.size === values) break;
  }
  if (found.size === 0 && rows.length > 0) return `What an earlier step answers: ${code(column)}.`;
  return [`Column ${code(column)} of the data, for example:`, '', ...[...found].map((value) => `- ${code(shortened(value))}`)].join('\n');
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** As code, whatever it holds: fenced by more backticks than follow each other in it. */
function code(text: string): string {
  if (text === '') return '_empty_';
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  return text.includes('`') ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
}
