/** @file The arms of the evidence tables: the default run, and what the prompt and the weights do alone with the same tokens. */
import { baselines } from '../../src/optimize/baselines/baselines.ts';
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import { makeCoordinator } from '../../src/run/coordinators.ts';
import { runDefaults } from '../../src/run/spec.ts';
import { labelledFewShot } from './labelledFewShot.ts';
import { readBest } from './readBest.ts';

export interface Arm {
  /** As the tables name it. */
  readonly title: string;
  readonly make: () => Coordinator;
  /** All labelled rows train, and the same rows choose: no row is spent on validation. */
  readonly allRowsTrain?: boolean;
  /** Share of the budget; all of it where absent. */
  readonly share?: number;
}

const joint = (): Coordinator => makeCoordinator('alternating', runDefaults);
/** Published methods that do not choose how label scores are read get that choice in the end. */
const lora = (): Coordinator => readBest(baselines['lora-on-gold'].make());

export const arms = {
  joint: { title: 'joint', make: joint },
  lora: { title: 'LoRA on answers', make: lora },
  'lora-all': { title: 'LoRA on answers, all rows train', make: lora, allRowsTrain: true },
  prompt: { title: 'prompt only', make: () => baselines.prompt.make() },
  demonstrations: { title: 'demonstrations only', make: () => labelledFewShot() },
  'w-w': { title: 'w -> w', make: () => readBest(baselines['w-w'].make()) },
  'p-p': { title: 'p -> p', make: () => baselines['p-p'].make() },
  /** With k-shot training and the gate, as in the default run. */
  weights: { title: 'weights only, gated', make: () => baselines.weights.make() },
  'joint-all': { title: 'joint, all rows train', make: joint, allRowsTrain: true },
  'lora-half': { title: 'LoRA on answers, half the budget', make: lora, share: 1 / 2 },
  'lora-quarter': { title: 'LoRA on answers, a quarter of the budget', make: lora, share: 1 / 4 },
} as const satisfies Readonly<Record<string, Arm>>;

export type ArmName = keyof typeof arms;

export const isArm = (name: string): name is ArmName => Object.hasOwn(arms, name);

export const armNamed = (name: ArmName): Arm => arms[name];

/** Those that a joint run must beat: only the prompt or only the weights. */
export const singleArms: readonly ArmName[] = ['lora', 'lora-all', 'prompt', 'demonstrations', 'weights', 'w-w', 'p-p'];
