/**
 * @file Alternating joint optimization: weight phases and prompt phases take turns, each from the best state so far, and the gate keeps
 * what the valset proves. Also the sources' plain loop (classic) and published chains, which go on from the latest state.
 */
import { compareEvaluations, type Evaluation } from '../evaluate/evaluation.ts';
import { isRight } from '../evaluate/judging.ts';
import type { Adapter } from '../model/adapter.ts';
import { alternatingDefaults, type AlternatingMemory, type AlternatingOptions, type PhaseResult } from './alternatingPhase.ts';
import { changesBetween } from './changes.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { Target, MeasuredState, OptimizationEvent } from './events.ts';
import { likely } from './gate.ts';
import { isFew } from './exchange.ts';
import { measureHunks } from './hunkNumbers.ts';
import { chooseTarget, gainOf, noStatistics, recordPhase, reopened } from './targetBandit.ts';
import { adapterOf, knownEvaluations, measureStart } from './measuredState.ts';
import { hasAnswers } from './ownAnswers.ts';
import { promptPhase } from './promptPhase.ts';
import { tokenCounter } from './promptTokens.ts';
import { promptKey, textKey } from './proposers/proposer.ts';
import { noSourceMemory, rememberSources } from './proposers/turns.ts';
import { after, allowance, keeping, partOf, purseOf, type Purse } from './purse.ts';
import { recipeOf } from './recipe.ts';
import { keptForRefit, refit } from './refit.ts';
import { hasScorings, scoringFirst, scoringPhase } from './labelScoring.ts';
import { judge, tellVerdict } from './verdict.ts';
import { weightPhase } from './weightPhase.ts';
import { isBetter } from '../evaluate/ranking.ts';
import type { Difficulties } from './curriculum.ts';
import { canGrow, growFreedom, growthOf, noGrowth, objection, rememberGrowth, type PhaseGrowth } from './growth.ts';

/** How a phase began. */
interface Started {
  readonly before: Evaluation;
  readonly peak: Evaluation | undefined;
  readonly adapter: Adapter | undefined;
  readonly growth: PhaseGrowth;
  /** What was known of the training rows then. */
  readonly measured: Difficulties;
}

/** Of the whole budget, what is kept for measuring each changed place of the best prompt by itself. */
const placesShare = 0.08;
/** Of what the last training is to cost, what is kept for it: the phase before it may spend a little more than it was given. */
const lastCost = 1.1;
/** Of what is left, what a phase gets while the prompt or the weights have not had their turn. */
const earlyShare = 0.42;
/** Measurements on the valset that what is left must pay for to be divided: less would give each too few steps to show anything. */
const divisible = 10;
/** Why a run ends whose phases have stopped bringing anything. */
const neverMore = 'neither the prompt nor the weights improve any further';
const goesOn = 'the last result is probably better but not yet clearly, so training continues';

const promptsFirst: readonly Target[] = ['prompt', 'weights'];

/** A phase that could measure less often than this on the valset would bring nothing. */
export const leastMeasurements = 3;

export class AlternatingJointOptimizer implements Coordinator {
  readonly options: AlternatingOptions;
  private readonly known = knownEvaluations();

  constructor(options: Partial<AlternatingOptions> = {}) {
    this.options = { ...alternatingDefaults, ...options };
  }

  async begin(context: OptimizationContext): Promise<OptimizationState> {
    const { start, evaluation } = await measureStart(context);
    this.known.set(start.candidate, evaluation);
    const memory: AlternatingMemory = { current: start, statistics: noStatistics, challengers: [], tried: [] };
    return { version: 1, phase: 0, start, best: start, tokensUsed: evaluation.tokensUsed, done: false, memory };
  }

