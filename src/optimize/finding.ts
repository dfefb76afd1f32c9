/** @file What a phase brings, whichever coordinator it is of: at most one new state, for the gate. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { CandidateId } from './events.ts';
import type { GateDecision } from './gate.ts';

/** Two evaluations of the same rows, those of the valset among them; the second one may be of more than one state. */
export interface Evidence {
  readonly before: Evaluation;
  readonly after: Evaluation;
  /** On which rows, in words. */
  readonly told: string;
}

export interface Finding {
  /** The proposal that won; absent for a prompt that was not proposed in this phase. */
  readonly candidate?: CandidateId;
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
  /** On the valset; absent where nothing could be measured. */
  readonly evaluation?: Evaluation;
  readonly tokensUsed: number;
  /** What it is judged by, where that is more than the valset. */
  readonly evidence?: Evidence;
  /** The gate's, where the phase has asked it already; against the state that the phase started from. */
  readonly decision?: GateDecision;
  /** Of how many results on these rows it is the best; 1 if absent. */
  readonly among?: number;
  /** In how many ways the labels of each measurement were scored: these results share one likelihood. 1 if absent. */
  readonly scorings?: number;
  /** How the answers are read off, where the phase would change it. */
  readonly scoring?: string;
  /** Why parts of the prompt went while weights were trained, in words. */
  readonly absorbed?: string;
  /** The same without a part of what it changes, where that was measured too: what that part brings by itself, and what the rest does. */
  readonly without?: { readonly part: 'decoding' | 'prompt'; readonly evaluation: Evaluation };
}
