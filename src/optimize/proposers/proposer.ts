/** @file What a proposer is given and what it gives: new prompts for the gate to judge. */
import type { Row } from '../../data/dataset.ts';
import type { Evaluator } from '../../evaluate/evaluator.ts';
import type { Adapter } from '../../model/adapter.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import type { Random } from '../../random.ts';

export interface ProposerContext {
  /** The prompt to improve on. */
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
  readonly evaluator: Evaluator;
  readonly trainset: readonly Row[];
  readonly random: Random;
  /** How many proposals are wanted at most. */
  readonly count: number;
}

export interface Proposal {
  readonly prompt: Prompt;
  /** A phrase for people: what was changed and why. */
  readonly reason: string;
}

export interface Proposer {
  readonly name: string;
  propose(context: ProposerContext): Promise<readonly Proposal[]>;
}

/** The same text and demonstrations have the same key. */
export const promptKey = (prompt: Prompt): string => JSON.stringify([prompt.body, prompt.demonstrations]);
