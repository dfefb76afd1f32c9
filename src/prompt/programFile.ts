/** @file A program file on disk: which prompt files answer one after the other, and what is wrong with the file. */
import { dirname, resolve } from 'node:path';
import type { Problem } from './promptFile.ts';
import type { TextRange } from './textRange.ts';

export interface ProgramStep {
  /** As written: relative to the program file. */
  readonly prompt: string;
  /** The name of the answer: a column for later steps, and for the last step the column of the data to predict. */
  readonly output: string;
  readonly promptRange: TextRange;
  readonly outputRange: TextRange;
}

export interface ProgramFile {
  readonly path: string;
  /** The whole file, including a BOM. */
  readonly text: string;
  readonly description?: string;
  readonly steps: readonly ProgramStep[];
  /** If absent, the value from the last step's prompt file applies. Paths as written, relative to this file. */
  readonly data?: string;
  readonly metric?: string;
  readonly model?: string;
  /** One adapter for all steps, or a folder with one for each. Written when a tuned adapter is accepted. */
  readonly adapter?: string;
  readonly problems: readonly Problem[];
  /** Where the settings are in `text`, by name. */
  readonly ranges: Readonly<Record<string, TextRange>>;
}

/** Absolute paths of the prompt files, first to last. */
export const stepPaths = ({ path, steps }: ProgramFile): string[] => steps.map(({ prompt }) => resolve(dirname(path), prompt));
