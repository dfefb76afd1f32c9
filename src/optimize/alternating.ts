/**
 * @file Alternating joint optimization: weight phases and prompt phases take turns, each from the best state so far, and the gate keeps
 * what the valset proves. Also the sources' plain loop (classic) and published chains, which go on from the latest state.
 */
import { compareEvaluations, type Evaluation } from '../evaluate/evaluation.ts';
import { isBetter } from '../evaluate/ranking.ts';
import type { Adapter } from '../model/adapter.ts';
import { choosePhase, type PhaseKind } from './alternatingChoice.ts';
import { endAlternation } from './alternatingEnd.ts';
import {
  alternatingDefaults,
  type AlternatingMemory,
  type AlternatingOptions,
  type PhaseResult,
  type PhaseStart,
} from './alternatingPhase.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { Difficulties } from './curriculum.ts';
import type { MeasuredState, OptimizationEvent } from './events.ts';
import { likely } from './gate.ts';
import { canGrow, growFreedom, growthOf, noGrowth, objection, rememberGrowth, type PhaseGrowth } from './growth.ts';
import { scoringPhase } from './labelScoring.ts';
import { adapterOf, knownEvaluations, measureStart, type KnownEvaluations } from './measuredState.ts';
import { promptPhase } from './promptPhase.ts';
import { promptKey } from './proposers/proposer.ts';
import { noSourceMemory, rememberSources } from './proposers/turns.ts';
import { after } from './purse.ts';
import { gainOf, noStatistics, recordPhase, reopened } from './targetBandit.ts';
import { judge, tellVerdict } from './verdict.ts';
import { weightPhase } from './weightPhase.ts';

export function alternating(given: Partial<AlternatingOptions> = {}): Coordinator {
  const options: AlternatingOptions = { ...alternatingDefaults, ...given };
  const evaluations = knownEvaluations();
  return {
    async begin(context) {
      const { start, evaluation } = await measureStart(context);
      evaluations.set(start.candidate, evaluation);
      const memory: AlternatingMemory = { current: start, statistics: noStatistics, challengers: [], tried: [] };
      return { version: 1, phase: 0, start, best: start, tokensUsed: evaluation.tokensUsed, done: false, memory };
    },
    advance: (context, state) => takePhase(context, options, evaluations, state),
  };
}

const phases: Readonly<
  Record<PhaseKind, (context: OptimizationContext, options: AlternatingOptions, start: PhaseStart) => Promise<PhaseResult>>
> = {
  weights: weightPhase,
  prompt: promptPhase,
  scoring: (context, _, start) => scoringPhase(context, start),
};

async function takePhase(
  context: OptimizationContext,
  options: AlternatingOptions,
  evaluations: KnownEvaluations,
  state: OptimizationState,
): Promise<OptimizationState> {
  let memory = state.memory as AlternatingMemory;
  const before = await evaluations.of(context, memory.current);
  const peak = memory.peak && (await evaluations.of(context, memory.peak));
  const phase = state.phase + 1;
  const grown: OptimizationEvent[] = [];
  const grow = (stuck: boolean): void => {
    const told = { ...context, emit: (event: OptimizationEvent) => void grown.push(event) };
    const growth = growFreedom(told, options, memory.growth ?? noGrowth, state.tokensUsed, phase, stuck);
    if (growth !== memory.growth && options.curriculum !== 'none') memory = { ...memory, growth };
  };
  grow(false);
  let choice = choosePhase(context, options, { ...state, memory }, before);
  while (choice.kind === 'end' && choice.isStuck && memory.growth && canGrow(memory.growth)) {
    grow(true);
    memory = { ...memory, statistics: reopened(memory.statistics), tried: [] };
    choice = choosePhase(context, options, { ...state, memory }, before);
  }
  if (choice.kind === 'end') return endAlternation(context, options, evaluations, state, choice.because);
  grown.forEach(context.emit);
  const target = choice.kind === 'weights' ? 'weights' : 'prompt';
  context.emit({ type: 'phaseStarted', phase, target, because: choice.because });
  const adapter = await adapterOf(context, memory.current);
  const promising = memory.promising && (await adapterOf(context, memory.promising));
  const { growth: known = noGrowth, current } = memory;
  const growth = await growthOf(context, options, known, { prompt: current.prompt, adapter }, before, state.tokensUsed, phase);
  const start = {
    phase,
    memory,
    before,
    ...(peak && { peak }),
    adapter,
    ...(promising && { promising }),
    spent: state.tokensUsed + growth.tokensUsed,
    budget: after(choice.budget, growth.tokensUsed),
    growth,
  };
  const measured = growth.rows?.difficulties() ?? known.difficulties;
  const result = await phases[choice.kind](context, options, start);
  const started: Started = { before, peak, adapter, growth, measured };
  return settle(context, options, evaluations, { ...state, tokensUsed: start.spent }, memory, started, result, phase);
}

