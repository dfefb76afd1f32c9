/** @file What is wrong with a prompt's body. */
import { jinjaProblems } from './jinja.ts';
import { depthOf, tagsOf } from './jinjaTags.ts';
import type { Prompt } from './prompt.ts';
import { foreignRoles, roleLines } from './sections.ts';
import { demosLines, variablesOf, variableText } from './template.ts';

export type Severity = 'error' | 'warning' | 'information';

export interface BodyProblem {
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string;
}

export function bodyProblems(prompt: Pick<Prompt, 'body' | 'syntax'>): BodyProblem[] {
  const { body, syntax } = prompt;
  if (body.trim() === '')
    return [
      { severity: 'error', start: 0, end: body.length, message: 'The body is empty.', hint: 'Write the prompt below the front matter.' },
    ];
  const problems: BodyProblem[] = [];
  const variables = variablesOf(prompt);
  if (syntax === 'jinja') problems.push(...dialectProblems(body));
  if (variables.length === 0) {
    const hint = `Write ${variableText(syntax, 'column')} where the value of a column belongs.`;
    problems.push({
      severity: 'warning',
      start: 0,
      end: body.trimEnd().length,
      message: 'The body reads no column, so every row gets the same prompt.',
      hint,
    });
  }
  const variableStarts = new Set(variables.map(({ start }) => start));
  for (const { index, 0: found } of body.matchAll(/\$\{input\b[^}\r\n]*\}?/g)) {
    if (variableStarts.has(index)) continue;
    if (syntax === 'jinja') continue;
    const hint = 'Write a variable as ${input:column} or ${input:column:placeholder}.';
    problems.push({
      severity: 'warning',
      start: index,
      end: index + found.length,
      message: `"${found}" is not a variable. Tandem leaves it unchanged.`,
      hint,
    });
  }
  if (syntax !== 'jinja') {
    for (const { index, 0: found } of body.matchAll(editorVariables)) {
      const message = `VS Code fills in "${found}" when you use the prompt. Tandem leaves it unchanged.`;
      const hint = 'Write ${input:column} where the value of a column belongs.';
      problems.push({ severity: 'warning', start: index, end: index + found.length, message, hint });
    }
  }
  const [first, ...more] = demosLines(body);
  for (const { start, end } of more) {
    problems.push({
      severity: 'error',
      start,
      end,
      message: '{{demos}} appears a second time.',
      hint: 'Keep one. The demonstrations go there.',
    });
  }
  const lineStarts = new Set([first, ...more].map((line) => line?.start));
  for (const { index, 0: found } of body.matchAll(/\{\{[ \t]*demos[ \t]*\}\}/g)) {
    // Only white space may stand before it in a line of its own, and nothing but that after it.
    if (lineStarts.has(body.lastIndexOf('\n', index) + 1)) continue;
    const hint = 'Put it on a line of its own.';
    problems.push({
      severity: 'warning',
      start: index,
      end: index + found.length,
      message: '{{demos}} inside a line is not replaced by the demonstrations.',
      hint,
    });
  }
  if (first && body.slice(first.end).trim() === '') {
    problems.push({
      severity: 'error',
      ...first,
      message: 'Nothing follows {{demos}}.',
      hint: 'Put the text that each demonstration repeats below it.',
    });
  }
  return problems;
}

/** What VS Code knows in a prompt file beside `${input:…}`. */
const editorVariables =
  /\$\{(?:selection|selectedText|file|fileBasename|fileBasenameNoExtension|fileDirname|workspaceFolder|workspaceFolderBasename|(?:env|config|command):[\w.-]{1,80})\}/g;

/** Of Jinja and of the roles. */
function dialectProblems(body: string): BodyProblem[] {
  const problems: BodyProblem[] = jinjaProblems(body).map((problem) => ({ severity: 'error', ...problem }));
  for (const { name, start, end } of roleLines(body)) {
    if (!foreignRoles.has(name)) continue;
    const hint = 'Move its text under system: or user:.';
    problems.push({ severity: 'error', start, end, message: `A local model has no "${name}" role.`, hint });
  }
  const marker = demosLines(body).at(0);
  const cut = marker && openAt(body, marker.start);
  if (cut) {
    const hint = 'Move it out of the block. Demonstrations repeat the text after it.';
    problems.push({ severity: 'error', ...marker, message: '{{demos}} is inside a Jinja block.', hint });
  }
  return problems;
}

function openAt(body: string, at: number): boolean {
  let depth = 0;
  for (const tag of tagsOf(body)) if (tag.start < at) depth += depthOf(tag);
  return depth > 0;
}
