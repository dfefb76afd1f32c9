/** @file Successive halving of candidate prompts over growing parts of the valset, with survivors on all of it. */
import { TandemError } from '../errors.ts';
import { compareEvaluations, type Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { CandidateId } from './events.ts';
import { allowance, type Purse } from './purse.ts';
import { bestFirst } from '../evaluate/ranking.ts';

export interface Runner {
  readonly id: CandidateId;
  readonly proposer: string;
  /** What was changed and why. */
  readonly reason: string;
  readonly prompt: Prompt;
}

export interface Finisher extends Runner {
  /** The evaluation on the whole valset. */
  readonly evaluation: Evaluation;
}

/** The share of the valset that each rung uses, and the share of the runners that continue. Jamieson and Talwalkar 2016. */
const rungs = [
  { rows: 0.2, keep: 0.4 },
  { rows: 0.5, keep: 0.5 },
  { rows: 1, keep: 1 },
];
/** A rung that would leave fewer runners is skipped. */
const fewestFinishers = 2;

/**
 * @param best of the current state on the whole valset
 * @param budget if it does not last to the end, there are no finishers; if the clock runs short, fewer runners continue
 * @returns the finishers, best first, and the tokens spent
 */
export async function successiveHalving(
  { evaluator, emit, signal, valset, seed }: OptimizationContext,
  phase: number,
  runners: readonly Runner[],
  adapter: Adapter | undefined,
  best: Evaluation,
  budget: Purse,
): Promise<{ finishers: Finisher[]; tokensUsed: number }> {
  const places = randomStream(seed, 'race').shuffle([...valset.keys()]);
  let running = [...runners];
  let finishers: Finisher[] = [];
  let tokensUsed = 0;
  const rowTokens = best.tokensUsed / best.rows.length;
  /** With a clock: whether the rest of the budget takes a runner to the end. */
  const isPaidFor = (known: number): boolean =>
    typeof budget === 'number' || budget(tokensUsed) - tokensUsed >= (valset.length - known) * rowTokens;
  for (const { rows: share, keep } of rungs) {
    const count = Math.max(Math.min(valset.length, 16), Math.round(share * valset.length));
    // With a small valset, two rungs would have the same rows.
    if (count === finishers.at(0)?.evaluation.rows.length) continue;
    if (count < valset.length && running.length <= fewestFinishers) continue;
    const part = places.slice(0, count).sort((a, b) => a - b);
    const rows = part.map((place) => valset[place]);
    const measured: Finisher[] = [];
    for (const runner of running) {
      if (signal?.aborted || tokensUsed >= allowance(budget, tokensUsed)) return { finishers: [], tokensUsed };
      const known = finishers.find(({ id }) => id === runner.id)?.evaluation;
      if (!isPaidFor(known?.rows.length ?? 0)) break;
      const evaluation = await evaluator.evaluate({ prompt: runner.prompt, adapter }, rows).catch(nothingIfTooLong);
      if (!evaluation) continue;
      // A rung contains the rows of the one before it, whose answers are cached.
      tokensUsed += evaluation.tokensUsed - (known?.tokensUsed ?? 0);
      measured.push({ ...runner, evaluation });
    }
    measured.sort(bestFirst);
    const kept = count === valset.length ? measured.length : Math.max(fewestFinishers, Math.ceil(keep * measured.length));
    measured.forEach(({ id, evaluation }, place) => {
      const { score, logLikelihood } = compareEvaluations({ ...best, rows: part.map((place) => best.rows[place]) }, evaluation);
      emit({
        type: 'candidateMeasured',
        phase,
        candidate: id,
        score,
        ...(logLikelihood && { logLikelihood }),
        kept: place < kept,
      });
    });
    finishers = measured.slice(0, kept);
    running = finishers;
    if (count === valset.length) break;
  }
  return { finishers, tokensUsed };
}

/**
 * Measures all of them on the whole valset. Parts of it would save nothing if most of the cost is independent of the number of rows.
 * @param costOf tokens of a measurement, if a part of it is already known
 */
export async function measureAll(
  { evaluator, emit, signal, valset }: OptimizationContext,
  phase: number,
  runners: readonly Runner[],
  adapter: Adapter | undefined,
  best: Evaluation,
  budget: Purse,
  costOf: (runner: Runner, evaluation: Evaluation) => number = (_, { tokensUsed }) => tokensUsed,
): Promise<{ finishers: Finisher[]; tokensUsed: number }> {
  const finishers: Finisher[] = [];
  let tokensUsed = 0;
  for (const runner of runners) {
    if (signal?.aborted || tokensUsed >= allowance(budget, tokensUsed)) break;
    const evaluation = await evaluator.evaluate({ prompt: runner.prompt, adapter }, valset).catch(nothingIfTooLong);
    if (!evaluation) continue;
    tokensUsed += costOf(runner, evaluation);
    finishers.push({ ...runner, evaluation });
    const { score, logLikelihood } = compareEvaluations(best, evaluation);
    emit({ type: 'candidateMeasured', phase, candidate: runner.id, score, ...(logLikelihood && { logLikelihood }), kept: true });
  }
  return { finishers: finishers.sort(bestFirst), tokensUsed };
}

/** A prompt with long demonstrations may exceed the model's context. Then it is dropped. */
export function nothingIfTooLong(error: unknown): undefined {
  if (error instanceof TandemError && error.reason === 'too-long') return undefined;
  throw error;
}
