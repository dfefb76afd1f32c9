/** @file What an optimization tells the world while it runs. The journal is these events on disk; every surface is a fold over them. */
import type { Cut } from '../evaluate/cuts.ts';
import type { Interval, PairedDifference } from '../evaluate/statistics.ts';
import type { Hunk } from '../prompt/hunks.ts';
import type { Prompt } from '../prompt/prompt.ts';

export type Target = 'prompt' | 'weights';
/** 'both': one backward pass moves a soft prompt and the weights. */
export type PhaseTarget = Target | 'both';

/** `phase.number`, e.g. '3.2': the second proposal of phase 3. '3.0' is what phase 3 made without a proposal; '0.0' is the start. */
export type CandidateId = string;

/** A mean over rows with its 95% bootstrap interval, in the metric's unit (0 to 1) or nats per row. */
export type Estimate = Interval;
/** Candidate minus reference over the same rows. */
export type Difference = PairedDifference;

/**
 * J and its three terms, per row of the valset: total = logLikelihood - weightPenalty - promptPenalty. Without gold answers the score takes the
 * place of the likelihood.
 */
export interface ObjectiveTerms {
  readonly logLikelihood?: number;
  /** lambda1 R1(theta). */
  readonly weightPenalty: number;
  /** lambda2 R2(p). */
  readonly promptPenalty: number;
  readonly total: number;
}

/** A pair of prompt and weights as measured on the valset. `adapter` is an id in the run's adapter store; absent = base weights. */
export interface MeasuredState {
  readonly candidate: CandidateId;
  readonly prompt: Prompt;
  readonly adapter?: string;
  readonly score: Estimate;
  /** Of the gold answers; absent here and in all that follows where the data has none. */
  readonly logLikelihood?: Estimate;
  readonly objective: ObjectiveTerms;
  readonly promptTokens: number;
  /** Answers that were cut off; absent where none were, and from journals of versions that did not tell. */
  readonly cuts?: readonly Cut[];
}

/** A part of a state that differs from the one before it. */
export interface Change {
  readonly part: 'instruction' | 'demonstrations' | 'labels' | 'decoding' | 'adapter';
  /** Of a program: the step, from 0. Absent of the weights. */
  readonly step?: number;
  /** Of an instruction: its places, in lines of the body before. */
  readonly hunks?: readonly ChangedHunk[];
  /** Why, where that is another reason than the proposal's; a phrase for people. */
  readonly reason?: string;
  /** What it brought on the valset beside all else that the candidate changed, where that was measured. */
  readonly own?: Difference;
  /** Tokens that it adds to the prompt; below zero where it saves some. Absent where they were not counted. */
  readonly tokens?: number;
}

/** A place of an instruction, with what was measured of this place alone. */
export interface ChangedHunk extends Hunk {
  /** What it brought on the valset: the candidate with it minus the candidate without it. */
  readonly own?: Difference;
  /** Tokens that it adds to the prompt; below zero where it saves some. */
  readonly tokens?: number;
}

/** One cell of the 2x2 attribution on the test rows. */
export interface AttributionCell {
  readonly weights: 'old' | 'new';
  readonly prompt: 'old' | 'new';
  readonly score: Estimate;
  readonly logLikelihood?: Estimate;
  /** As of a measured state. */
  readonly cuts?: readonly Cut[];
}

/** How a test row was answered at the start and at the end; long values are cut. */
export interface TestAnswer {
  /** The row's id, of its values. */
  readonly row: string;
  /** 1-based line in the data file. */
  readonly line: number;
  readonly gold?: string;
  readonly before: JudgedAnswer;
  readonly after: JudgedAnswer;
}

export interface JudgedAnswer {
  readonly prediction: string;
  readonly score: number;
  /** Why, where the metric says. */
  readonly feedback?: string;
  readonly logLikelihood?: number;
}

/** A metric that decides nothing and is told. */
export interface ReportedMetric {
  readonly metric: string;
  readonly before: Estimate;
  readonly after: Estimate;
  readonly difference: Difference;
}

/** A row whose score changed; long values are cut. */
export interface ChangedPrediction {
  /** 1-based line in the data file. */
  readonly line: number;
  readonly inputs: Readonly<Record<string, string>>;
  readonly gold?: string;
  /** Answered by the state that the candidate was compared with. */
  readonly before: string;
  readonly after: string;
  readonly better: boolean;
}

/** How many rows of the valset became better or worse, and some of them. */
export interface ChangedPredictions {
  readonly fixes: number;
  readonly regressions: number;
  readonly examples: readonly ChangedPrediction[];
}

