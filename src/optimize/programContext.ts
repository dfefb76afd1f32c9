/** @file What a coordinator needs of a program beside its evaluator: the steps, and how a row of each is learnt. */
import type { ProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { LoraConfig } from '../model/adapter.ts';
import type { LlamaModel } from '../model/llama.ts';
import type { ProgramContext } from './coordinator.ts';
import { loraTrainer } from './weightTuner.ts';

export function programContext(model: LlamaModel, { steps, trace }: ProgramEvaluator, lora: LoraConfig): ProgramContext {
  const trainers = steps.map((task) => loraTrainer(model, task, lora));
  return { tasks: steps, trace, example: (step, prompt, row) => trainers[step].example(prompt, row) };
}
