/** @file The pointer to the adapter: a setting of the prompt file, or of the program. */
import { isProgramPath } from '../../prompt/kinds/table.ts';
import { parseProgramFile, parsePromptFile } from '../../prompt/readPrompt.ts';
import { applyPrompt, applyProgram } from '../../prompt/writePrompt.ts';
import type { TextRange } from '../../prompt/textRange.ts';

export interface Pointer {
  readonly adapter: string | null;
  /** Null if the file names none. */
  readonly model: string | null;
  /** 0-based line of the pointer, or of the settings where it would be added. */
  readonly line: number;
}

export interface PointerChange {
  readonly adapter: string | null;
  readonly model?: string | null;
}

export function pointerOf(path: string, text: string): Pointer {
  const file = isProgramPath(path) ? parseProgramFile(path, text) : parsePromptFile(path, text);
  const { ranges } = file;
  const place: TextRange | undefined = ranges.adapter ?? ranges.model ?? ranges.output ?? ranges.data;
  const { adapter, model } = 'settings' in file ? file.settings : file;
  return { adapter: adapter ?? null, model: ranges.model ? (model ?? null) : null, line: (place?.line ?? 1) - 1 };
}

/** @throws TandemError reason 'cannot-rewrite' */
export function pointTo(path: string, text: string, change: PointerChange): string {
  if (isProgramPath(path)) return applyProgram({ path, text }, change);
  const file = parsePromptFile(path, text);
  return applyPrompt(file, file.prompt, change);
}
