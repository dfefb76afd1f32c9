/**
 * @file Chains of prompt and weight steps, each with its share of the budget and from the latest state, without a gate, and one lever alone
 * under Tandem's own schedule. Soylu, Potts and Khattab 2024 (BetterTogether): p -> w -> p, w -> p, p -> p, w -> w.
 */
import { AlternatingJointOptimizer } from '../alternating.ts';
import type { Coordinator } from '../coordinator.ts';
import type { Lever } from '../events.ts';
import { trainingDefaults, type TrainingSettings } from './training.ts';

/** Every step spends its share: the chains of `--schedule chain:` stop where their usual numbers are reached. */
export const chain = (levers: readonly Lever[], { batchRows, learningRate }: TrainingSettings = trainingDefaults): Coordinator =>
  new AlternatingJointOptimizer({
    schedule: { kind: 'chain', levers },
    strategy: 'plain',
    proposals: Infinity,
    weightSteps: Infinity,
    patience: Infinity,
    batchRows,
    learningRate,
  });

/** A single lever under Tandem's gate and bandit. */
export const singleLever = (lever: Lever, { batchRows, learningRate }: TrainingSettings = trainingDefaults): Coordinator =>
  new AlternatingJointOptimizer({ levers: [lever], strategy: 'plain', batchRows, learningRate });
