/**
 * @file What a phase brings, whichever coordinator it is of: at most one new state, which nobody has judged yet. The decision on it is a `Verdict`
 * (verdict.ts); between the two there is no third record.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { CandidateId } from './events.ts';
import type { GateDecision } from './gate.ts';
import type { Recipe } from './recipe.ts';
import type { Runner } from './successiveHalving.ts';

export interface Outcome {
  /** Absent where nothing could be measured, or nothing was better. */
  readonly measured?: MeasuredCandidate;
  readonly tokensUsed: number;
  /** All that was proposed; absent of a phase that proposes nothing to be remembered. */
  readonly proposed?: readonly Runner[];
  /** Prompts that did well, the measured one among them or not; they replace the former ones unless a weight phase was rejected. */
  readonly challengers?: readonly Prompt[];
  /** How its weights came to be, where that may be done again on all rows. */
  readonly recipe?: Recipe;
}

/** An outcome that has a state. */
export interface MeasuredOutcome extends Outcome {
  readonly measured: MeasuredCandidate;
}

/** A prompt and an adapter with what the valset says of them, and with what else the decision on them needs to know. */
export interface MeasuredCandidate extends Candidate {
  /** Of the proposal; absent for a prompt that was not proposed in this phase. */
  readonly id?: CandidateId;
  /** On the valset. */
  readonly evaluation: Evaluation;
  /** What it is judged by, where that is more than the valset. */
  readonly evidence?: Evidence;
  /** The gate's, where the phase has asked it already; against the state that the phase started from. */
  readonly decision?: GateDecision;
  /** Of how many results on these rows it is the best; 1 if absent. */
  readonly among?: number;
  /** In how many ways the labels of each measurement were scored: these results share one likelihood. 1 if absent. */
  readonly scorings?: number;
  /** How labels are scored, in words, where that would change. */
  readonly scoring?: string;
  /** Why parts of the prompt went while weights were trained, in words. */
  readonly absorbed?: string;
  /** The same without a part of what it changes, where that was measured too: what that part brings by itself, and what the rest does. */
  readonly without?: { readonly part: 'decoding' | 'prompt'; readonly evaluation: Evaluation };
  /** What the current prompt came to by the same look-ahead steps: a proposal is worth what it brings beyond that. */
  readonly unchanged?: Evaluation;
}

/** Two evaluations of the same rows, those of the valset among them; the second one may be of more than one state. */
export interface Evidence {
  readonly before: Evaluation;
  readonly after: Evaluation;
  /** On which rows, in words. */
  readonly told: string;
}
