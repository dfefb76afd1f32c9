/** @file What an optimization reports while it runs. The journal stores these events on disk, and every surface is a fold over them. */
import type { Cut } from '../evaluate/cuts.ts';
import type { Interval, PairedDifference } from '../evaluate/statistics.ts';
import type { Hunk } from '../prompt/hunks.ts';
import type { Prompt } from '../prompt/prompt.ts';

export type Target = 'prompt' | 'weights';
/** 'both': one backward pass updates a soft prompt and the weights. */
export type PhaseTarget = Target | 'both';

/** `phase.number`, e.g. '3.2': the second proposal of phase 3. '3.0' is the result of phase 3 without a proposal. '0.0' is the start. */
export type CandidateId = string;

/** A mean over rows with its 95% bootstrap interval, in the metric's unit (0 to 1) or nats per row. */
export type Estimate = Interval;
/** Candidate minus reference over the same rows. */
export type Difference = PairedDifference;

/**
 * J and its three terms, per row of the valset: total = logLikelihood - weightPenalty - promptPenalty. Without gold answers the score replaces the
 * likelihood.
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
  /** Of the gold answers. Absent here and in everything that follows if the data has none. */
  readonly logLikelihood?: Estimate;
  readonly objective: ObjectiveTerms;
  readonly promptTokens: number;
  /** Answers that were cut off. Absent if none were, and in journals of versions that did not record them. */
  readonly cuts?: readonly Cut[];
}

/** A part of a state that differs from the one before it. */
export interface Change {
  readonly part: 'instruction' | 'demonstrations' | 'labels' | 'decoding' | 'adapter';
  /** In a program: the step, from 0. Absent for the weights. */
  readonly step?: number;
  /** For an instruction: its changed places, in lines of the previous body. */
  readonly hunks?: readonly ChangedHunk[];
  /** Why, if the reason is not the proposal's. A phrase for people. */
  readonly reason?: string;
  /** What it gained on the valset given everything else that the candidate changed, if that was measured. */
  readonly own?: Difference;
  /** Tokens that it adds to the prompt, below zero if it saves some. Absent if they were not counted. */
  readonly tokens?: number;
}

/** A changed place of an instruction, with what was measured for this place alone. */
export interface ChangedHunk extends Hunk {
  /** What it gained on the valset: the candidate with it minus the candidate without it. */
  readonly own?: Difference;
  /** Tokens that it adds to the prompt, below zero if it saves some. */
  readonly tokens?: number;
}

/** One cell of the 2x2 attribution on the test rows. */
export interface AttributionCell {
  readonly weights: 'old' | 'new';
  readonly prompt: 'old' | 'new';
  readonly score: Estimate;
  readonly logLikelihood?: Estimate;
  /** As in a measured state. */
  readonly cuts?: readonly Cut[];
}

/** How a test row was answered at the start and at the end. Long values are shortened. */
export interface TestAnswer {
  /** The row's id, from its values. */
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
  /** The reason for the score, if the metric gives one. */
  readonly feedback?: string;
  readonly logLikelihood?: number;
}

/** A metric that is reported but does not decide anything. */
export interface ReportedMetric {
  readonly metric: string;
  readonly before: Estimate;
  readonly after: Estimate;
  readonly difference: Difference;
}

