/** @file Every kind of prompt file, one per line, and what file names say. */
import type { PromptKind, ProgramKind, SinglePromptKind } from './promptKind.ts';
import { program } from './program.ts';
import { promptMd } from './promptMd.ts';
import { prompty } from './prompty.ts';

export const promptKinds: PromptKind[] = [promptMd, prompty, program];

/** The kind of a file by its name. Undefined for any other name. */
export function kindOf(path: string): PromptKind | undefined {
  const name = path.toLowerCase();
  return promptKinds.find(({ endings }) => endings.some((ending) => name.endsWith(ending)));
}

/** The kind that reads a file as one prompt, by its name. Default: `.prompt.md`. */
export function promptKindOf(path: string): SinglePromptKind {
  const kind = kindOf(path);
  return kind?.holds === 'prompt' ? kind : promptMd;
}

/** The kind that reads a file as a program, by its name. Default: `.program.yaml`. */
export function programKindOf(path: string): ProgramKind {
  const kind = kindOf(path);
  return kind?.holds === 'steps' ? kind : program;
}

/** Whether a file has the name of a prompt. */
export const isPromptPath = (path: string): boolean => kindOf(path)?.holds === 'prompt';

/** Whether a file has the name of a program. */
export const isProgramPath = (path: string): boolean => kindOf(path)?.holds === 'steps';

/** The endings of names, for every kind or for kinds of one content. */
export const endingsOf = (holds?: PromptKind['holds']): string[] =>
  promptKinds.flatMap((kind) => (holds === undefined || kind.holds === holds ? kind.endings : []));

/** A glob that finds such files in all folders. @param more endings of other files to find */
export const patternOf = (holds?: PromptKind['holds'], more: readonly string[] = []): string =>
  `**/*.{${[...endingsOf(holds), ...more].map((ending) => ending.slice(1)).join(',')}}`;

/** A file's name, or its path, without its ending. Unchanged if it is not the name of a prompt. */
export const shortName = (name: string): string => kindOf(name)?.shortName(name) ?? name;