  async advance(context: OptimizationContext, state: OptimizationState): Promise<OptimizationState> {
    let memory = state.memory as AlternatingMemory;
    const before = await this.known.of(context, memory.current);
    const peak = memory.peak && (await this.known.of(context, memory.peak));
    const phase = state.phase + 1;
    const grown: OptimizationEvent[] = [];
    const grow = (stuck: boolean): void => {
      const told = { ...context, emit: (event: OptimizationEvent) => void grown.push(event) };
      const growth = growFreedom(told, this.options, memory.growth ?? noGrowth, state.tokensUsed, phase, stuck);
      if (growth !== memory.growth && this.options.curriculum !== 'none') memory = { ...memory, growth };
    };
    grow(false);
    let choice = this.choose(context, state, memory, before);
    while ('over' in choice && memory.growth && canGrow(memory.growth)) {
      grow(true);
      memory = { ...memory, statistics: reopened(memory.statistics), tried: [] };
      choice = this.choose(context, state, memory, before);
    }
    if ('done' in choice) return this.finish(context, state, choice.done);
    grown.forEach(context.emit);
    context.emit({ type: 'phaseStarted', phase, target: choice.target, because: choice.because });
    const adapter = await adapterOf(context, memory.current);
    const promising = memory.promising && (await adapterOf(context, memory.promising));
    const { growth: known = noGrowth, current } = memory;
    const growth = await growthOf(context, this.options, known, { prompt: current.prompt, adapter }, before, state.tokensUsed, phase);
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
    const run = choice.scoring ? scoringPhase : choice.target === 'weights' ? weightPhase : promptPhase;
    const result = await run(context, this.options, start);
    return this.settle(context, { ...state, tokensUsed: start.spent }, memory, { before, peak, adapter, growth, measured }, result, phase);
  }

  /** Whether the prompt or the weights come next, with which budget; or why it is over. */
  private choose(
    context: OptimizationContext,
    state: OptimizationState,
    { statistics, promising, current, recipes }: AlternatingMemory,
    before: Evaluation,
  ): { target: Target; because: string; budget: Purse; scoring?: true } | { done: string; over?: true } {
    const { schedule, targets } = this.options;
    const places = schedule.kind === 'gated' && targets.includes('prompt') ? placesShare * context.budget : 0;
    const recipe = recipeOf(recipes, current.adapter);
    // While no text has changed there is no place to measure.
    const isMoved = textKey(state.start.prompt) !== textKey(current.prompt);
    const free = (context.budget - (isMoved ? places : 0) - state.tokensUsed) / lastCost;
    const kept = places + lastCost * keptForRefit(context, recipe, free);
    const left = context.budget - kept - state.tokensUsed;
    const budget = keeping(after(purseOf(context), state.tokensUsed), kept);
    if (schedule.kind === 'chain') {
      const target = schedule.targets.at(state.phase);
      if (!target || left <= 0) return { done: target ? 'the budget is spent' : 'the chain is done' };
      return { target, because: `step ${state.phase + 1} of the chain`, budget: partOf(budget, schedule.targets.length - state.phase) };
    }
    if (left < leastMeasurements * before.tokensUsed) return { done: 'the budget is spent' };
    if (schedule.kind === 'classic') {
      const place = state.phase % (schedule.parameterSteps + schedule.promptSteps);
      const target = place < schedule.parameterSteps ? 'weights' : 'prompt';
      return {
        target,
        because: `${target} step of epoch ${Math.floor(state.phase / (schedule.parameterSteps + schedule.promptSteps)) + 1}`,
        budget,
      };
    }
    if (state.phase === 0 && targets.includes('prompt') && hasScorings(context)) {
      return { target: 'prompt', because: scoringFirst, budget, scoring: true };
    }
    if (targets.includes('prompt') && statistics.prompt.phases === 0 && !hasAnswers(context) && !before.rows.some(isRight)) {
      return { target: 'prompt', because: 'no answer passes yet, so the weights have nothing to learn from', budget };
    }
    // Prompts first where weights are trained under several.
    const order = this.options.strategy === 'mixture' ? promptsFirst.filter((target) => targets.includes(target)) : targets;
    const choice = promising ? ({ target: 'weights', because: goesOn } as const) : chooseTarget(statistics, order);
    if (!choice) return { done: neverMore, over: true };
    // The other one, and this one again after it, must have their turns.
    const isEarly = order.length > 1 && left >= divisible * before.tokensUsed && order.some((target) => statistics[target].phases === 0);
    if (isEarly) return { ...choice, budget: partOf(budget, 1 / earlyShare) };
    // A training that all rows judge is done twice, and once more at the end: a third each, measurements included.
    const thrice = choice.target === 'weights' && statistics.weights.phases === 0 && isFew(context) && !current.adapter;
    return { ...choice, budget: thrice ? partOf(budget, 8 / 5) : budget };
  }

