/** @file Reads prompt files and programs, each as the kind that its name indicates. */
import { endingsOf, isPromptPath, programKindOf, promptKindOf } from './kinds/table.ts';
import type { ProgramFile } from './programFile.ts';
import type { Problem, PromptFile } from './promptFile.ts';

/** Reads the text of a prompt file. Never throws: defects are in `problems`. */
export const parsePromptFile = (path: string, text: string): PromptFile => promptKindOf(path).read(path, text);

/** Reads the text of a program file. Never throws: defects are in `problems`. */
export function parseProgramFile(path: string, text: string): ProgramFile {
  const file = programKindOf(path).read(path, text);
  const misnamed = file.steps
    .filter(({ prompt }) => !isPromptPath(prompt))
    .map(({ prompt, promptRange: range }): Problem => {
      const hint = `The name should end in ${endingsOf('prompt').join(' or ')}.`;
      return { severity: 'error', message: `"${prompt}" is not a prompt file.`, range, hint };
    });
  if (misnamed.length === 0) return file;
  return { ...file, problems: [...file.problems, ...misnamed].sort((a, b) => a.range.start - b.range.start) };
}
