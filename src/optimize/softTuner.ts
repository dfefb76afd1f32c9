/** @file Soft prompts for a task: what the model can do with them, and which tokens of an instruction the rows suggest to replace. */
import type { Row } from '../data/dataset.ts';
import type { Adapter, LoraConfig } from '../model/adapter.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { SoftPrompts, Substitution } from '../model/softPrompts.ts';
import type { TrainingExample } from '../model/training.ts';
import { withSoftLine } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';

export interface SoftTuner extends Omit<SoftPrompts, 'substitutions'> {
  /** The instruction with one token replaced, sorted by how much the loss on the rows is expected to decrease, most first. */
  substitutions(
    prompt: Prompt,
    instruction: string,
    rows: readonly Row[],
    adapter: Adapter | undefined,
    count: number,
  ): Promise<{ readonly found: readonly Substitution[]; readonly tokensUsed: number }>;
}

/** @param example a row under a prompt, with the soft prompt at its place */
export const softTuner = (
  soft: SoftPrompts,
  example: (prompt: Prompt, row: Row, soft: SoftPrompt) => TrainingExample,
  lora: LoraConfig,
): SoftTuner => ({
  ...soft,
  substitutions(prompt, instruction, rows, adapter, count) {
    const asked = withSoftLine(prompt);
    const examples = (text: SoftPrompt): TrainingExample[] => rows.map((row) => example(asked, row, text));
    return soft.substitutions(instruction, examples, { ...(adapter && { adapter }), lora, count });
  },
});
