/** @file A learned start for new adapters, and a prior over proposals: used by any coordinator, the adapter only where a probe says that it helps. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import { decide } from './gate.ts';
import { widened } from './metaLearning.ts';
import type { ProposalPrior } from './proposalPrior.ts';
import { stepPasses } from './stepCost.ts';
import { tuneWeights, type WeightTrainer } from './weightTuner.ts';

export interface WarmStart {
  /** What it is called to people, e.g. a folder. */
  readonly from: string;
  readonly adapter: Adapter;
  readonly prior?: ProposalPrior;
}

export interface ProbeOptions {
  /** Steps from either start, at most, and rows a step. */
  readonly steps: number;
  readonly batchRows: number;
  readonly learningRate: number;
  /** Of the budget that the probe may cost. */
  readonly share: number;
}

export const probeDefaults: ProbeOptions = { steps: 8, batchRows: 8, learningRate: 1e-3, share: 0.05 };
/** Fewer tell nothing. */
const fewestSteps = 3;

/** Beside the coordinator's own memory; JSON. What was learned is kept with the run: a later start point is not this run's. */
interface WarmMemory {
  readonly warm: { readonly adapter?: string; readonly prior?: ProposalPrior };
  readonly own: unknown;
}

const isWarm = (memory: unknown): memory is WarmMemory => typeof memory === 'object' && memory !== null && 'warm' in memory;

/** The coordinator, with new adapters from the learned start if the probe at the beginning is for it. Without one it goes on as it began. */
export function withWarmStart(coordinator: Coordinator, warm?: WarmStart, options: ProbeOptions = probeDefaults): Coordinator {
  return {
    async begin(context) {
      const state = await coordinator.begin(context);
      if (!warm) return state;
      const { helped, passes } = await probe(context, warm, state, options);
      if (helped) await context.adapters.put(warm.adapter);
      const memory: WarmMemory = {
        warm: { ...(helped && { adapter: warm.adapter.id }), ...(warm.prior && { prior: warm.prior }) },
        own: state.memory,
      };
      return { ...state, passes: state.passes + passes, memory };
    },
    async advance(context, state) {
      if (!isWarm(state.memory)) return coordinator.advance(context, state);
      const { warm: kept, own } = state.memory;
      const learned = kept.adapter === undefined ? undefined : await context.adapters.get(kept.adapter);
      const next = await coordinator.advance(
        {
          ...context,
          ...(learned && { trainer: warmTrainer(context.trainer, learned) }),
          ...(kept.prior && { prior: kept.prior }),
        },
        { ...state, memory: own },
      );
      return { ...next, memory: { warm: kept, own: next.memory } satisfies WarmMemory };
    },
  };
}

/** A trainer whose new adapters begin at the learned start. */
export function warmTrainer(trainer: WeightTrainer, learned: Adapter): WeightTrainer {
  return { ...trainer, fresh: (seed) => widened(learned, trainer.fresh(seed)) ?? trainer.fresh(seed) };
}

/** The same few steps from either start, judged by the gate on the valset. */
async function probe(
  context: OptimizationContext,
  warm: WarmStart,
  state: OptimizationState,
  { steps, batchRows, learningRate, share }: ProbeOptions,
): Promise<{ helped: boolean; passes: number }> {
  const { trainer, trainset, valset, evaluator, prompt, seed, budget, emit } = context;
  const { from } = warm;
  const skip = (because: string): { helped: false; passes: 0 } => {
    emit({ type: 'warmStartProbed', from, helped: false, because, steps: 0, passes: state.passes });
    return { helped: false, passes: 0 };
  };
  if (context.start) return skip('the run goes on from an adapter that is there');
  if (!widened(warm.adapter, trainer.fresh(seed))) return skip('it does not fit the shape of the adapters that were asked for');
  // The start has been measured just now, for as many passes.
  const step = stepPasses({ trainer, prompt, rows: trainset, batchRows });
  const affordable = Math.floor(((share * budget) / 2 - state.passes) / step);
  const count = Math.min(steps, affordable);
  if (count < fewestSteps) return skip(`a probe would cost more than ${Math.round(100 * share)}% of the budget`);
  let passes = 0;
  const reached: Evaluation[] = [];
  for (const adapter of [trainer.fresh(seed), warmTrainer(trainer, warm.adapter).fresh(seed)]) {
    const tuned = await tuneWeights({
      ...{ trainer, start: adapter, prompts: [prompt], trainset, steps: count, batchRows, learningRate, seed },
      weightPenalty: context.objective.weights,
      budget: Infinity,
      ...(context.signal && { signal: context.signal }),
      measure: (candidate) => evaluator.evaluate({ prompt, adapter: candidate }, valset),
      measureEvery: count,
      patience: 1,
      onStep: () => {},
    });
    passes += tuned.passes;
    if (tuned.evaluation) reached.push(tuned.evaluation);
  }
  if (reached.length < 2) return { ...skip('the probe was broken off'), passes };
  const { accepted: helped, because, score, logLikelihood } = decide(reached[0], reached[1]);
  emit({ type: 'warmStartProbed', from, helped, because, score, logLikelihood, steps: count, passes: state.passes + passes });
  return { helped, passes };
}
