/**
 * @file The end of an alternating optimization: each changed place of the best prompt is measured, and with few rows the weights are trained once
 * more on all of them.
 */
import type { AlternatingMemory, AlternatingOptions } from './alternatingPhase.ts';
import { placesShare } from './alternatingChoice.ts';
import { changesBetween } from './changes.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import { measureHunks } from './hunkNumbers.ts';
import { adapterOf, type KnownEvaluations } from './measuredState.ts';
import { tokenCounter } from './promptTokens.ts';
import { promptKey } from './proposers/proposer.ts';
import { after, allowance, purseOf } from './purse.ts';
import { recipeOf } from './recipe.ts';
import { keptForRefit, refit } from './refit.ts';

/** @param known what has been measured on the valset */
export async function endAlternation(
  context: OptimizationContext,
  options: AlternatingOptions,
  known: KnownEvaluations,
  measured: OptimizationState,
  done: string,
): Promise<OptimizationState> {
  const state = await measurePlaces(context, options, known, measured);
  const recipe = recipeOf((state.memory as AlternatingMemory).recipes, state.best.adapter);
  const evaluation = await known.of(context, state.best);
  const left = leftOf(context, state);
  const { best, tokensUsed } = await refit(context, { ...state, recipe, evaluation, left, spent: state.tokensUsed });
  return { ...state, best, tokensUsed: state.tokensUsed + tokensUsed, done };
}

/** Measures what each changed place of the best prompt contributes by itself, for the review. */
async function measurePlaces(
  context: OptimizationContext,
  { schedule }: AlternatingOptions,
  known: KnownEvaluations,
  state: OptimizationState,
): Promise<OptimizationState> {
  const { start, best } = state;
  const tells = schedule.kind === 'gated' && promptKey(start.prompt) !== promptKey(best.prompt);
  if (!tells) return state;
  const evaluation = await known.of(context, best);
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

/** Tokens left. With a time budget this depends on the clock. */
const leftOf = (context: OptimizationContext, { tokensUsed }: OptimizationState): number => allowance(after(purseOf(context), tokensUsed));
