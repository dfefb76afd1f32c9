/**
 * @file What an answer costs before and after a run: its tokens, and the milliseconds that it takes when requested one at a time, as a program
 * would request it: with no other row in the batch and no cached prompt.
 */
import type { Row } from '../data/dataset.ts';
import { answerTokens, type AnswerTokens } from '../evaluate/answerTokens.ts';
import { memoryCache, type Cache } from '../evaluate/cache.ts';
import type { Candidate, Evaluator } from '../evaluate/evaluator.ts';
import type { ProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import type { OptimizationContext } from '../optimize/coordinator.ts';
import type { MeasuredState } from '../optimize/events.ts';
import { adapterOf } from '../optimize/measuredState.ts';
import type { PriceMeasured } from './record/events.ts';
import { atMost } from './rowPlan.ts';
import type { RunState } from './record/state.ts';

export interface PriceMeter {
  readonly tokens: (candidate: Candidate, rows: readonly Row[]) => Promise<AnswerTokens>;
  /** Computes what is computed only once: graphs and calibrations. @returns a function that requests one answer and returns its milliseconds */
  readonly warmUp: (candidates: readonly Candidate[]) => Promise<(candidate: Candidate, row: Row) => Promise<number>>;
}

export interface PricedStates {
  readonly before: Candidate;
  readonly after: Candidate;
  /** Whether prompt and weights are unchanged. */
  readonly isSame: boolean;
}

/** What the clock decides. */
export interface PriceClock {
  /** The milliseconds that the answers may take. */
  readonly limit: number;
  /** Tokens per second. */
  readonly speed: number;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Tokens are counted over at most this many rows. After the test their answers are known. */
const mostRows = 64;
/** At most this many rows are answered one at a time, for a stable median. */
const mostAlone = 32;
/** The share of a run's time, and the most milliseconds. */
const [share, most] = [0.05, 3000];

/** The milliseconds that the answers may take at the end of a run of this many. */
export const priceTime = (run: number): number => Math.min(most, share * run);

/** @param rows at least one */
export async function measurePrice(
  { tokens, warmUp }: PriceMeter,
  split: PriceMeasured['split'],
  rows: readonly Row[],
  { before, after, isSame }: PricedStates,
  { limit, speed, now = () => performance.now() }: PriceClock,
): Promise<PriceMeasured> {
  const counted = atMost(rows, mostRows);
  const old = await tokens(before, counted);
  const measured = {
    type: 'priceMeasured',
    split,
    rows: counted.length,
    before: old,
    after: isSame ? old : await tokens(after, counted),
  } as const;
  const begun = now();
  const candidates = isSame ? [before] : [before, after];
  // Each state answers at least twice, because one answer warms up.
  const least = (isSame ? [measured.before] : [measured.before, measured.after]).reduce((sum, each) => sum + 2 * totalTokens(each), 0);
  if ((1000 * least) / speed > limit) return measured;
  const ask = await warmUp(candidates);
  const taken: number[][] = candidates.map(() => []);
  const alone = atMost(counted, mostAlone);
  for (const [place, row] of alone.entries()) {
    if (place > 0 && now() - begun > limit) break;
    // Alternately, with each state first every other time, so that other load on the machine affects both equally.
    const order = [...candidates.keys()];
    for (const which of place % 2 === 0 ? order : order.reverse()) taken[which].push(await ask(candidates[which], row));
  }
  const medians = taken.map(median);
  return { ...measured, time: { rows: taken[0].length, before: medians[0], after: medians[medians.length - 1] } };
}

/** The states to price. */
export async function pricedStates(
  context: OptimizationContext,
  { start, best }: Record<'start' | 'best', MeasuredState>,
): Promise<PricedStates> {
  const of = async (state: MeasuredState): Promise<Candidate> => {
    const adapter = await adapterOf(context, state);
    return { prompt: state.prompt, ...(adapter && { adapter }) };
  };
  return { before: await of(start), after: await of(best), isSame: start.candidate === best.candidate };
}

/** With a budget in tokens, the time that these tokens are expected to take. */
export function priceClock({ config, budget, tokensPerSecond }: RunState): PriceClock {
  const time = 'seconds' in config!.budget ? config!.budget.seconds / (1 + (config!.controls?.length ?? 0)) : budget! / tokensPerSecond!;
  return { limit: priceTime(1000 * time), speed: tokensPerSecond! };
}

/** The cost of one answer. */
export const totalTokens = ({ promptTokens, answerTokens }: AnswerTokens): number => promptTokens + answerTokens;

/**
 * @param makeWith makes an evaluator that caches answers in the given cache and calibrates on none of the rows whose answers are timed
 * @param first the row that warms up; it is not one of the rows whose answers are timed
 */
export function priceMeter(
  model: LanguageModel,
  evaluator: ProgramEvaluator,
  makeWith: (cache: Cache) => Evaluator,
  first: Row,
): PriceMeter {
  return {
    tokens: (candidate, rows) => answerTokens(model.texts, evaluator, candidate, rows),
    async warmUp(candidates) {
      const known = memoryCache();
      let isWarm = false;
      // A program keeps its calibration, and answers each row once.
      const alone = makeWith({ ...known, set: (key, value) => void (isWarm || known.set(key, value)) });
      for (const candidate of candidates) await alone.predict(candidate, first.values);
      isWarm = true;
      return async (candidate, { values }) => {
        model.forget();
        const begun = performance.now();
        await alone.predict(candidate, values);
        return performance.now() - begun;
      };
    },
  };
}

/** Rounded to a tenth. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Math.round(10 * value) / 10;
}
