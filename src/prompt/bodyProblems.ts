/** @file What is wrong with a prompt's body, in any language. */
import { misspeltDemos } from './demosMark.ts';
import { languageOf } from './languages/table.ts';
import type { BodyProblem, Span } from './languages/templateLanguage.ts';
import type { Prompt } from './prompt.ts';
import { demosLines } from './template.ts';

export function bodyProblems(prompt: Pick<Prompt, 'body' | 'syntax'>): BodyProblem[] {
  const { body } = prompt;
  if (body.trim() === '')
    return [
      { severity: 'error', start: 0, end: body.length, message: 'The body is empty.', hint: 'Write the prompt below the front matter.' },
    ];
  const language = languageOf(prompt);
  const [first, ...more] = demosLines(body);
  const problems = language.problems(body, first);
  if (language.variables(body).length === 0) {
    problems.push({
      severity: 'warning',
      start: 0,
      end: body.trimEnd().length,
      message: 'The body reads no column, so every row gets the same prompt.',
      hint: `Write ${language.write('column')} where the value of a column belongs.`,
    });
  }
  for (const { start, end } of more) {
    problems.push({
      severity: 'error',
      start,
      end,
      message: '{{demos}} appears a second time.',
      hint: 'Keep one. The demonstrations go there.',
      fix: { start, end, instead: [''] },
    });
  }
  const newline = /\r?\n/.exec(body)?.[0] ?? '\n';
  const lineStarts = new Set([first, ...more].map((line) => line?.start));
  for (const { index, 0: found } of body.matchAll(/\{\{[ \t]*demos[ \t]*\}\}/g)) {
    // Only white space may precede it on its line, and nothing may follow it there.
    if (lineStarts.has(body.lastIndexOf('\n', index) + 1)) continue;
    const title = 'Put it on a line of its own';
    const end = index + found.length;
    problems.push({
      severity: 'warning',
      start: index,
      end,
      message: '{{demos}} inside a line is not replaced by the demonstrations.',
      hint: `${title}.`,
      fix: { ...onOwnLine(body, { start: index, end }, newline), title },
    });
  }
  // In a language that reads columns with double braces, such a word may be a column, which `checkColumns` knows.
  if (language.write('demos') !== '{{demos}}') {
    for (const { start, end } of misspeltDemos(body)) {
      const message = `"${body.slice(start, end)}" is not replaced by anything.`;
      const hint = 'Did you mean {{demos}}, where the demonstrations go?';
      problems.push({ severity: 'warning', start, end, message, hint, fix: { start, end, instead: ['{{demos}}'] } });
    }
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

/** A mark inside a line, with the blanks around it, and the replacement that puts it on a separate line. */
function onOwnLine(body: string, mark: Span, newline: string): Span & { readonly instead: readonly string[] } {
  let { start, end } = mark;
  const isBlank = (at: number): boolean => body[at] === ' ' || body[at] === '\t';
  while (isBlank(start - 1)) start--;
  while (isBlank(end)) end++;
  const [isFirst, isLast] = [start === 0 || body[start - 1] === '\n', end === body.length || /[\r\n]/.test(body[end])];
  return { start, end, instead: [`${isFirst ? '' : newline}{{demos}}${isLast ? '' : newline}`] };
}
