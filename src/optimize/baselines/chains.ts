/**
 * @file Chains of prompt and weight steps without a gate. Each step has its share of the budget and starts from the latest state. Also the prompt or
 * the weights alone under Tandem's own schedule. Soylu, Potts and Khattab 2024 (BetterTogether): p -> w -> p, w -> p, p -> p, w -> w.
 */
import { alternating } from '../alternating.ts';
import type { Coordinator } from '../coordinator.ts';
import type { Target } from '../events.ts';
import { trainingDefaults, type TrainingSettings } from './training.ts';

/** Every step spends its share. The chains of `--schedule chain:` stop at their usual numbers of steps instead. */
export const chain = (targets: readonly Target[], { batchRows, learningRate }: TrainingSettings = trainingDefaults): Coordinator =>
  alternating({
    schedule: { kind: 'chain', targets },
    strategy: 'plain',
    proposals: Infinity,
    weightSteps: Infinity,
    patience: Infinity,
    batchRows,
    learningRate,
  });

/** The prompt or the weights alone, under Tandem's gate and bandit. */
export const singleTarget = (target: Target, { batchRows, learningRate }: TrainingSettings = trainingDefaults): Coordinator =>
  alternating({ targets: [target], strategy: 'plain', batchRows, learningRate });
