/** @file What a prompt kind is: how its files are named, read and written. */
import type { Calibration } from '../decoding.ts';
import type { TemplateLanguage } from '../languages/templateLanguage.ts';
import type { ProgramFile } from '../programFile.ts';
import type { Prompt } from '../prompt.ts';
import type { PromptFile } from '../promptFile.ts';
import type { SettingHelp } from '../settingReaders.ts';

export type PromptKind = SinglePromptKind | ProgramKind;

interface Names {
  /**
   * What its files' names end in: endings such as `.prompt.md`, in lower case, or whole names such as `SKILL.md`. The first one is for files that
   * Tandem writes.
   */
  readonly endings: readonly [string, ...string[]];
  /** A file's name without its ending, for people. */
  readonly shortName: (name: string) => string;
  /** The name of a file's numbers in `.tandem/results`, without `.json`. Two files side by side must not share that name. */
  readonly resultsName: (name: string) => string;
}

/** A kind whose files are one prompt each. */
export interface SinglePromptKind extends Names {
  readonly holds: 'prompt';
  readonly language: TemplateLanguage;
  /** What completion and hovers say of its front matter. Keys without words of ours belong to other tools. */
  readonly help: SettingHelp;
  /** For files that have no place for an adapter, so that only their text is tuned. */
  readonly tunes?: 'prompt';
  /** Never throws: defects are problems of the file. */
  readonly read: (path: string, text: string) => PromptFile;
  /**
   * The file's text with another prompt and other settings, and every other byte unchanged.
   * @throws TandemError reason 'cannot-rewrite' if the file is written in a way that cannot be edited in place; 'no-output' for
   *   demonstrations in a file that does not name its output column
   */
  readonly write: (file: PromptFile, next: Prompt, changes: SettingChanges) => string;
  /** The text of a new file, without problems. Absent for files that other tools begin. */
  readonly begin?: (first: FirstFile) => string;
}

export type BeginnableKind = SinglePromptKind & Required<Pick<SinglePromptKind, 'begin'>>;

/** What the first prompt file for some data contains. */
export interface FirstFile {
  readonly description: string;
  /** In the order in which they are written. The rest are defaults. */
  readonly settings: {
    readonly data: string;
    readonly columns?: Readonly<Record<string, string>>;
    readonly output: string;
    readonly labels?: 'from-data';
    readonly metric?: string;
  };
  /** In the kind's language. */
  readonly body: string;
}

/** A kind whose files name other prompt files, which answer one after the other. */
export interface ProgramKind extends Names {
  readonly holds: 'steps';
  /** Never throws: defects are problems of the file. Whether the named prompt files are valid is checked elsewhere. */
  readonly read: (path: string, text: string) => ProgramFile;
  /** The file's text with another adapter, or model. @throws TandemError reason 'cannot-rewrite' as above */
  readonly write: (file: ProgramText, changes: PointerChanges) => string;
}

export type ProgramText = Pick<ProgramFile, 'path' | 'text'>;

export interface PointerChanges {
  /** The adapter's path relative to the file. Null removes it. */
  readonly adapter?: string | null;
  /** The model that the adapter belongs to. Null removes it. */
  readonly model?: string | null;
}

export interface SettingChanges extends PointerChanges {
  readonly calibration?: Calibration;
  /** The column that demonstrations need, written if the file names none. A program names it instead of the file. */
  readonly output?: string;
}

/** The name without the first of these endings that matches. */
export function withoutEnding(name: string, endings: readonly string[]): string {
  const ending = endings.find((each) => name.toLowerCase().endsWith(each));
  return ending === undefined ? name : name.slice(0, -ending.length);
}
