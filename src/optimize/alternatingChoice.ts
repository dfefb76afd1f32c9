/** @file Which phase of an alternating optimization comes next and what it may spend, or why there is none. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import { isRight } from '../evaluate/judging.ts';
import type { AlternatingMemory, AlternatingOptions } from './alternatingPhase.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import type { Target } from './events.ts';
import { isFew } from './exchange.ts';
import { hasScorings, scoringFirst } from './labelScoring.ts';
import { hasAnswers } from './ownAnswers.ts';
import { textKey } from './proposers/proposer.ts';
import { after, keeping, partOf, purseOf, type Purse } from './purse.ts';
import { recipeOf } from './recipe.ts';
import { keptForRefit, leastBeside } from './refit.ts';
import { chooseTarget } from './targetBandit.ts';

export type PhaseChoice =
  | {
      readonly kind: PhaseKind;
      /** For people. */
      readonly because: string;
      readonly budget: Purse;
    }
  | {
      readonly kind: 'end';
      /** For people. */
      readonly because: string;
      /** Nothing has helped lately. If a curriculum lets more move, there is another phase after all. */
      readonly isStuck?: true;
    };

/** A phase of the weights, of the prompt, or of label scoring ('scoring'), which is always the first. */
export type PhaseKind = Target | 'scoring';

/** A phase that can pay for fewer measurements on the valset than this would gain nothing. */
export const leastMeasurements = 3;

/** The share of the whole budget that is reserved for measuring each changed place of the best prompt by itself. */
export const placesShare = 0.08;
/** The reserve for the last training, as a multiple of its expected cost: the phase before it may slightly overspend. */
const lastCost = 1.1;
/** The share of the remaining budget that a phase gets while the prompt or the weights have not had their turn. */
const earlyShare = 0.42;
/**
 * The remaining budget is divided only if it pays for this many measurements on the valset. Otherwise each share would have too few steps to show
 * anything.
 */
const divisible = 10;
/** Why a run ends when its phases no longer improve anything. */
const neverMore = 'neither the prompt nor the weights improve any further';
const goesOn = 'the last result is probably better but not yet clearly, so training continues';
const promptBeside = { target: 'prompt', because: 'what is left beside the last training is too little for the weights' } as const;

const promptsFirst: readonly Target[] = ['prompt', 'weights'];
const promptsAlone = (targets: readonly Target[]): readonly Target[] => targets.filter((target) => target === 'prompt');

/** @param before the current state on the valset */
export function choosePhase(
  context: OptimizationContext,
  options: AlternatingOptions,
  state: OptimizationState,
  before: Evaluation,
): PhaseChoice {
  const { statistics, promising, current, recipes } = state.memory as AlternatingMemory;
  const { schedule, targets, strategy } = options;
  const places = schedule.kind === 'gated' && targets.includes('prompt') ? placesShare * context.budget : 0;
  const recipe = recipeOf(recipes, current.adapter);
  // While no text has changed there is no place to measure, and what is kept for that may pay for the last training.
  const isMoved = textKey(state.start.prompt) !== textKey(current.prompt);
  const keptWith = (training: number): number => (isMoved ? places + training : Math.max(places, training));
  const unspent = context.budget - state.tokensUsed;
  const wanted = lastCost * keptForRefit(context, recipe, (unspent - (isMoved ? places : 0)) / lastCost, leastMeasurements);
  const isUntried = targets.some((target) => statistics[target].phases === 0);
  // The prompt has its first turn, even if that leaves nothing for the last training.
  const lastTraining = isUntried && unspent - keptWith(wanted) < leastMeasurements * before.tokensUsed ? 0 : wanted;
  const kept = keptWith(lastTraining);
  const left = unspent - kept;
  const budget = keeping(after(purseOf(context), state.tokensUsed), kept);
  if (schedule.kind === 'chain') {
    const target = schedule.targets.at(state.phase);
    if (!target || left <= 0) return { kind: 'end', because: target ? 'the budget is spent' : 'the chain is done' };
    return { kind: target, because: `step ${state.phase + 1} of the chain`, budget: partOf(budget, schedule.targets.length - state.phase) };
  }
  if (left < leastMeasurements * before.tokensUsed) return { kind: 'end', because: 'the budget is spent' };
  if (schedule.kind === 'classic') {
    const place = state.phase % (schedule.parameterSteps + schedule.promptSteps);
    const target = place < schedule.parameterSteps ? 'weights' : 'prompt';
    const epoch = Math.floor(state.phase / (schedule.parameterSteps + schedule.promptSteps)) + 1;
    return { kind: target, because: `${target} step of epoch ${epoch}`, budget };
  }
  if (state.phase === 0 && targets.includes('prompt') && hasScorings(context)) {
    return { kind: 'scoring', because: scoringFirst, budget };
  }
  if (targets.includes('prompt') && statistics.prompt.phases === 0 && !hasAnswers(context) && !before.rows.some(isRight)) {
    return { kind: 'prompt', because: 'no answer passes yet, so the weights have nothing to learn from', budget };
  }
  // The prompt comes first if weights are trained under several prompts.
  const order = strategy === 'mixture' ? promptsFirst.filter((target) => targets.includes(target)) : targets;
  const choice = promising ? ({ target: 'weights', because: goesOn } as const) : chooseTarget(statistics, order);
  if (!choice) return { kind: 'end', because: neverMore, isStuck: true };
  // Beside the last training no weight phase is begun that would be much shorter than the accepted one. A prompt phase needs less.
  const isCutShort = choice.target === 'weights' && lastTraining > 0 && !isUntried && recipe && left < leastBeside(recipe);
  if (isCutShort && !chooseTarget(statistics, promptsAlone(targets))) return { kind: 'end', because: 'the budget is spent' };
  const { target: kind, because } = isCutShort ? promptBeside : choice;
  // The other target, and this one again after it, must get their turns.
  const isEarly = order.length > 1 && left >= divisible * before.tokensUsed && isUntried;
  if (isEarly) return { kind, because, budget: partOf(budget, 1 / earlyShare) };
  // A training that is judged on all rows is done twice, and once more at the end: each gets a third, measurements included.
  const thrice = kind === 'weights' && statistics.weights.phases === 0 && isFew(context) && !current.adapter;
  return { kind, because, budget: thrice ? partOf(budget, 8 / 5) : budget };
}
