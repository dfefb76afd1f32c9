/**
 * @file Removes parts of a prompt that the weights no longer need: first all of them at once, then, if that is too much, fewer of them by bisection
 * over what each is worth. Parts that are needed are examined again in smaller pieces.
 */
import { compareEvaluations, type Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { unitsOf, withoutUnits, type Unit } from '../prompt/units.ts';
import { randomStream } from '../random.ts';
import { decideCheaper } from './cheaper.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredCandidate, Outcome } from './outcome.ts';
import type { Collection } from './proposers/collect.ts';
import { allowance, type Purse } from './purse.ts';
import { nothingIfTooLong } from './successiveHalving.ts';

/** The name under which its proposals are reported. */
export const shortening = 'shorten';

export interface ShortenStart {
  readonly phase: number;
  readonly prompt: Prompt;
  /** In a program: the whole of it, with another prompt instead of this one. */
  readonly whole?: (step: Prompt) => Prompt;
  readonly adapter: Adapter | undefined;
  /** The evaluation of the current prompt on the whole valset. */
  readonly before: Evaluation;
  /** The best evaluation ever measured. */
  readonly peak: Evaluation;
  readonly budget: Purse;
}

/** The number of rows on which the worth of single parts is measured. */
const rowsForWorth = 24;
/** The smallest share of the prompt that a deletion must save to be worth a measurement. */
const leastSaving = 0.03;

/** A part that can be removed: a unit of the instruction, or a demonstration by its place. */
type Part = { readonly unit: Unit } | { readonly demonstration: number };

/** The parts of the first split: blocks of the instruction, and the prompt's own demonstrations. */
function partsOf(prompt: Prompt): Part[] {
  return [...unitsOf(prompt).map((unit) => ({ unit })), ...prompt.demonstrations.map((_, demonstration) => ({ demonstration }))];
}

function without(prompt: Prompt, parts: readonly Part[]): Prompt {
  const dropped = new Set(parts.flatMap((part) => ('demonstration' in part ? [part.demonstration] : [])));
  const units = parts.flatMap((part) => ('unit' in part ? [part.unit] : []));
  return { ...withoutUnits(prompt, units), demonstrations: prompt.demonstrations.filter((_, place) => !dropped.has(place)) };
}

/** The prompt without everything that can be removed. Undefined if nothing can. */
export function shortest(prompt: Prompt): Prompt | undefined {
  const parts = partsOf(prompt);
  return parts.length === 0 ? undefined : without(prompt, parts);
}

/**
 * Looks for the shortest prompt that the gate accepts.
 * @param collection takes the proposals
 * @returns the shortest prompt that passed, with the decision on it, if one did
 */
export async function shorten(context: OptimizationContext, collection: Collection, start: ShortenStart): Promise<Outcome> {
  const { evaluator, emit, valset, signal, worth } = context;
  const { phase, prompt, whole: asWhole = (step: Prompt) => step, adapter, before, budget, peak } = start;
  const sample = randomStream(context.seed, 'shorten')
    .shuffle([...valset.keys()])
    .slice(0, rowsForWorth)
    .sort((a, b) => a - b);
  let found: MeasuredCandidate | undefined;
  let removed: readonly Part[] = [];
  let tokensUsed = 0;
  let tried = 0;
  const pays = (cost: number): boolean => !signal?.aborted && tokensUsed + cost <= allowance(budget, tokensUsed);

  /** Measures the prompt without these parts too. They stay removed if the gate accepts that. */
  async function attempt(parts: readonly Part[]): Promise<boolean> {
    const next = asWhole(without(prompt, [...removed, ...parts]));
    const runner = pays(before.tokensUsed) ? collection.take(shortening, { prompt: next, reason: reasonOf(prompt, parts) }) : undefined;
    const evaluation = runner && (await evaluator.evaluate({ prompt: next, adapter }, valset).catch(nothingIfTooLong));
    if (!evaluation) return false;
    tokensUsed += evaluation.tokensUsed;
    tried++;
    const decision = decideCheaper(before, evaluation, { peak, tried, ...(worth && { worth }) });
    const { score, logLikelihood, accepted } = decision;
    emit({ type: 'candidateMeasured', phase, candidate: runner.id, score, logLikelihood, kept: accepted });
    if (!accepted) return false;
    found = { id: runner.id, prompt: next, ...(adapter && { adapter }), evaluation, decision };
    removed = [...removed, ...parts];
    return true;
  }

  /** The parts sorted by what they contribute to the likelihood on some rows, the least first. */
  async function byWorth(parts: readonly Part[]): Promise<readonly Part[]> {
    const rows = sample.map((place) => valset[place]);
    const each = (before.tokensUsed * rows.length) / valset.length;
    if (!pays(parts.length * each + before.tokensUsed)) return parts;
    const whole = { ...before, rows: sample.map((place) => before.rows[place]) };
    const worths: { readonly part: Part; readonly lost: number }[] = [];
    for (const part of parts) {
      const evaluation = await evaluator.evaluate({ prompt: asWhole(without(prompt, [...removed, part])), adapter }, rows);
      tokensUsed += evaluation.tokensUsed;
      const { score, logLikelihood = score } = compareEvaluations(whole, evaluation);
      worths.push({ part, lost: -logLikelihood.mean });
    }
    return worths.sort((a, b) => a.lost - b.lost).map(({ part }) => part);
  }

  async function search(parts: readonly Part[]): Promise<void> {
    if (parts.length === 0 || (await attempt(parts))) return;
    let kept = parts;
    if (parts.length > 1) {
      const ordered = await byWorth(parts);
      let [gone, most] = [0, ordered.length];
      while (most - gone > 1 && pays(before.tokensUsed)) {
        const middle = Math.floor((gone + most) / 2);
        if (await attempt(ordered.slice(gone, middle))) gone = middle;
        else most = middle;
      }
      kept = ordered.slice(gone);
    }
    for (const part of kept) {
      if ('unit' in part && isWorthALook(prompt, part.unit)) await search(part.unit.parts.map((unit) => ({ unit })));
    }
  }

  await search(partsOf(prompt));
  return { ...(found && { measured: found }), tokensUsed };
}

const isWorthALook = (prompt: Prompt, { start, end, parts }: Unit): boolean =>
  parts.length > 0 && end - start >= leastSaving * prompt.body.length;

/** What is removed, in words. A single part is quoted. */
function reasonOf({ body, demonstrations }: Prompt, parts: readonly Part[]): string {
  const [first] = parts;
  if (parts.length === 1) {
    const text = 'unit' in first ? body.slice(first.unit.start, first.unit.end) : demonstrations[first.demonstration].output;
    return 'unit' in first ? `without "${brief(text)}"` : `without the demonstration of "${brief(text)}"`;
  }
  const shown = parts.filter((part) => 'demonstration' in part).length;
  const written = parts.length - shown;
  return `without ${[
    ...(written > 0 ? [`${written} ${written === 1 ? 'part' : 'parts'} of the instruction`] : []),
    ...(shown > 0 ? [`${shown} ${shown === 1 ? 'demonstration' : 'demonstrations'}`] : []),
  ].join(' and ')}`;
}

const brief = (text: string): string => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
};
