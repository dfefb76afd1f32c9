/** @file The state of a run: everything that panel, terminal, report, annotations and resume know. `fold.ts` derives it from the journal's lines. */
import type { MeasuredControl } from '../../optimize/baselines/controls.ts';
import type { ControlName } from '../../optimize/baselines/names.ts';
import type {
  CandidateId,
  Change,
  Difference,
  Estimate,
  ChangedPredictions,
  MeasuredState,
  ObjectiveTerms,
  OptimizationEvent,
  PhaseTarget,
} from '../../optimize/events.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import type { PriceMeasured, RunConfig } from './events.ts';

/** Whether the best state differs from the one that the run began with, so that there is something to propose. */
export const foundBetter = ({ start, best }: Pick<RunState, 'start' | 'best'>): boolean =>
  start !== undefined && best !== undefined && best.candidate !== start.candidate;

export type RunStatus = 'starting' | 'running' | 'stopping' | 'testing' | 'ended' | 'failed';

export interface CandidateState {
  readonly candidate: CandidateId;
  /** Absent for the outcome of a weight phase. */
  readonly proposal?: { readonly proposer: string; readonly reason: string; readonly prompt: Prompt; readonly changes?: readonly Change[] };
  /** The state that it became, if it was the best after its phase. */
  readonly became?: Pick<MeasuredState, 'prompt' | 'adapter'>;
  /** One for each rung of successive halving. */
  readonly measured: readonly Measurement[];
  readonly decision?: Decision;
}

export interface Measurement {
  readonly score: Difference;
  readonly logLikelihood?: Difference;
  readonly kept: boolean;
}

export interface Decision {
  readonly accepted: boolean;
  readonly because: string;
  readonly score: Difference;
  readonly logLikelihood?: Difference;
  /** The candidate's own terms of J, and the rows whose predictions it changed, if the journal has them. */
  readonly objective?: ObjectiveTerms;
  readonly changedPredictions?: ChangedPredictions;
  /** What it changed, if the journal says. */
  readonly changes?: readonly Change[];
}

export interface WeightStep {
  /** The candidate whose look-ahead the step belongs to. Absent in a weight phase and for the current prompt's look-ahead. */
  readonly candidate?: CandidateId;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** For the soft prompt, if the step also moved it. */
  readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
}

/** How the phase's soft prompt compares with the best text. */
export type SoftPromptState = Omit<Extract<OptimizationEvent, { type: 'softPromptJudged' }>, 'type' | 'phase'>;

export type RefitState = Pick<Extract<OptimizationEvent, { type: 'weightsRefitted' }>, 'rows' | 'steps' | 'kept'>;
/** Which of its own answers the weights learned from. */
export type OwnAnswersState = Omit<Extract<OptimizationEvent, { type: 'ownAnswersJudged' }>, 'type' | 'phase' | 'tokensUsed'>;

export interface PhaseState {
  readonly phase: number;
  readonly target: PhaseTarget;
  /** The only block that may change, if the coordinator takes one block at a time. */
  readonly block?: string;
  readonly because: string;
  readonly candidates: readonly CandidateState[];
  readonly weightSteps: readonly WeightStep[];
  readonly softPrompt?: SoftPromptState;
  /** For data without right answers, what the weights learned from. */
  readonly ownAnswers?: OwnAnswersState;
  readonly startedAt: number;
  readonly startTokens: number;
  readonly ended?: { readonly accepted: boolean; readonly at: number; readonly tokensUsed: number };
}

/** The best state at one moment: after the baseline (phase 0) and after every phase. */
export interface HistoryPoint {
  readonly phase: number;
  readonly target?: PhaseTarget;
  readonly accepted: boolean;
  readonly candidate: CandidateId;
  readonly at: number;
  readonly tokensUsed: number;
  readonly score: Estimate;
  readonly logLikelihood?: Estimate;
  readonly objective: ObjectiveTerms;
  readonly promptTokens: number;
}

/** The requests to the writer so far. */
export interface WriterState {
  /** The writer's own tokens, a separate budget. */
  readonly tokens: number;
  readonly requests: number;
  /** Requests that failed in total, and in a row up to the latest. */
  readonly failed: number;
  readonly failing: number;
  /** The latest failure. */
  readonly trouble?: string;
}

export type Attribution = Omit<Extract<OptimizationEvent, { type: 'attributed' }>, 'type' | 'tokensUsed'>;

export type PriceState = Omit<PriceMeasured, 'type'>;

/** What grew during the run. */
export interface CurriculumState {
  readonly data: readonly Omit<Extract<OptimizationEvent, { type: 'difficultyMeasured' }>, 'type' | 'tokensUsed'>[];
  readonly freedom: readonly Omit<Extract<OptimizationEvent, { type: 'freedomGrown' }>, 'type'>[];
}

