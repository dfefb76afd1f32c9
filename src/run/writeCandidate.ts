/** @file A candidate of a run as files that people can open. */
import { join } from 'node:path';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { candidateFile } from './record/candidateFile.ts';
import { writeFileAtomically } from './record/jsonFile.ts';
import type { RunDirectory } from './record/runDirectory.ts';
import type { Session } from './session.ts';

/** A whole prompt file. For a program, a file for each step: `3.1.summary.prompt.md`. */
export function writeCandidate(
  directory: RunDirectory,
  { file, program }: Pick<Session, 'file' | 'program'>,
  candidate: string,
  prompt: Prompt,
): void {
  const files = program?.steps ?? [file];
  for (const [step, own] of stepsOf(prompt).entries()) {
    const { path, settings } = files[step];
    const name = candidateFile(candidate, path, program && settings.output);
    writeFileAtomically(join(directory.candidates, name), candidateText(files[step], own));
  }
}

function candidateText(file: PromptFile, prompt: Prompt): string {
  try {
    return applyPrompt(file, prompt, { output: file.settings.output });
  } catch {
    return prompt.body;
  }
}
