/** @file Tokens of a prompt without any row's values: the part that every answer pays for. */
import { questionWithoutValues } from '../evaluate/question.ts';
import { TandemError } from '../errors.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { OptimizationContext } from './coordinator.ts';

/** For a program's step. @returns undefined for what cannot be rendered, for example half of a change that leaves a block open */
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
