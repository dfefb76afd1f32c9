/**
 * @file Chains of prompt and weight steps, each with its share of the budget and from the latest state, without a gate, and one lever alone
 * under Tandem's own schedule. Soylu, Potts and Khattab 2024 (BetterTogether): p -> w -> p, w -> p, p -> p, w -> w.
 */
import { AlternatingJointOptimizer } from '../alternating.ts';
import type { AlternatingMemory } from '../alternatingPhase.ts';
import type { Coordinator } from '../coordinator.ts';
import type { Lever } from '../events.ts';
import { affordableSteps, trainingDefaults, type TrainingSettings } from './training.ts';

/** A race stops most proposals early: so many times as many are paid for by the price of measuring each in full. */
const raceSaves = 1.6;
/** A chain's weight phase takes so many times `weightSteps`. */
const chainFactor = 3;

interface Memory {
  /** Token passes of one evaluation of the valset, as at the start. */
  readonly measuring: number;
  readonly own: AlternatingMemory;
}

/** Every step spends its share: the chains of `--schedule chain:` stop where their usual numbers are reached. */
export function chain(levers: readonly Lever[], settings: TrainingSettings = trainingDefaults): Coordinator {
  const share = 1 / levers.length;
  const { batchRows, learningRate } = settings;
  const options = {
    schedule: { kind: 'chain', levers },
    strategy: 'plain',
    proposals: Infinity,
    patience: Infinity,
    batchRows,
    learningRate,
  } as const;
  return {
    async begin(context) {
      const state = await new AlternatingJointOptimizer(options).begin(context);
      return { ...state, memory: { measuring: state.passes, own: state.memory as AlternatingMemory } satisfies Memory };
    },
    async advance(context, state) {
      const { measuring, own } = state.memory as Memory;
      const steps = affordableSteps(context, own.current.prompt, context.trainset, {
        budget: share * context.budget,
        measuring,
        batchRows,
      });
      const optimizer = new AlternatingJointOptimizer({
        ...options,
        promptShare: raceSaves * share,
        weightSteps: Math.ceil(steps / chainFactor),
      });
      const next = await optimizer.advance(context, { ...state, memory: own });
      return { ...next, memory: { measuring, own: next.memory as AlternatingMemory } satisfies Memory };
    },
  };
}

/** A single lever under Tandem's gate and bandit. */
export const singleLever = (lever: Lever, { batchRows, learningRate }: TrainingSettings = trainingDefaults): Coordinator =>
  new AlternatingJointOptimizer({ levers: [lever], strategy: 'plain', batchRows, learningRate });
