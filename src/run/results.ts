/** @file `.tandem/results/`: the latest numbers measured for a prompt file, for the annotations in the editor. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Difference, Estimate } from '../optimize/events.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import { makeTandemFolder, portable, workspaceOf } from './runDirectory.ts';

export interface Results {
  readonly version: 1;
  /** SHA-256 of the prompt file's text that the numbers belong to: where it differs from the file's they are out of date. */
  readonly textHash: string;
  readonly evaluation?: MeasuredPrompt;
  readonly lines?: MeasuredLines;
}

export interface MeasuredPrompt {
  /** ISO 8601. */
  readonly at: string;
  readonly model: string;
  readonly adapter?: string;
  readonly metric: string;
  readonly split: 'val' | 'test';
  readonly score: Estimate;
  readonly logLikelihood: Estimate;
}

export interface MeasuredLines {
  /** ISO 8601. */
  readonly at: string;
  readonly model: string;
  readonly adapter?: string;
  readonly metric: string;
  readonly split: 'val' | 'test';
  readonly lines: readonly LineWorth[];
}

/** What a line of the prompt is worth: with it minus without it, over the same rows. */
export interface LineWorth {
  /** 1-based line of the prompt file. */
  readonly line: number;
  readonly text: string;
  readonly score: Difference;
  readonly logLikelihood: Difference;
}

/** Adds to what is known about this text of the prompt file; what was measured on another text is dropped. */
export function writeResults(promptFile: string, text: string, measured: Pick<Results, 'evaluation' | 'lines'>): void {
  makeTandemFolder(workspaceOf(promptFile));
  const file = resultsFile(promptFile);
  mkdirSync(dirname(file), { recursive: true });
  const known = readResults(promptFile);
  const textHash = hashText(text);
  writeVersioned(file, { version: 1, textHash, ...(known?.textHash === textHash ? known : {}), ...measured } satisfies Results);
}

/** @throws TandemError reasons 'bad-file', 'newer-version' */
export function readResults(promptFile: string): Results | undefined {
  return readVersioned<Results>(resultsFile(promptFile), 1);
}

export const hashText = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** `prompts/intent.prompt.md` has its numbers in `.tandem/results/prompts/intent.json`. */
function resultsFile(promptFile: string): string {
  const workspace = workspaceOf(promptFile);
  return join(workspace, '.tandem', 'results', `${portable(workspace, promptFile).replace(/(\.prompt)?\.\w+$/, '')}.json`);
}
