/** @file Every kind of prompt file, one a line, and what names say. */
import type { PromptKind, ProgramKind, SinglePromptKind } from './promptKind.ts';
import { program } from './program.ts';
import { promptMd } from './promptMd.ts';
import { prompty } from './prompty.ts';

export const promptKinds: PromptKind[] = [promptMd, prompty, program];

/** The kind of a file by its name; undefined for a name that is none of a prompt. */
export function kindOf(path: string): PromptKind | undefined {
  const name = path.toLowerCase();
  return promptKinds.find(({ endings }) => endings.some((ending) => name.endsWith(ending)));
}

/** The kind that reads a file as one prompt: that of its name, or else `.prompt.md`. */
export function promptKindOf(path: string): SinglePromptKind {
  const kind = kindOf(path);
  return kind?.holds === 'prompt' ? kind : promptMd;
}

/** The kind that reads a file as a program: that of its name, or else `.program.yaml`. */
export function programKindOf(path: string): ProgramKind {
  const kind = kindOf(path);
  return kind?.holds === 'steps' ? kind : program;
}

/** Whether a file is called like one prompt. */
export const isPromptPath = (path: string): boolean => kindOf(path)?.holds === 'prompt';

/** Whether a file is called like a program. */
export const isProgramPath = (path: string): boolean => kindOf(path)?.holds === 'steps';

/** What names end in, of every kind or of those that hold one thing. */
export const endingsOf = (holds?: PromptKind['holds']): string[] =>
  promptKinds.flatMap((kind) => (holds === undefined || kind.holds === holds ? kind.endings : []));

/** A glob that finds such files in all folders. @param more endings of other files that are to be found */
export const patternOf = (holds?: PromptKind['holds'], more: readonly string[] = []): string =>
  `**/*.{${[...endingsOf(holds), ...more].map((ending) => ending.slice(1)).join(',')}}`;

/** A file's name, or its path, without its ending; unchanged where it is none of a prompt. */
export const shortName = (name: string): string => kindOf(name)?.shortName(name) ?? name;
