/** @file What a model offers in addition to answers if its weights can be trained. */
import { TandemError } from '../errors.ts';
import type { Adapter, LoraConfig } from './adapter.ts';
import type { AdapterTraining, AdapterTrainingOptions } from './adapterTraining.ts';
import type { LanguageModel } from './languageModel.ts';
import type { SoftPrompt } from './softPrompt.ts';
import type { SoftPrompts } from './softPrompts.ts';
import type { TrainingExample } from './training.ts';
import type { TrainingText } from './trainingText.ts';

/** A model that a source has opened. Whether its weights can be trained depends on where it runs. */
export interface OpenedModel extends LanguageModel {
  readonly training?: WeightTraining;
}

export interface TrainableModel extends OpenedModel {
  readonly training: WeightTraining;
}

export interface WeightTraining {
  /** Initial weights, which change nothing yet. */
  fresh(lora: LoraConfig, seed: number): Adapter;
  /** Trains a copy of the adapter with the same shape. */
  start(from: Adapter, options: AdapterTrainingOptions): AdapterTraining;
  /** @param soft the soft prompt of a prompt with a mark for it @throws TandemError 'too-long', 'empty-prompt', 'no-soft-prompt' */
  example(text: TrainingText, soft?: SoftPrompt): TrainingExample;
  readonly soft: SoftPrompts;
}

/** @throws TandemError 'not-trainable' */
export function trainable(model: OpenedModel): TrainableModel {
  if (hasTraining(model)) return model;
  throw notTrainable(model);
}

/** For work that is not expected to train: only what would train throws 'not-trainable'. */
export function trainableIfAsked(model: OpenedModel): TrainableModel {
  if (hasTraining(model)) return model;
  const refuse = (): never => {
    throw notTrainable(model);
  };
  const soft: SoftPrompts = { begin: refuse, project: refuse, words: refuse, fluency: refuse, substitutions: refuse };
  return { ...model, training: { fresh: refuse, start: refuse, example: refuse, soft } };
}

const notTrainable = ({ name }: OpenedModel): TandemError =>
  new TandemError('not-trainable', `The weights of ${name} cannot be trained from here.`, {
    hint: 'Name a folder, a GGUF file or an installed model, e.g. smollm2-135m.',
  });

const hasTraining = (model: OpenedModel): model is TrainableModel => model.training !== undefined;
