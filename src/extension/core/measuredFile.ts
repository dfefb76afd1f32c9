/** @file A prompt file with what was measured of it, and whether that is still about the same text. */
import { parsePromptFile, type PromptFile } from '../../prompt/promptFile.ts';
import { hashPrompt, type Results } from '../../run/results.ts';
import { dataFilesOf } from './dataSample.ts';

export interface MeasuredFile {
  readonly file: PromptFile;
  readonly results?: Results;
  /** The results are of another text. */
  readonly stale: boolean;
}

export function measuredFile(path: string, text: string, results: Results | undefined): MeasuredFile {
  const stale = results !== undefined && results.textHash !== hashPrompt(text);
  return { file: parsePromptFile(path, text), ...(results && { results }), stale };
}

/** Whether it says on which rows it is to be measured. */
export const hasData = ({ file }: MeasuredFile): boolean => file.hasSettings && dataFilesOf(file.settings, file.path).length > 0;
