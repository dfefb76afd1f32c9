/** @file The state of a run: all that panel, terminal, report, annotations and resume know. `fold.ts` makes it of the journal's lines. */
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

/** Whether the best state is another than the one that the run began with: then it has something to propose. */
export const foundBetter = ({ start, best }: Pick<RunState, 'start' | 'best'>): boolean =>
  start !== undefined && best !== undefined && best.candidate !== start.candidate;

export type RunStatus = 'starting' | 'running' | 'stopping' | 'testing' | 'ended' | 'failed';

export interface CandidateState {
  readonly candidate: CandidateId;
  /** Absent for the outcome of a weight phase. */
  readonly proposal?: { readonly proposer: string; readonly reason: string; readonly prompt: Prompt; readonly changes?: readonly Change[] };
  /** Of the state that it became, where it was the best after its phase. */
  readonly became?: Pick<MeasuredState, 'prompt' | 'adapter'>;
  /** One for each rung of the race. */
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
  /** The candidate's own, and the rows that it turned, where the journal tells. */
  readonly objective?: ObjectiveTerms;
  readonly changedPredictions?: ChangedPredictions;
  /** What it changed, where the journal tells. */
  readonly changes?: readonly Change[];
}

export interface WeightStep {
  /** Whose look-ahead the step belongs to; absent in a weight phase and for the current prompt's. */
  readonly candidate?: CandidateId;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** The soft prompt's own, of a step that moved it too. */
  readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
}

/** What was said of the phase's soft prompt beside the best text. */
export type SoftPromptState = Omit<Extract<OptimizationEvent, { type: 'softPromptJudged' }>, 'type' | 'phase'>;

/** Which of its own answers the weights were to learn from. */
export type RefitState = Pick<Extract<OptimizationEvent, { type: 'weightsRefitted' }>, 'rows' | 'steps' | 'kept'>;
export type OwnAnswersState = Omit<Extract<OptimizationEvent, { type: 'ownAnswersJudged' }>, 'type' | 'phase' | 'tokensUsed'>;