/** A row whose score changed. Long values are shortened. */
export interface ChangedPrediction {
  /** 1-based line in the data file. */
  readonly line: number;
  readonly inputs: Readonly<Record<string, string>>;
  readonly gold?: string;
  /** The answer of the state that the candidate was compared with. */
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
      /** Whether new adapters start from a learned start, decided by the same few steps from it and from a fresh adapter. */
      readonly type: 'warmStartProbed';
      /** Default: the adapter. */
      readonly part?: 'soft prompt';
      /** Its name, e.g. its folder. */
      readonly from: string;
      readonly helped: boolean;
      /** A sentence for people. */
      readonly because: string;
      /** Warm minus cold on the valset. Absent if it was not tried. */
      readonly score?: Difference;
      readonly logLikelihood?: Difference;
      /** The number of steps from either start. */
      readonly steps: number;
      readonly tokensUsed: number;
    }
  | {
      readonly type: 'phaseStarted';
      readonly phase: number;
      readonly target: PhaseTarget;
      /** The only block that may change, if a coordinator takes one block at a time, e.g. `instruction of summary`. */
      readonly block?: string;
      readonly because: string;
    }
  | {
      /** Curriculum of data: how the model does on the training rows now, and whether they go to the prompt or to the weights. */
      readonly type: 'difficultyMeasured';
      readonly phase: number;
      /** How many were measured just now, and how many in total. */
      readonly rows: number;
      readonly known: number;
      /** The mean over all known rows, 0 to 1, of score and likelihood of the answer over the measurements. */
      readonly success: number;
      /** For the rows measured just now. The likelihood is in nats per row. */
      readonly passRate: number;
      readonly logLikelihood?: number;
      /** Rows for the weights, rows for the prompt, which always failed, and guards, which always passed. */
      readonly roles: { readonly weights: number; readonly prompt: number; readonly guard: number };
      /** Share of the rows, from the easiest, that batches are drawn from. */
      readonly inPlay: number;
      readonly tokensUsed: number;
    }
  | {
      /** For data without right answers: which of its own answers the weights will learn from. */
      readonly type: 'ownAnswersJudged';
      readonly phase: number;
      /** Training rows that were answered, and the number of their answers. */
      readonly rows: number;
      readonly answers: number;
      /** Answers with the full score, and rows with an answer that is good enough to learn from. */
      readonly passed: number;
      readonly learned: number;
      /** Tokens spent since the start. */
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
      /** The part of the adapter that trains, out of all of it. */
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
      /** Changes to the prompt that it was made from. Absent in journals of versions that did not record them. */
      readonly changes?: readonly Change[];
    }
  | {
      readonly type: 'candidateMeasured';
      readonly phase: number;
      readonly candidate: CandidateId;
      /** Compared with the best state, on the rows of this rung of successive halving. */
      readonly score: Difference;
      readonly logLikelihood?: Difference;
      readonly kept: boolean;
    }
  | {
      readonly type: 'weightStep';
      readonly phase: number;
      /** In a prompt phase that looks ahead: the candidate that these steps belong to. Absent for the current prompt. */
      readonly candidate?: CandidateId;
      /**
       * Not the phase's own training but the same training again with the splits exchanged, to judge its result, or on all rows at the end of the
       * run.
       */
      readonly aside?: boolean;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly learningRate: number;
      readonly gradientNorm: number;
      /** The soft prompt's own numbers, if the step moved it too. */
      readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
      /** Tokens spent since the start. */
      readonly tokensUsed: number;
    }
  | {
      readonly type: 'gateDecided';
      readonly phase: number;
      readonly candidate: CandidateId;
      readonly accepted: boolean;
      /** A sentence for people. */
      readonly because: string;
      /** Compared with the state that the phase started from, on the whole valset. */
      readonly score: Difference;
      readonly logLikelihood?: Difference;
      /** Changes to the state that the phase started from. Absent, like `objective` and `changedPredictions`, in journals of versions that did not record them. */
      readonly changes?: readonly Change[];
      /** J of the candidate. */
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
      /** The number of virtual tokens, and how far they are from their text: about two for each token that became another. */
      readonly tokens: number;
      readonly drift: number;
      /** Whether the soft prompt stays, as a part of the adapter, because no text kept its score. */
      readonly kept: boolean;
      /** The best prompt that is all text, with the weights it was measured with. */
      readonly text: MeasuredState;
      /** The effect of using it: the text minus the soft prompt, over the same rows. */
      readonly without: { readonly score: Difference; readonly logLikelihood?: Difference };
    }
  | {
      /** With few rows, after the last decision: the best weights are trained once more, on the validation rows too. */
      readonly type: 'weightsRefitted';
      /** The number of the last phase. */
      readonly phase: number;
      /** Training and validation rows. */
      readonly rows: number;
      readonly steps: number;
      /** Whether the new weights are kept. They are not if they answer those rows worse than the old ones. */
      readonly kept: boolean;
      /** With the numbers of the old weights, which had not learned from the validation rows. */
      readonly best: MeasuredState;
      /** Tokens spent since the start. */
      readonly tokensUsed: number;
    }
  | {
      /** The contribution of each place that the best prompt changes, measured by itself after the last phase. */
      readonly type: 'placesMeasured';
      /** Changes to the start, with numbers for the places of instructions, on the valset. */
      readonly changes: readonly Change[];
      /** Tokens spent since the start. */
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
      /** Results of the other metrics. Absent if there are none. */
      readonly reported?: readonly ReportedMetric[];
      /** Answers of the old prompt with the old weights, and of the new with the new. Absent in journals of versions that did not record them. */
      readonly answers?: readonly TestAnswer[];
      readonly tokensUsed: number;
    };
