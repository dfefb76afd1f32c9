/** @file What is wrong with a prompt's body, in any language. */
import { languageOf } from './languages/table.ts';
import type { BodyProblem } from './languages/templateLanguage.ts';
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