export type OptimizationEvent =
  | { readonly type: 'baselineMeasured'; readonly state: MeasuredState; readonly tokensUsed: number }
  | {
      /** Whether new adapters begin at a learned start: decided by the same few steps from it and from nothing. */
      readonly type: 'warmStartProbed';
      /** Of the adapter where absent. */
      readonly part?: 'soft prompt';
      /** What it is called, e.g. its folder. */
      readonly from: string;
      readonly helped: boolean;
      /** A sentence for people. */
      readonly because: string;
      /** Warm minus cold on the valset; absent where it was not tried. */
      readonly score?: Difference;
      readonly logLikelihood?: Difference;
      /** From either. */
      readonly steps: number;
      readonly tokensUsed: number;
    }
  | {
      readonly type: 'phaseStarted';
      readonly phase: number;
      readonly target: PhaseTarget;
      /** What alone may change, where a coordinator takes one block at a time, e.g. `instruction of summary`. */
      readonly block?: string;
      readonly because: string;
    }
  | {
      /** Curriculum of data: what the model makes of the training rows now, and whether they go to the prompt or to the weights. */
      readonly type: 'difficultyMeasured';
      readonly phase: number;
      /** Measured just now, and ever. */
      readonly rows: number;
      readonly known: number;
      /** Mean over all known rows, 0 to 1: of score and likelihood of the answer, over the measurements. */
      readonly success: number;
      /** Of the rows measured just now; the likelihood in nats per row. */
      readonly passRate: number;
      readonly logLikelihood?: number;
      /** Rows for the weights, always failed ones for the prompt, always passed ones as guards. */
      readonly roles: { readonly weights: number; readonly prompt: number; readonly guard: number };
      /** Share of the rows, from the easiest, that batches are drawn from. */
      readonly inPlay: number;
      readonly tokensUsed: number;
    }
  | {
      /** Of data without right answers: which of its own answers the weights are to learn from. */
      readonly type: 'ownAnswersJudged';
      readonly phase: number;
      /** Training rows that were answered, and the answers that they got. */
      readonly rows: number;
      readonly answers: number;
      /** Answers with the full score, and rows that have one good enough to be learned. */
      readonly passed: number;
      readonly learned: number;
      /** Spent since the start. */
      readonly tokensUsed: number;
    }
  | {
      /** Curriculum of freedom: from this phase on more may move. */
      readonly type: 'freedomGrown';
      readonly phase: number;
      /** 1 to stages. */
      readonly stage: number;
      readonly stages: number;
      readonly name: string;
      /** What a proposal may change, for people. */
      readonly prompt: string;
      /** That train, of all. */
      readonly rank: readonly [number, number];
      readonly layers: readonly [number, number];
      /** Factor on lambda1 and lambda2. */
      readonly penalty: number;
      readonly because: string;
    }
  | {
      readonly type: 'candidateProposed';
      readonly phase: number;
      readonly candidate: CandidateId;
      readonly proposer: string;
      readonly reason: string;
      readonly prompt: Prompt;
      /** Of the prompt that it was made from; absent from journals of versions that did not tell. */
      readonly changes?: readonly Change[];
    }
  | {
      readonly type: 'candidateMeasured';
      readonly phase: number;
      readonly candidate: CandidateId;
      /** Against the best state, on the rows that this rung of the race used. */
      readonly score: Difference;
      readonly logLikelihood?: Difference;
      readonly kept: boolean;
    }
  | {
      readonly type: 'weightStep';
      readonly phase: number;
      /** In a prompt phase that looks ahead: whose steps these are; absent for the current prompt's. */
      readonly candidate?: CandidateId;
      /** Not the phase's own training: the same once more with the splits exchanged, to judge its result, or on all rows at the end of the run. */
      readonly aside?: boolean;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
      /** The soft prompt's own, of a step that moved it too. */
      readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
      /** Spent since the start. */
      readonly tokensUsed: number;
    }
  | {
      readonly type: 'gateDecided';
      readonly phase: number;
      readonly candidate: CandidateId;
      readonly accepted: boolean;
      /** A sentence for people. */
      readonly because: string;
      /** Against the state that the phase started from, on the whole valset. */
      readonly score: Difference;
      readonly logLikelihood?: Difference;
      /** Of the state that the phase started from; like `objective` and `flips` absent from journals of versions that did not tell. */
      readonly changes?: readonly Change[];
      /** The candidate's own. */
      readonly objective?: ObjectiveTerms;
      readonly changedPredictions?: ChangedPredictions;
    }
  | {
      readonly type: 'phaseEnded';
      readonly phase: number;
      readonly target: PhaseTarget;
      readonly accepted: boolean;
      readonly best: MeasuredState;
      /** Tokens spent since the start (forward 1, backward 2). */
      readonly tokensUsed: number;
    }
  | {
      readonly type: 'softPromptJudged';
      readonly phase: number;
      /** Virtual tokens, and how far they are from their text: about two for each token that became another. */
      readonly tokens: number;
      readonly drift: number;
      /** No text held its score: it stays, as a part of the adapter. */
      readonly kept: boolean;
      /** The best prompt that is all text, with the weights that it was measured with. */
      readonly text: MeasuredState;
      /** What taking it brings: the text minus the soft prompt, over the same rows. */
      readonly without: { readonly score: Difference; readonly logLikelihood?: Difference };
    }
  | {
      /** On few rows, after the last decision: the training of the best weights once more, on the validation rows too. */
      readonly type: 'weightsRefitted';
      /** The last one. */
      readonly phase: number;
      /** Training and validation rows. */
      readonly rows: number;
      readonly steps: number;
      /** Whether the new weights stand; they do not where they answer those rows worse than the former ones. */
      readonly kept: boolean;
      /** Its numbers are those of the former weights, which had not learned from the validation rows. */
      readonly best: MeasuredState;
      /** Spent since the start. */
      readonly tokensUsed: number;
    }
  | {
      /** What each place that the best prompt changes is worth by itself; after the last phase. */
      readonly type: 'placesMeasured';
      /** Of the start, with numbers for the places of instructions, on the valset. */
      readonly changes: readonly Change[];
      /** Spent since the start. */
      readonly tokensUsed: number;
    }
  | {
      readonly type: 'attributed';
      /** Measured once, on the test rows, after the last phase: this opens the sealed split. */
      readonly cells: readonly AttributionCell[];
      /** New prompt with new weights minus old with old. */
      readonly total: Difference;
      readonly promptAlone: Difference;
      readonly weightsAlone: Difference;
      /** total - promptAlone - weightsAlone. */
      readonly interaction: Difference;
      /** Of the other metrics; absent where there are none. */
      readonly reported?: readonly ReportedMetric[];
      /** Of old with old and new with new; absent from journals of versions that did not tell. */
      readonly answers?: readonly TestAnswer[];
      readonly tokensUsed: number;
    };