  /** The end: the places of the best prompt are measured, and few rows all teach the weights once more. */
  private async finish(context: OptimizationContext, measured: OptimizationState, done: string): Promise<OptimizationState> {
    const state = await this.measurePlaces(context, measured);
    const recipe = recipeOf((state.memory as AlternatingMemory).recipes, state.best.adapter);
    const evaluation = await this.known.of(context, state.best);
    const left = leftOf(context, state);
    const { best, tokensUsed } = await refit(context, { ...state, recipe, evaluation, left, spent: state.tokensUsed });
    return { ...state, best, tokensUsed: state.tokensUsed + tokensUsed, done };
  }

  /** What each place that the best prompt changes is worth by itself, for the review. */
  private async measurePlaces(context: OptimizationContext, state: OptimizationState): Promise<OptimizationState> {
    const { start, best } = state;
    const tells = this.options.schedule.kind === 'gated' && promptKey(start.prompt) !== promptKey(best.prompt);
    if (!tells) return state;
    const evaluation = await this.known.of(context, best);
    const changes = changesBetween(start, best, tokenCounter(context));
    const measured = { prompt: best.prompt, adapter: await adapterOf(context, best), evaluation };
    const recipe = recipeOf((state.memory as AlternatingMemory).recipes, best.adapter);
    const all = leftOf(context, state);
    const left = Math.max(all - keptForRefit(context, recipe, all), Math.min(all, placesShare * context.budget));
    const places = await measureHunks(context, start, measured, changes, left);
    const tokensUsed = state.tokensUsed + places.tokensUsed;
    context.emit({ type: 'placesMeasured', changes: places.changes, tokensUsed });
    return { ...state, tokensUsed };
  }

  /** Judges what a phase brought, and writes the next state. */
  private async settle(
    context: OptimizationContext,
    state: OptimizationState,
    memory: AlternatingMemory,
    { before, peak, adapter, growth, measured }: Started,
    result: PhaseResult,
    phase: number,
  ): Promise<OptimizationState> {
    let tokensUsed = state.tokensUsed + result.tokensUsed;
    const gated = this.options.schedule.kind === 'gated';
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
        current = await this.known.keep(context, verdict);
        // Classic keeps the better state aside; a chain's last state stands.
        best = this.options.schedule.kind !== 'classic' || isBetter(current, best) ? current : best;
      } else if (gated && result.target === 'weights' && verdict.score.probabilityBetter >= likely) {
        // Once more without a step ahead, and it is given up.
        const isAhead = !memory.promising || isBetter(verdict.candidate, memory.promising);
        if (isAhead) promising = await this.known.keep(context, verdict);
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
}

/** Tokens left; a budget of time depends on the clock. */
const leftOf = (context: OptimizationContext, { tokensUsed }: OptimizationState): number => allowance(after(purseOf(context), tokensUsed));

/** What is known of the sources of proposals after a phase. */
function sourcesAfter(
  { sources }: AlternatingMemory,
  { proposed, trial }: PhaseResult,
  winner: Parameters<typeof rememberSources>[2],
): Pick<AlternatingMemory, 'sources'> {
  const next = proposed && !trial ? rememberSources(sources ?? noSourceMemory, proposed, winner) : sources;
  return next ? { sources: next } : {};
}
