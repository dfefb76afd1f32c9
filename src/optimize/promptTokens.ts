/** @file Tokens of a prompt without any row's values: what every answer pays for it. */
import { questionWithoutValues } from '../evaluate/question.ts';
import { TandemError } from '../errors.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationContext } from './coordinator.ts';

/** Of a program's step. @returns undefined for what cannot be rendered, as where half of a change would close no block */
export type TokenCounter = (prompt: Prompt, step: number) => number | undefined;

export function tokenCounter({ evaluator, program, valset }: OptimizationContext): TokenCounter {
  return (prompt, step) => {
    const { model, task } = evaluator;
    try {
      const text = questionWithoutValues(program?.tasks[step] ?? task, model.texts, prompt, valset.at(0)?.values);
      return model.texts.count(text);
    } catch (error) {
      if (error instanceof TandemError) return undefined;
      throw error;
    }
  };
}
