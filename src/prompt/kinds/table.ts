/** @file Every kind of prompt file, one per line, and what file names say. */
import type { BeginnableKind, PromptKind, ProgramKind, SinglePromptKind } from './promptKind.ts';
import { program } from './program.ts';
import { promptMd } from './promptMd.ts';
import { prompty } from './prompty.ts';
import { skill } from './skill.ts';

export const promptKinds: PromptKind[] = [promptMd, prompty, skill, program];

/** The kind of a file by its name. Undefined for any other name. */
export const kindOf = (path: string): PromptKind | undefined => promptKinds.find(({ endings }) => endings.some((each) => fits(path, each)));

/** Whether a path ends so. Before a whole name there may be a number and a dot, as in the copies of a run: `3.1.SKILL.md`. */
const fits = (path: string, ending: string): boolean =>
  isWholeName(ending)
    ? /(?:^|[/\\]|\.)$/.test(path.slice(0, -ending.length)) && path.endsWith(ending)
    : path.toLowerCase().endsWith(ending);

/** Whether a kind names whole files, such as `SKILL.md`, and not an ending. */
export const isWholeName = (ending: string): boolean => !ending.startsWith('.');

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

/** The kind of a file that Tandem can begin, by its name. Undefined for any other name. */
export function beginnableKindOf(path: string): BeginnableKind | undefined {
  const kind = kindOf(path);
  return kind && isBeginnable(kind) ? kind : undefined;
}

/** The endings of prompt files that Tandem can begin, the usual one first. */
export const beginnableEndings = (): string[] => promptKinds.filter(isBeginnable).flatMap(({ endings }) => endings);

const isBeginnable = (kind: PromptKind): kind is BeginnableKind => kind.holds === 'prompt' && kind.begin !== undefined;

/** Whether a file has the name of a prompt. */
export const isPromptPath = (path: string): boolean => kindOf(path)?.holds === 'prompt';

/** Whether a file has the name of a program. */
export const isProgramPath = (path: string): boolean => kindOf(path)?.holds === 'steps';

/** The endings of names, for every kind or for kinds of one content. */
export const endingsOf = (holds?: PromptKind['holds']): string[] =>
  promptKinds.flatMap((kind) => (holds === undefined || kind.holds === holds ? kind.endings : []));

/** The same as globs of names: `*.prompt.md`, `SKILL.md`. */
export const globsOf = (holds?: PromptKind['holds']): string[] =>
  endingsOf(holds).map((ending) => (isWholeName(ending) ? ending : `*${ending}`));

/** A glob that finds such files in all folders. @param more endings of other files to find */
export const patternOf = (holds?: PromptKind['holds'], more: readonly string[] = []): string =>
  `**/{${[...globsOf(holds), ...more.map((ending) => `*${ending}`)].join(',')}}`;

/** A file's name, or its path, without its ending. Unchanged if it is not the name of a prompt. */
export const shortName = (name: string): string => kindOf(name)?.shortName(name) ?? name;
