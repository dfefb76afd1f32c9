/**
 * @file What a phase returns, in every coordinator: at most one new state, which has not been judged yet. The decision on it is a `Verdict`
 * (verdict.ts). There is no other record between the two.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { CandidateId } from './events.ts';
import type { GateDecision } from './gate.ts';
import type { Recipe } from './recipe.ts';
import type { Runner } from './successiveHalving.ts';

export interface Outcome {
  /** Absent if nothing could be measured, or nothing was better. */
  readonly measured?: MeasuredCandidate;
  readonly tokensUsed: number;
  /** Everything that was proposed. Absent if the phase proposes nothing that must be remembered. */
  readonly proposed?: readonly Runner[];
  /** Prompts that did well, with or without the measured one. They replace the earlier ones, unless a weight phase was rejected. */
  readonly challengers?: readonly Prompt[];
  /** How its weights were trained, if that can be repeated on all rows. */
  readonly recipe?: Recipe;
}

/** An outcome with a state. */
export interface MeasuredOutcome extends Outcome {
  readonly measured: MeasuredCandidate;
}

/** A prompt and an adapter with their evaluation on the valset, and whatever else the decision on them needs. */
export interface MeasuredCandidate extends Candidate {
  /** The id of the proposal. Absent for a prompt that was not proposed in this phase. */
  readonly id?: CandidateId;
  /** On the valset. */
  readonly evaluation: Evaluation;
  /** What it is judged by, if that is more than the valset. */
  readonly evidence?: Evidence;
  /** The gate's decision against the state that the phase started from, if the phase has already asked for it. */
  readonly decision?: GateDecision;
  /** How many results on these rows it is the best of. Default 1. */
  readonly among?: number;
  /** In how many ways the labels of each measurement were scored. These results share one likelihood. Default 1. */
  readonly scorings?: number;
  /** How labels are scored, in words, if that would change. */
  readonly scoring?: string;
  /** Why parts of the prompt were removed while weights were trained, in words. */
  readonly absorbed?: string;
  /** The evaluation without one part of the changes, if that was measured too. It shows what this part gains by itself, and what the rest gains. */
  readonly without?: { readonly part: 'decoding' | 'prompt'; readonly evaluation: Evaluation };
  /** The evaluation of the current prompt after the same look-ahead steps: only what a proposal gains beyond this is credited to it. */
  readonly unchanged?: Evaluation;
}

/** Two evaluations of the same rows, including those of the valset. The second one may cover more than one state. */
export interface Evidence {
  readonly before: Evaluation;
  readonly after: Evaluation;
  /** Which rows, in words. */
  readonly told: string;
}