export interface PhaseState {
  readonly phase: number;
  readonly target: PhaseTarget;
  /** What alone may change, where the coordinator takes one block at a time. */
  readonly block?: string;
  readonly because: string;
  readonly candidates: readonly CandidateState[];
  readonly weightSteps: readonly WeightStep[];
  readonly softPrompt?: SoftPromptState;
  /** Of data without right answers: what the weights learned from. */
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

/** What was asked of the writer so far. */
export interface WriterState {
  /** Of the writer's own; a budget apart from tokens. */
  readonly tokens: number;
  readonly requests: number;
  /** Requests that failed, and how many of the latest did so in a row. */
  readonly failed: number;
  readonly failing: number;
  /** What went wrong last. */
  readonly trouble?: string;
}

export type Attribution = Omit<Extract<OptimizationEvent, { type: 'attributed' }>, 'type' | 'tokensUsed'>;

export type PriceState = Omit<PriceMeasured, 'type'>;

/** Grown in the course of the run. */
export interface CurriculumState {
  readonly data: readonly Omit<Extract<OptimizationEvent, { type: 'difficultyMeasured' }>, 'type' | 'tokensUsed'>[];
  readonly freedom: readonly Omit<Extract<OptimizationEvent, { type: 'freedomGrown' }>, 'type'>[];
}

/** What the run is compared with, at the same compute. */
export interface ControlState {
  readonly control: ControlName;
  /** What it does, and why that. */
  readonly because: string;
  /** Tokens that it has spent. */
  readonly tokensUsed: number;
  /** Phases that have ended. */
  readonly phase: number;
  /** Its best so far, on the validation rows. */
  readonly val?: Estimate;
  /** On the test rows, once it is through. */
  readonly measured?: MeasuredControl;
}

export interface RunState {
  readonly version: 1;
  readonly status: RunStatus;
  readonly config?: RunConfig;
  readonly notices: readonly string[];
  readonly tokensPerSecond?: number;
  /** Tokens that may be spent, known once the rate is measured; of a budget of time by the latest plan. */
  readonly budget?: number;
  /** What a row costs to measure once, where the journal tells. */
  readonly tokensPerRow?: number;
  /** Tokens spent so far, without those of the final test. */
  readonly tokensUsed: number;
  /** Milliseconds of running time at the latest event. */
  readonly elapsed: number;
  /** Running time and passes when the optimization proper began; the pace is counted from here. */
  readonly pacedFrom: { readonly at: number; readonly tokensUsed: number };
  /** Absent before it is asked. */
  readonly writer?: WriterState;
  /** A learned start for new adapters, and whether it is used. */
  readonly warmStart?: Omit<Extract<OptimizationEvent, { type: 'warmStartProbed' }>, 'type' | 'tokensUsed'>;
  /** The same of the soft prompt. */
  readonly warmSoft?: RunState['warmStart'];
  readonly start?: MeasuredState;
  readonly best?: MeasuredState;
  readonly phases: readonly PhaseState[];
  readonly history: readonly HistoryPoint[];
  /** Absent where nothing grows. */
  readonly curriculum?: CurriculumState;
  readonly stopRequested: boolean;
  /** Rows of the sealed test split, once it has been opened. */
  readonly testRows?: number;
  /** What the best state changes of the start, place by place, where that was measured. */
  readonly places?: readonly Change[];
  /** Of few rows: the training once more on all of them. */
  readonly refit?: RefitState;
  readonly attribution?: Attribution;
  /** What one answer costs, before and after; absent from journals of versions that did not measure it. */
  readonly price?: PriceState;
  /** Those that have begun. */
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

/** Share of the budget that is spent, 0 to 1, controls counted in; absent before the budget is known. */
export function progressOf(state: RunState): number | undefined {
  if (state.status === 'ended') return 1;
  if (state.budget === undefined) return undefined;
  const time = timeOf(state);
  if (time !== undefined) return Math.min(1, state.elapsed / time);
  const own = state.attribution ? state.budget : Math.min(state.budget, state.tokensUsed);
  return (own + (ofControls(state) - leftOfControls(state))) / (state.budget + ofControls(state));
}

/** Milliseconds that the run may take in all, its test and controls among them; undefined of a budget in tokens. */
function timeOf({ config, tokensPerRow }: RunState): number | undefined {
  // Journals of versions that turned time into tokens once do not tell what a row costs.
  return config && 'seconds' in config.budget && tokensPerRow !== undefined ? config.budget.seconds * 1000 : undefined;
}

/** Whether the budget is one of time, kept by the clock. */
export const isTimed = (state: RunState): boolean => timeOf(state) !== undefined;

/** Tokens of all controls that were asked for. */
const ofControls = ({ config, budget = 0 }: RunState): number => (config?.controls?.length ?? 0) * budget;

/** Of these, what is still to be spent; a control that ended early leaves nothing. */
function leftOfControls({ config, controls, budget = 0 }: RunState): number {
  return (config?.controls ?? []).reduce((sum, name) => {
    const known = controls.find(({ control }) => control === name);
    return sum + (known?.measured ? 0 : Math.max(0, budget - (known?.tokensUsed ?? 0)));
  }, 0);
}

/** Milliseconds until the budget is spent: one of time by the clock; one in tokens at the pace so far, with that of the controls, without the final test. */
export function remainingTime(state: RunState): number | undefined {
  if (state.budget === undefined) return undefined;
  const time = timeOf(state);
  if (time !== undefined) return Math.max(0, time - state.elapsed);
  const spent = state.tokensUsed - state.pacedFrom.tokensUsed;
  const pacing = state.elapsed - state.pacedFrom.at;
  const perMillisecond = spent > 0 && pacing > 5000 ? spent / pacing : (state.tokensPerSecond ?? 0) / 1000;
  return perMillisecond > 0 ? (Math.max(0, state.budget - state.tokensUsed) + leftOfControls(state)) / perMillisecond : undefined;
}
