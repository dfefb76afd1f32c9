/** @file Headroom: before a run spends anything, which lever is likely to help: some cheap prompts and one short training, on a few rows. */
import { limitRows } from '../data/split.ts';
import { compareEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { alternatingDefaults } from './alternating.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Lever } from './events.ts';
import { decide } from './gate.ts';
import { noStatistics } from './leverBandit.ts';
import { measuredState } from './measuredState.ts';
import { propose } from './promptPhase.ts';
import { nothingIfTooLong } from './race.ts';
import { otherReadings } from './reading.ts';
import { isBetter, tuneWeights } from './weightTuner.ts';

/** What a lever's probe says: `likely` where the gate would have let it through. */
export type Outlook = 'likely' | 'unclear' | 'unlikely';

export interface LeverOutlook extends Pick<Comparison, 'score' | 'logLikelihood'> {
  readonly lever: Lever;
  readonly outlook: Outlook;
  /** Half a sentence for people. */
  readonly because: string;
  /** How many prompts, or states of the weights, were measured; the differences are the best one's. */
  readonly tried: number;
}

export interface Headroom {
  /** Of the prompt as it is, on the probe's rows. */
  readonly now: Pick<Evaluation, 'score' | 'logLikelihood'>;
  readonly levers: readonly LeverOutlook[];
  /** Nominal token passes that the probe cost. */
  readonly passes: number;
}

const probeRows = 24;
const prompts = 10;
const training = { steps: 12, batchRows: 8, learningRate: alternatingDefaults.learningRate };
/** A lever whose interval ends below this has little left to bring, in points of the score. */
const little = 0.02;

/**
 * Ten prompts as the prompt phase would propose them, other ways to read the answers off, and twelve steps of weights under the prompt as
 * it is, each measured on the same 24 validation rows. It misses what only many steps or only both levers together would bring.
 * @param context of the run that would follow; its budget does not count
 * @throws TandemError those of the evaluator; an abort throws its reason
 */
export async function measureHeadroom(
  context: Omit<OptimizationContext, 'budget' | 'emit' | 'adapters'>,
  onBusy: (what: string, share: number) => void = () => {},
): Promise<Headroom> {
  const { evaluator, prompt, start, signal, seed } = context;
  const rows = limitRows(context.valset, probeRows, seed);
  let passes = 0;
  const measure = async (candidate: { prompt: Prompt; adapter?: typeof start }): Promise<Evaluation> => {
    signal?.throwIfAborted();
    const evaluation = await evaluator.evaluate(candidate, rows, { signal });
    passes += evaluation.passes;
    return evaluation;
  };
  const now = await measure({ prompt, adapter: start });
  const current = measuredState('0.0', prompt, start, now, context.objective);
  const proposed = await propose(
    { ...context, adapters: undefined as never, budget: Infinity, emit: () => {} },
    { ...alternatingDefaults, proposals: prompts },
    {
      phase: 1,
      memory: { current, statistics: noStatistics, challengers: [], tried: [] },
      before: now,
      adapter: start,
      spent: 0,
      budget: Infinity,
    },
  );
  passes += proposed.passes;
  const candidates: Evaluation[] = [];
  for (const [at, runner] of proposed.runners.entries()) {
    onBusy(`Trying prompt ${at + 1} of ${proposed.runners.length}`, at / (proposed.runners.length + 2));
    const evaluation = await measure({ prompt: runner.prompt, adapter: start }).catch(nothingIfTooLong);
    if (evaluation) candidates.push(evaluation);
  }
  for (const reading of otherReadings(context, prompt)) candidates.push(await measure({ prompt: reading.prompt, adapter: start }));
  onBusy('Training for a moment', 1 - 2 / (proposed.runners.length + 2));
  const tuned = await tuneWeights({
    ...training,
    trainer: context.trainer,
    start: start ?? context.trainer.fresh(seed),
    prompts: [prompt],
    trainset: context.trainset,
    weightPenalty: context.objective.weights,
    seed,
    budget: Infinity,
    signal,
    measure: (adapter) => evaluator.evaluate({ prompt, adapter }, rows, { signal }),
    measureEvery: training.steps,
    patience: 1,
    onStep: () => {},
  });
  signal?.throwIfAborted();
  passes += tuned.passes;
  return {
    now: { score: now.score, logLikelihood: now.logLikelihood },
    levers: [outlookOf('weights', now, tuned.evaluation ? [tuned.evaluation] : []), outlookOf('prompt', now, candidates)],
    passes,
  };
}

/** What the best of some evaluations says of its lever. */
export function outlookOf(lever: Lever, now: Evaluation, found: readonly Evaluation[]): LeverOutlook {
  const tried = found.length;
  const decisions = found
    .toSorted((a, b) => (isBetter(a, b) ? -1 : 1))
    .map((evaluation) => ({ ...decide(now, evaluation, tried), evaluation }));
  const best = decisions.find(({ accepted }) => accepted) ?? decisions.at(0);
  if (!best) return { lever, outlook: 'unlikely', because: 'there was nothing to try', tried, ...compareEvaluations(now, now) };
  const { score, logLikelihood } = best;
  const told = (outlook: Outlook, because: string): LeverOutlook => ({ lever, outlook, because, tried, score, logLikelihood });
  if (now.score.mean >= 1) return told('unlikely', `all ${now.rows.length} rows are right already`);
  if (best.accepted) return told('likely', best.because);
  const least = decisions.every((each) => each.score.high <= little && each.logLikelihood.probabilityBetter < 0.9);
  return told(least ? 'unlikely' : 'unclear', best.because);
}
