/** @file What a prompt file does not say yet and Tandem has to know: which questions are open, likely answers, and how they are written. */
import { dirname, relative, sep } from 'node:path';
import { TandemError } from '../../errors.ts';
import { setEntry } from '../../prompt/editYaml.ts';
import { findFrontMatter, readYaml } from '../../prompt/frontMatter.ts';
import type { PromptFile } from '../../prompt/promptFile.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';

/** Settings of the `tandem` key, in the order in which they are asked and written. */
export type Question = 'data' | 'output' | 'labels' | 'model';

/** @returns those that nothing in the file answers; none of a file whose front matter has to be mended first */
export function openQuestions({ text, settings, ranges }: PromptFile): Question[] {
  const front = findFrontMatter(text);
  if (front && readYaml(text.slice(front.yamlStart, front.yamlEnd)).errors.length > 0) return [];
  const lacks = { data: settings.data === '' && !ranges.data, output: settings.output === '' && !ranges.output };
  return [
    ...(lacks.data ? (['data'] as const) : []),
    ...(lacks.output ? (['output'] as const) : []),
    ...(lacks.output && !ranges.labels && !ranges.metric ? (['labels'] as const) : []),
    ...((lacks.data || lacks.output) && !ranges.model ? (['model'] as const) : []),
  ];
}

/** A file as a prompt file names it: relative to itself, with forward slashes. */
export const pathFrom = (promptPath: string, file: string): string => relative(dirname(promptPath), file).split(sep).join('/');

/** Data files in the order of how close they are to the prompt file; both with forward slashes. */
export function rankFiles(files: readonly string[], promptPath: string): string[] {
  const home = promptPath.split('/').slice(0, -1);
  const distance = (file: string): number => {
    const folder = file.split('/').slice(0, -1);
    const shared = folder.findIndex((name, place) => name !== home[place]);
    const common = shared < 0 ? Math.min(folder.length, home.length) : shared;
    return folder.length + home.length - 2 * common;
  };
  return [...files].sort((a, b) => distance(a) - distance(b) || (a < b ? -1 : 1));
}

/**
 * The text with these settings under its `tandem` key, every other byte as it was.
 * @throws TandemError reason 'cannot-rewrite' if the front matter is written in a way that cannot be edited in place
 */
export function withAnswers(path: string, text: string, answers: Readonly<Partial<Record<Question, string>>>): string {
  const newline = /\r?\n/.exec(text)?.[0] ?? '\n';
  const front = findFrontMatter(text);
  const order: readonly Question[] = ['data', 'output', 'labels', 'model'];
  let yaml = front ? text.slice(front.yamlStart, front.yamlEnd) : '';
  for (const name of order) if (answers[name] !== undefined) yaml = setEntry(yaml, ['tandem', name], answers[name], newline);
  const result = front
    ? text.slice(0, front.yamlStart) + yaml + text.slice(front.yamlEnd)
    : text.replace(/^\uFEFF?/, (bom) => `${bom}---${newline}${yaml}---${newline}`);
  const [before, after] = [parsePromptFile(path, text), parsePromptFile(path, result)];
  const asAsked = order.every((name) => answers[name] === undefined || after.settings[name] === answers[name]);
  const kept = Object.keys(before.ranges).every((name) => after.ranges[name]) && after.prompt.body === before.prompt.body;
  if (asAsked && kept) return result;
  throw new TandemError('cannot-rewrite', 'Tandem cannot edit this front matter in place.', {
    where: { file: path, line: 1 },
    hint: 'Write the `tandem` key in plain block style: one `key: value` per line, without anchors.',
  });
}
