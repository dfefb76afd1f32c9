/** @file What a model offers whose weights can be trained on this machine. */
import { initialAdapter, type Adapter, type LoraConfig } from './adapter.ts';
import { trainAdapter, type AdapterTraining, type AdapterTrainingOptions } from './adapterTraining.ts';
import type { LanguageModel } from './languageModel.ts';
import type { SoftPrompt } from './softPrompt.ts';
import { softPrompts, type SoftPrompts } from './softPrompts.ts';
import type { TokenModel } from './tokenModel.ts';
import type { TrainingExample } from './training.ts';
import { trainingExample, type TrainingText } from './trainingText.ts';

export interface TrainableModel extends LanguageModel {
  readonly training: WeightTraining;
}

export interface WeightTraining {
  /** Weights that change nothing yet. */
  fresh(lora: LoraConfig, seed: number): Adapter;
  /** Trains a copy of the adapter, which keeps its shape. */
  start(from: Adapter, options: AdapterTrainingOptions): AdapterTraining;
  /** @param soft of a prompt with a mark for it @throws TandemError 'too-long', 'empty-prompt', 'no-soft-prompt' */
  example(text: TrainingText, soft?: SoftPrompt): TrainingExample;
  readonly soft: SoftPrompts;
}

export const weightTraining = (model: TokenModel): WeightTraining => ({
  fresh: (lora, seed) => initialAdapter(model.engine.config, lora, seed),
  start: (from, options) => trainAdapter(model.engine, from, options),
  example: (text, soft) => trainingExample(model, text, soft),
  soft: softPrompts(model),
});
