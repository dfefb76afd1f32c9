/**
 * @file The published methods by name, for comparisons at equal compute. They are coordinators like Tandem's own, with the same evaluator, trainer,
 * rows and budget. `--schedule baseline:<name>` runs one.
 */
import type { Coordinator } from '../coordinator.ts';
import { bootstrapFewShot } from './bootstrapFewShot.ts';
import { chain, singleTarget } from './chains.ts';
import { gepa } from './gepa.ts';
import { loraOnGold } from './loraOnGold.ts';
import { loraOnOwnOutputs } from './loraOnOwnOutputs.ts';
import { mipro } from './mipro.ts';
import type { BaselineName } from './names.ts';
import type { TrainingSettings } from './training.ts';

export interface Baseline {
  /** The name that people see. */
  readonly title: string;
  readonly make: (training?: TrainingSettings) => Coordinator;
}

export const baselines: Readonly<Record<BaselineName, Baseline>> = {
  'bootstrap-few-shot': { title: 'bootstrap few-shot, random search', make: bootstrapFewShot },
  mipro: { title: 'MIPRO-like', make: mipro },
  gepa: { title: 'GEPA-like', make: gepa },
  'lora-on-gold': { title: 'LoRA on gold', make: loraOnGold },
  'lora-on-own-outputs': { title: 'LoRA on own passing outputs', make: loraOnOwnOutputs },
  'p-w-p': { title: 'p -> w -> p', make: (training) => chain(['prompt', 'weights', 'prompt'], training) },
  'w-p': { title: 'w -> p', make: (training) => chain(['weights', 'prompt'], training) },
  'p-p': { title: 'p -> p', make: (training) => chain(['prompt', 'prompt'], training) },
  'w-w': { title: 'w -> w', make: (training) => chain(['weights', 'weights'], training) },
  prompt: { title: 'prompt alone, gated', make: (training) => singleTarget('prompt', training) },
  weights: { title: 'weights alone, gated', make: (training) => singleTarget('weights', training) },
};
