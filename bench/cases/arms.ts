/** @file The arms of the evidence tables: the default run, and the prompt or the weights alone with the same tokens. */
import { baselines } from '../../src/optimize/baselines/baselines.ts';
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import { makeCoordinator } from '../../src/run/coordinators.ts';
import { runDefaults } from '../../src/run/spec.ts';
import { labelledFewShot } from './labelledFewShot.ts';
import { withBestScoring } from './withBestScoring.ts';

export interface Arm {
  /** The name in the tables. */
  readonly title: string;
  readonly make: () => Coordinator;
  /** All labelled rows are used for training, and the same rows decide. No row is spent on validation. */
  readonly allRowsTrain?: boolean;
  /** Share of the budget; absent for all of it. */
  readonly share?: number;
}

const joint = (): Coordinator => makeCoordinator('alternating', runDefaults);
/** Published methods that do not choose a label scoring get that choice at their end. */
const lora = (): Coordinator => withBestScoring(baselines['lora-on-gold'].make());

export const arms = {
  joint: { title: 'joint', make: joint },
  lora: { title: 'LoRA on answers', make: lora },
  'lora-all': { title: 'LoRA on answers, all rows train', make: lora, allRowsTrain: true },
  prompt: { title: 'prompt only', make: () => baselines.prompt.make() },
  demonstrations: { title: 'demonstrations only', make: () => labelledFewShot() },
  'w-w': { title: 'w -> w', make: () => withBestScoring(baselines['w-w'].make()) },
  'p-p': { title: 'p -> p', make: () => baselines['p-p'].make() },
  /** Uses k-shot training and the gate, like the default run. */
  weights: { title: 'weights only, gated', make: () => baselines.weights.make() },
  'joint-all': { title: 'joint, all rows train', make: joint, allRowsTrain: true },
  'lora-half': { title: 'LoRA on answers, half the budget', make: lora, share: 1 / 2 },
  'lora-quarter': { title: 'LoRA on answers, a quarter of the budget', make: lora, share: 1 / 4 },
} as const satisfies Readonly<Record<string, Arm>>;

export type ArmName = keyof typeof arms;

export const isArm = (name: string): name is ArmName => Object.hasOwn(arms, name);

export const armNamed = (name: ArmName): Arm => arms[name];

/** The arms that a joint run must beat: only the prompt or only the weights. */
export const singleArms: readonly ArmName[] = ['lora', 'lora-all', 'prompt', 'demonstrations', 'weights', 'w-w', 'p-p'];
