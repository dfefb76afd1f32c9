/** @file Writes accepted changes into prompt files and programs, each as the kind that its name indicates. */
import type { PointerChanges, ProgramText, SettingChanges } from './kinds/promptKind.ts';
import { programKindOf, promptKindOf } from './kinds/table.ts';
import type { Prompt } from './prompt.ts';
import type { PromptFile } from './promptFile.ts';

/**
 * The file's text with the body, the demonstrations, the label words and the decoding of `next`, and the changed settings.
 * @throws TandemError reasons 'cannot-rewrite', 'no-output'
 */
export const applyPrompt = (file: PromptFile, next: Prompt, changes: SettingChanges = {}): string =>
  promptKindOf(file.path).write(file, next, changes);

/** The program's text with another adapter, or model. @throws TandemError reason 'cannot-rewrite' */
export const applyProgram = (file: ProgramText, changes: PointerChanges): string => programKindOf(file.path).write(file, changes);
