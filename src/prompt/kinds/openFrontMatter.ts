/** @file Opens the front matter of a file: its YAML, where the rest begins, and the list of problems that readers add to. */
import { isMap, type Document } from 'yaml';
import { findFrontMatter, readYaml } from '../frontMatter.ts';
import type { Severity } from '../languages/templateLanguage.ts';
import type { Problem } from '../promptFile.ts';
import type { Report } from '../settingReaders.ts';
import { rangesOf, type TextRange } from '../textRange.ts';
import { yamlProblems } from '../yamlProblems.ts';

export interface OpenFrontMatter {
  readonly document: Document;
  /** Where the YAML starts in the file. Offsets of the document count from here. */
  readonly yamlStart: number;
  /** Where the text below the front matter starts. */
  readonly bodyOffset: number;
  readonly rangeOf: (start: number, end: number) => TextRange;
  /** What is wrong so far. */
  readonly problems: Problem[];
  /** Adds problems at places of the YAML. */
  readonly reportAs: (severity: Severity) => Report;
}

/** Never throws: defects are in `problems`. */
export function openFrontMatter(text: string): OpenFrontMatter {
  const rangeOf = rangesOf(text);
  const problems: Problem[] = [];
  const add = (severity: Severity, start: number, end: number, message: string, hint?: string, instead?: readonly string[]): void => {
    const range = rangeOf(start, end);
    problems.push({ severity, message, range, ...(hint !== undefined && { hint }), ...(instead && { fix: { range, instead } }) });
  };
  const front = findFrontMatter(text);
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  if (!front && /^---[ \t]*\r?\n/.test(text.slice(bom))) {
    add('warning', bom, bom + 3, 'The front matter is opened but never closed.', 'Close it with a line of three dashes: ---');
  }
  const [yamlStart, yamlEnd] = front ? [front.yamlStart, front.yamlEnd] : [bom, bom];
  const yaml = text.slice(yamlStart, yamlEnd);
  const document = readYaml(yaml);
  for (const { fix, start, end, ...problem } of yamlProblems(yaml, document, 'The front matter')) {
    const instead = fix && { range: rangeOf(yamlStart + fix.start, yamlStart + fix.end), instead: [fix.instead] };
    problems.push({ ...problem, range: rangeOf(yamlStart + start, yamlStart + end), ...(instead && { fix: instead }) });
  }
  const root = document.contents;
  if (root && !isMap(root)) add('error', yamlStart, yamlEnd, 'The front matter should be a map, with one `key: value` per line.');
  const reportAs =
    (severity: Severity): Report =>
    (at, message, hint, instead) =>
      add(severity, yamlStart + at.start, yamlStart + at.end, message, hint, instead);
  return { document, yamlStart, bodyOffset: front?.bodyOffset ?? bom, rangeOf, problems, reportAs };
}
