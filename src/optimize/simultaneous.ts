/**
 * @file Simultaneous joint optimization: one backward pass moves both the weights and a soft prompt that replaces the instruction. Then the soft
 * prompt is projected to text, and the gate decides whether the text keeps what the soft prompt gained.
 */
import { compareEvaluations, type Evaluation } from '../evaluate/evaluation.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import { defaultGate } from './gate.ts';
import { jointPhase, startText } from './jointPhase.ts';
import { adapterOf, knownEvaluations, measureStart, type KnownEvaluations } from './measuredState.ts';
import { projectionPhase } from './projectionPhase.ts';
import { simultaneousDefaults, type SimultaneousOptions } from './simultaneousOptions.ts';
import { after, purseOf } from './purse.ts';
import { hasScorings, scoringFirst, scoringPhase } from './labelScoring.ts';
import { judge, tellVerdict } from './verdict.ts';

/** Everything that the next phase depends on besides the best state. JSON. */
export interface SimultaneousMemory {
  /** 'read': other label scoring comes first. 'project': the soft prompt of the last joint phase has not been projected to text yet. */
  readonly stage: 'read' | 'joint' | 'project';
  /** The author's prompt and the weights of the start, with the best label scoring. */
  readonly plain: MeasuredState;
  /** The best state that is all text: the result without a soft prompt. */
  readonly text: MeasuredState;
  /** The state of the last joint phase, whether or not the gate accepted it. */
  readonly soft?: MeasuredState;
  /** Cycles of joint phase and projection in a row that gained nothing. */
  readonly failures: number;
  readonly improved: boolean;
}

/** What a cycle tries after one has failed: smaller steps. Factors on both rates. */
export const attempts = [1, 0.3];

/** A phase that can pay for fewer measurements on the valset than this would gain nothing. */
export const leastMeasurements = 4;

export function simultaneous(given: Partial<SimultaneousOptions> = {}): Coordinator {
  const options: SimultaneousOptions = { ...simultaneousDefaults, ...given };
  const evaluations = knownEvaluations();
  return {
    softBeginning(context) {
      const text = startText(context, context.prompt);
      const { tokens, softRate: rate } = options;
      const soft = context.trainer.soft.begin(text, { ...options, seed: context.seed });
      return { ...(tokens !== undefined && { tokens }), text, soft, rate };
    },
    async begin(context) {
      const { start, evaluation } = await measureStart(context);
      evaluations.set(start.candidate, evaluation);
      const stage = hasScorings(context) ? 'read' : 'joint';
      const memory: SimultaneousMemory = { stage, plain: start, text: start, failures: 0, improved: false };
      return { version: 1, phase: 0, start, best: start, tokensUsed: evaluation.tokensUsed, done: false, memory };
    },
    async advance(context, state) {
      const memory = state.memory as SimultaneousMemory;
      const before = await evaluations.of(context, state.best);
      const left = context.budget - state.tokensUsed;
      if (left < leastMeasurements * before.tokensUsed) return { ...state, done: 'the budget is spent' };
      if (memory.stage === 'joint' && memory.failures >= attempts.length)
        return { ...state, done: 'neither the prompt nor the weights improve any further' };
      return stages[memory.stage]({ context, options, evaluations, state, memory, before });
    },
  };
}

/** What the phase of a stage receives. */
interface Stage {
  readonly context: OptimizationContext;
  readonly options: SimultaneousOptions;
  readonly evaluations: KnownEvaluations;
  readonly state: OptimizationState;
  readonly memory: SimultaneousMemory;
  /** The evaluation of the best state on the valset. */
  readonly before: Evaluation;
}

const stages: Readonly<Record<SimultaneousMemory['stage'], (stage: Stage) => Promise<OptimizationState>>> = { read, joint, project };

/** Tries other label scoring for the author's unchanged prompt. */
async function read({ context, evaluations, state, memory, before }: Stage): Promise<OptimizationState> {
  const phase = state.phase + 1;
  context.emit({ type: 'phaseStarted', phase, target: 'prompt', because: scoringFirst });
  const adapter = await adapterOf(context, state.best);
  const budget = after(purseOf(context), state.tokensUsed);
  const outcome = await scoringPhase(context, { phase, memory: { current: state.best }, before, adapter, budget });
  const tokensUsed = state.tokensUsed + outcome.tokensUsed;
  let { best } = state;
  const verdict = outcome.measured && judge(context, { start: state.start, phase, before, from: state.best }, outcome.measured);
  if (verdict) {
    tellVerdict(context, { phase, before }, verdict);
    if (verdict.accepted) best = await evaluations.keep(context, verdict);
  }
  context.emit({ type: 'phaseEnded', phase, target: 'prompt', accepted: best !== state.best, best, tokensUsed });
  return { ...state, phase, best, tokensUsed, memory: { ...memory, stage: 'joint', plain: best, text: best } };
}

