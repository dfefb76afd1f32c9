/** @file The name of a candidate's file in the folder of its run. */
import { isWholeName, promptKindOf } from '../../prompt/kinds/table.ts';

/** The name of a candidate's file: `3.1.prompt.md`; `3.1.SKILL.md`; for a program one for each step, `3.1.summary.prompt.md`. */
export function candidateFile(candidate: string, promptFile: string, step?: string): string {
  const name = step === undefined ? '' : `.${step.replace(/[^\p{L}\p{N}._-]+/gu, '-')}`;
  const [ending] = promptKindOf(promptFile).endings;
  return `${candidate}${name}${isWholeName(ending) ? '.' : ''}${ending}`;
}