/** A control, with which the run is compared at the same compute. */
export interface ControlState {
  readonly control: ControlName;
  /** What it does, and why. */
  readonly because: string;
  /** Tokens that it has spent. */
  readonly tokensUsed: number;
  /** The number of phases that have ended. */
  readonly phase: number;
  /** Its best so far, on the validation rows. */
  readonly val?: Estimate;
  /** Its comparison on the test rows, once it has finished. */
  readonly measured?: MeasuredControl;
}

export interface RunState {
  readonly version: 1;
  readonly status: RunStatus;
  readonly config?: RunConfig;
  readonly notices: readonly string[];
  readonly tokensPerSecond?: number;
  /** Tokens that may be spent, known once the rate is measured. For a budget of time, from the latest plan. */
  readonly budget?: number;
  /** What a row costs to measure once, if the journal has it. */
  readonly tokensPerRow?: number;
  /** Tokens spent so far, without the final test. */
  readonly tokensUsed: number;
  /** Milliseconds of running time at the latest event. */
  readonly elapsed: number;
  /** Running time and tokens when the optimization proper began. The pace is counted from here. */
  readonly pacedFrom: { readonly at: number; readonly tokensUsed: number };
  /** Absent before the first request. */
  readonly writer?: WriterState;
  /** A learned start for new adapters, and whether it is used. */
  readonly warmStart?: Omit<Extract<OptimizationEvent, { type: 'warmStartProbed' }>, 'type' | 'tokensUsed'>;
  /** The same for the soft prompt. */
  readonly warmSoft?: RunState['warmStart'];
  readonly start?: MeasuredState;
  readonly best?: MeasuredState;
  readonly phases: readonly PhaseState[];
  readonly history: readonly HistoryPoint[];
  /** Absent if nothing grows. */
  readonly curriculum?: CurriculumState;
  readonly stopRequested: boolean;
  /** The number of rows of the sealed test split, once it has been opened. */
  readonly testRows?: number;
  /** The difference that each changed place makes between start and best, if it was measured. */
  readonly places?: readonly Change[];
  /** The last training on all rows, for a run with few. */
  readonly refit?: RefitState;
  readonly attribution?: Attribution;
  /** What one answer costs before and after the run. Absent from journals of versions that did not measure it. */
  readonly price?: PriceState;
  /** The controls that have begun. */
  readonly controls: readonly ControlState[];
  readonly because?: string;
  readonly failure?: { readonly reason: string; readonly message: string };
}

export const initialState: RunState = {
  version: 1,
  status: 'starting',
  notices: [],
  tokensUsed: 0,
  elapsed: 0,
  pacedFrom: { at: 0, tokensUsed: 0 },
  phases: [],
  history: [],
  stopRequested: false,
  controls: [],
};

/** The share of the budget that is spent, 0 to 1, including controls. Absent before the budget is known. */
export function progressOf(state: RunState): number | undefined {
  if (state.status === 'ended') return 1;
  if (state.budget === undefined) return undefined;
  const time = timeOf(state);
  if (time !== undefined) return Math.min(1, state.elapsed / time);
  const own = state.attribution ? state.budget : Math.min(state.budget, state.tokensUsed);
  return (own + (ofControls(state) - leftOfControls(state))) / (state.budget + ofControls(state));
}

/** The milliseconds that the run may take in total, including its test and controls. Undefined for a budget in tokens. */
function timeOf({ config, tokensPerRow }: RunState): number | undefined {
  // Journals of versions that converted time into tokens only once lack the cost of a row.
  return config && 'seconds' in config.budget && tokensPerRow !== undefined ? config.budget.seconds * 1000 : undefined;
}

/** Whether the budget is a time, kept by the clock. */
export const isTimed = (state: RunState): boolean => timeOf(state) !== undefined;

/** Tokens of all requested controls. */
const ofControls = ({ config, budget = 0 }: RunState): number => (config?.controls?.length ?? 0) * budget;

/** What is still to be spent on controls. A control that ended early leaves nothing. */
function leftOfControls({ config, controls, budget = 0 }: RunState): number {
  return (config?.controls ?? []).reduce((sum, name) => {
    const known = controls.find(({ control }) => control === name);
    return sum + (known?.measured ? 0 : Math.max(0, budget - (known?.tokensUsed ?? 0)));
  }, 0);
}

/** Milliseconds until the budget is spent: by the clock for a time; for tokens at the pace so far, including controls but not the final test. */
export function remainingTime(state: RunState): number | undefined {
  if (state.budget === undefined) return undefined;
  const time = timeOf(state);
  if (time !== undefined) return Math.max(0, time - state.elapsed);
  const spent = state.tokensUsed - state.pacedFrom.tokensUsed;
  const pacing = state.elapsed - state.pacedFrom.at;
  const perMillisecond = spent > 0 && pacing > 5000 ? spent / pacing : (state.tokensPerSecond ?? 0) / 1000;
  return perMillisecond > 0 ? (Math.max(0, state.budget - state.tokensUsed) + leftOfControls(state)) / perMillisecond : undefined;
}