/** Trains soft prompt and weights together, from the best state. */
async function joint({ context, options, evaluations, state, memory, before }: Stage): Promise<OptimizationState> {
  const phase = state.phase + 1;
  const because =
    state.best.candidate === memory.text.candidate
      ? 'trains a soft prompt in place of the instruction together with the weights'
      : 'no text kept the score, so the soft prompt and the weights keep training';
  context.emit({ type: 'phaseStarted', phase, target: 'both', because });
  const outcome = await jointPhase(context, options, {
    phase,
    best: state.best,
    adapter: await adapterOf(context, state.best),
    text: memory.text.prompt,
    before,
    spent: state.tokensUsed,
    rate: attempts[memory.failures],
  });
  const tokensUsed = state.tokensUsed + outcome.tokensUsed;
  const verdict = outcome.measured && judge(context, { start: state.start, phase, before, from: state.best }, outcome.measured);
  if (!verdict) {
    context.emit({ type: 'phaseEnded', phase, target: 'both', accepted: false, best: state.best, tokensUsed });
    return { ...state, phase, tokensUsed, memory: { ...memory, failures: memory.failures + 1 } };
  }
  const soft = await evaluations.keep(context, verdict);
  const accepted = verdict.accepted && options.keep;
  const but = verdict.accepted && !accepted ? '; not kept because only a text may stay' : '';
  tellVerdict(context, { phase, before }, { ...verdict, accepted, because: verdict.because + but });
  const best = accepted ? soft : state.best;
  context.emit({ type: 'phaseEnded', phase, target: 'both', accepted, best, tokensUsed });
  return { ...state, phase, best, tokensUsed, memory: { ...memory, stage: 'project', soft, improved: accepted } };
}

/** Projects the soft prompt to text. A text replaces the previous one if the gate finds it better and it keeps the soft prompt's score. */
async function project({ context, options, evaluations, state, memory, before }: Stage): Promise<OptimizationState> {
  const phase = state.phase + 1;
  const soft = memory.soft!;
  const softAdapter = (await adapterOf(context, soft))!;
  context.emit({
    type: 'phaseStarted',
    phase,
    target: 'prompt',
    because: `turns the soft prompt of phase ${state.phase} back into text`,
  });
  const textBefore = await evaluations.of(context, memory.text);
  const outcome = await projectionPhase(context, options, {
    phase,
    soft: softAdapter,
    text: memory.text.prompt,
    startAdapter: await adapterOf(context, state.start),
    plain: memory.plain.prompt,
    start: await evaluations.of(context, memory.plain),
    spent: state.tokensUsed,
  });
  const tokensUsed = state.tokensUsed + outcome.tokensUsed;
  let { text } = memory;
  let { best } = state;
  let accepted = false;
  const verdict = outcome.measured && judge(context, { start: state.start, phase, before: textBefore, from: state.best }, outcome.measured);
  if (verdict) {
    const softStands = best.candidate === soft.candidate;
    accepted = verdict.accepted && (!softStands || holds(before, verdict.measured.evaluation));
    const comparison = compareEvaluations(before, verdict.measured.evaluation);
    const against = softStands ? `; ${pointsOf(comparison.score.mean)} compared with the soft prompt` : '';
    const because = `compared with the previous text: ${verdict.because}${against}`;
    tellVerdict(context, { phase, before }, { ...verdict, ...comparison, accepted, because });
    if (verdict.accepted) text = await evaluations.keep(context, verdict);
    if (accepted) best = text;
  }
  const softEvaluation = await evaluations.of(context, soft);
  context.emit({
    type: 'softPromptJudged',
    phase,
    tokens: softAdapter.soft!.tokens,
    drift: softAdapter.soft!.drift,
    kept: best.candidate === soft.candidate,
    text,
    without: compareEvaluations(softEvaluation, await evaluations.of(context, text)),
  });
  context.emit({ type: 'phaseEnded', phase, target: 'prompt', accepted, best, tokensUsed });
  const failures = accepted || memory.improved ? 0 : memory.failures + 1;
  const next: SimultaneousMemory = { stage: 'joint', plain: memory.plain, text, failures, improved: false };
  return { ...state, phase, best, tokensUsed, memory: next };
}

/** Whether the text is as good as the soft prompt, within the gate's threshold for a tie. */
function holds(soft: Evaluation, text: Evaluation): boolean {
  const { score } = compareEvaluations(soft, text);
  return score.mean >= 0 || score.probabilityBetter > defaultGate.tie;
}

const pointsOf = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)} points`;
