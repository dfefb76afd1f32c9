/** @file Which language the editor should have for a prompt file: VS Code's, which knows no settings of ours, or our own. */
import { isPromptPath } from '../../prompt/kinds/table.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { ownLanguage } from '../ids.ts';

/** VS Code's own language for `*.prompt.md`. In it, VS Code checks the front matter for the keys of Copilot. */
export const vscodeLanguage = 'prompt';

export interface LanguageFacts {
  readonly path: string;
  readonly text: string;
  readonly languageId: string;
  /** As the setting says. */
  readonly wanted: boolean;
}

/**
 * The language to change to; undefined where it is right.
 * Any other language was chosen by the user, or by an association of the user's, and stays.
 */
export function languageToSet({ path, text, languageId, wanted }: LanguageFacts): string | undefined {
  if (languageId !== vscodeLanguage && languageId !== ownLanguage) return undefined;
  const right = wanted && isPromptPath(path) && parsePromptFile(path, text).hasSettings ? ownLanguage : vscodeLanguage;
  return right === languageId ? undefined : right;
}