/** How a phase began. */
interface Started {
  readonly before: Evaluation;
  readonly peak: Evaluation | undefined;
  readonly adapter: Adapter | undefined;
  readonly growth: PhaseGrowth;
  /** What was known of the training rows then. */
  readonly measured: Difficulties;
}

/** Judges what a phase brought, and writes the next state. */
async function settle(
  context: OptimizationContext,
  options: AlternatingOptions,
  evaluations: KnownEvaluations,
  state: OptimizationState,
  memory: AlternatingMemory,
  { before, peak, adapter, growth, measured }: Started,
  result: PhaseResult,
  phase: number,
): Promise<OptimizationState> {
  let tokensUsed = state.tokensUsed + result.tokensUsed;
  const gated = options.schedule.kind === 'gated';
  let { current } = memory;
  let best = state.best;
  let accepted = false;
  let gain = 0;
  let promising: MeasuredState | undefined;
  const verdict = judge(context, { start: state.start, phase, before, from: memory.current, ...(peak && { peak }) }, result);
  if (verdict) {
    const against = gated
      ? await objection(context, growth, verdict, { adapter, evaluation: before }, { ...verdict, candidate: result })
      : { tokensUsed: 0 };
    tokensUsed += against.tokensUsed;
    accepted = !gated || (verdict.accepted && !against.because);
    const what =
      result.unchanged && result.candidate === undefined ? 'no proposal beat the current prompt with its look-ahead weights: ' : '';
    const because = against.because ? `${verdict.because}, but ${against.because}` : verdict.because;
    const told = what + (gated ? because : `kept without a gate; ${because}`);
    tellVerdict(context, { phase, before }, { ...verdict, accepted, because: told });
    // Weights that a look-ahead trained are no merit of the prompt's.
    gain = gainOf(result.unchanged ? compareEvaluations(result.unchanged, verdict.evaluation) : verdict);
    if (accepted) {
      current = await evaluations.keep(context, verdict);
      // Classic keeps the better state aside; a chain's last state stands.
      best = options.schedule.kind !== 'classic' || isBetter(current, best) ? current : best;
    } else if (gated && result.target === 'weights' && verdict.score.probabilityBetter >= likely) {
      // Once more without a step ahead, and it is given up.
      const isAhead = !memory.promising || isBetter(verdict.candidate, memory.promising);
      if (isAhead) promising = await evaluations.keep(context, verdict);
    }
  }
  context.emit({ type: 'phaseEnded', phase, target: result.target, accepted, best, tokensUsed });
  const helped = accepted && (result.target === 'weights' || result.candidate !== undefined);
  const { peak: highest = memory.current } = memory;
  const known = [...(memory.recipes ?? []), ...(result.recipe ? [result.recipe] : [])];
  const recipes = known.filter(({ adapter: id }) => id === current.adapter || id === promising?.adapter);
  const next: AlternatingMemory = {
    current,
    ...(highest.score.mean > current.score.mean && { peak: highest }),
    ...(promising && { promising }),
    ...(recipes.length > 0 && { recipes }),
    ...sourcesAfter(memory, result, verdict && { candidate: verdict.candidate.candidate, accepted, because: verdict.because }),
    statistics: result.trial
      ? memory.statistics
      : recordPhase(memory.statistics, result.target, { gain: accepted ? gain : 0, tokensUsed: result.tokensUsed, accepted, helped }),
    challengers: (accepted || result.target === 'prompt' ? (result.challengers ?? memory.challengers) : memory.challengers).filter(
      (prompt) => promptKey(prompt) !== promptKey(current.prompt),
    ),
    tried: accepted ? [] : [...memory.tried, ...(result.tried ?? [])],
    ...(memory.growth && { growth: rememberGrowth(memory.growth, growth, measured, { accepted, helped }) }),
  };
  return { ...state, phase, best, tokensUsed, memory: next };
}

/** What is known of the sources of proposals after a phase. */
function sourcesAfter(
  { sources }: AlternatingMemory,
  { proposed, trial }: PhaseResult,
  winner: Parameters<typeof rememberSources>[2],
): Pick<AlternatingMemory, 'sources'> {
  const next = proposed && !trial ? rememberSources(sources ?? noSourceMemory, proposed, winner) : sources;
  return next ? { sources: next } : {};
}
