/**
 * @file Alternating joint optimization. Weight phases and prompt phases take turns, each from the best state so far, and the gate keeps what the
 * valset supports. Also the plain loop of the sources (classic) and published chains, which continue from the latest state.
 */
import { compareEvaluations } from '../evaluate/evaluation.ts';
import { isBetter } from '../evaluate/ranking.ts';
import { choosePhase, type PhaseKind } from './alternatingChoice.ts';
import { endAlternation } from './alternatingEnd.ts';
import { alternatingDefaults, type AlternatingMemory, type AlternatingOptions, type PhaseStart } from './alternatingPhase.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { Difficulties } from './curriculum.ts';
import type { MeasuredState, OptimizationEvent, Target } from './events.ts';
import { likely } from './gate.ts';
import { canGrow, growFreedom, growthOf, noGrowth, objection, rememberGrowth, type PhaseGrowth } from './growth.ts';
import { scoringPhase } from './labelScoring.ts';
import { adapterOf, knownEvaluations, measureStart, type KnownEvaluations } from './measuredState.ts';
import type { MeasuredCandidate, Outcome } from './outcome.ts';
import { promptPhase } from './promptPhase.ts';
import { promptKey } from './proposers/proposer.ts';
import { noSourceMemory, rememberSources } from './proposers/turns.ts';
import { after } from './purse.ts';
import { gainOf, noStatistics, recordPhase, reopened } from './targetBandit.ts';
import { judge, tellVerdict, type Verdict } from './verdict.ts';
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
  Record<PhaseKind, (context: OptimizationContext, options: AlternatingOptions, start: PhaseStart) => Promise<Outcome>>
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
    const recorder = { ...context, emit: (event: OptimizationEvent) => void grown.push(event) };
    const growth = growFreedom(recorder, options, memory.growth ?? noGrowth, state.tokensUsed, phase, stuck);
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
  const start: PhaseStart = {
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
  const difficulties = growth.rows?.difficulties() ?? known.difficulties;
  const outcome = await phases[choice.kind](context, options, start);
  const started: Started = { ...start, growth, kind: choice.kind, target, difficulties };
  return settle(context, options, evaluations, { ...state, tokensUsed: start.spent }, started, outcome);
}

/** How a phase started. */
interface Started extends PhaseStart {
  readonly kind: PhaseKind;
  readonly target: Target;
  readonly growth: PhaseGrowth;
  /** What was known about the training rows then. */
  readonly difficulties: Difficulties;
}

/** Judges the outcome of a phase and writes the next state. */
async function settle(
  context: OptimizationContext,
  options: AlternatingOptions,
  evaluations: KnownEvaluations,
  state: OptimizationState,
  started: Started,
  outcome: Outcome,
): Promise<OptimizationState> {
  const { phase, target, memory } = started;
  const judged = outcome.measured && (await decideOn(context, options, state, started, outcome.measured));
  const accepted = judged?.accepted ?? false;
  const tokensUsed = state.tokensUsed + outcome.tokensUsed + (judged?.tokensUsed ?? 0);
  let { current } = memory;
  let best = state.best;
  let promising: MeasuredState | undefined;
  if (judged && accepted) {
    current = await evaluations.keep(context, judged.verdict);
    // Classic sets the best state aside. In a chain, the last state is the result.
    best = options.schedule.kind !== 'classic' || isBetter(current, best) ? current : best;
  } else if (judged && isPromising(options, started, judged.verdict)) {
    promising = await evaluations.keep(context, judged.verdict);
  }
  context.emit({ type: 'phaseEnded', phase, target, accepted, best, tokensUsed });
  return { ...state, phase, best, tokensUsed, memory: memoryAfter(started, outcome, judged, current, promising) };
}

interface Judged {
  /** The gate's verdict. */
  readonly verdict: Verdict;
  /** Without a gate, every outcome is accepted. A curriculum may reject what the gate accepts. */
  readonly accepted: boolean;
  /** For the bandit. */
  readonly gain: number;
  /** Tokens that the decision cost. */
  readonly tokensUsed: number;
}

async function decideOn(
  context: OptimizationContext,
  { schedule }: AlternatingOptions,
  { start }: OptimizationState,
  { phase, memory, before, peak, adapter, growth }: Started,
  measured: MeasuredCandidate,
): Promise<Judged> {
  const gated = schedule.kind === 'gated';
  const verdict = judge(context, { start, phase, before, from: memory.current, ...(peak && { peak }) }, measured);
  const current: MeasuredCandidate = { prompt: memory.current.prompt, adapter, evaluation: before };
  const against = gated ? await objection(context, growth, verdict, current, measured) : { tokensUsed: 0 };
  const accepted = !gated || (verdict.accepted && !against.because);
  const { unchanged } = measured;
  const what = unchanged && measured.id === undefined ? 'no proposal beat the current prompt with its look-ahead weights: ' : '';
  const because = against.because ? `${verdict.because}, but ${against.because}` : verdict.because;
  const reason = what + (gated ? because : `kept without a gate; ${because}`);
  tellVerdict(context, { phase, before }, { ...verdict, accepted, because: reason });
  // The prompt gets no credit for weights that a look-ahead trained.
  const gain = gainOf(unchanged ? compareEvaluations(unchanged, measured.evaluation) : verdict);
  return { verdict, accepted, gain, tokensUsed: against.tokensUsed };
}

/** Whether weights that were not accepted are trained further: they are if they are likely better, until a phase improves them no further. */
function isPromising({ schedule }: AlternatingOptions, { target, memory }: Started, { score, state }: Verdict): boolean {
  if (schedule.kind !== 'gated' || target !== 'weights' || score.probabilityBetter < likely) return false;
  return !memory.promising || isBetter(state, memory.promising);
}

/** What the next phase needs to know. */
function memoryAfter(
  { kind, target, memory, growth, difficulties }: Started,
  { measured, proposed, recipe, challengers = memory.challengers, tokensUsed }: Outcome,
  judged: Judged | undefined,
  current: MeasuredState,
  promising: MeasuredState | undefined,
): AlternatingMemory {
  const { accepted = false, gain = 0, verdict } = judged ?? {};
  const helped = accepted && (target === 'weights' || measured?.id !== undefined);
  const { peak = memory.current } = memory;
  const known = [...(memory.recipes ?? []), ...(recipe ? [recipe] : [])];
  const recipes = known.filter(({ adapter: id }) => id === current.adapter || id === promising?.adapter);
  const winner = verdict && { candidate: verdict.state.candidate, accepted, because: verdict.because };
  const sources = proposed ? rememberSources(memory.sources ?? noSourceMemory, proposed, winner) : memory.sources;
  const live = accepted || target === 'prompt' ? challengers : memory.challengers;
  return {
    current,
    ...(peak.score.mean > current.score.mean && { peak }),
    ...(promising && { promising }),
    ...(recipes.length > 0 && { recipes }),
    ...(sources && { sources }),
    // Label scoring is cheap, and says nothing about what a prompt phase usually gains for its cost.
    statistics:
      kind === 'scoring'
        ? memory.statistics
        : recordPhase(memory.statistics, target, { gain: accepted ? gain : 0, tokensUsed, accepted, helped }),
    challengers: live.filter((prompt) => promptKey(prompt) !== promptKey(current.prompt)),
    tried: accepted ? [] : [...memory.tried, ...(proposed ?? []).map(({ prompt }) => promptKey(prompt))],
    ...(memory.growth && { growth: rememberGrowth(memory.growth, growth, difficulties, { accepted, helped }) }),
  };
}
