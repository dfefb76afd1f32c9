/**
 * @file A learned start for new adapters, and a prior over proposals. Any coordinator can use them. The adapter is used only if a probe shows that it
 * helps.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import { makeAdapter, type Adapter } from '../model/adapter.ts';
import type { Coordinator, OptimizationContext } from './coordinator.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import { withSoftLine } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { decide } from './gate.ts';
import { widened } from './metaLearning.ts';
import { hasAnswers } from './ownAnswers.ts';
import type { ProposalPrior } from './proposalPrior.ts';
import type { Lesson, Trainer, TrainingJob } from './trainer.ts';

export interface WarmStart {
  /** Its name for people, e.g. a folder. */
  readonly from: string;
  readonly adapter: Adapter;
  readonly prior?: ProposalPrior;
}

export interface ProbeOptions {
  /** The most steps from either start, and rows per step. */
  readonly steps: number;
  readonly batchRows: number;
  readonly learningRate: number;
  /** The share of the budget that the probe may cost. */
  readonly share: number;
}

export const probeDefaults: ProbeOptions = { steps: 8, batchRows: 8, learningRate: 1e-3, share: 0.05 };
/** Fewer steps show nothing. */
const fewestSteps = 3;

/** Stored beside the coordinator's own memory. JSON. What was learned is kept with the run, because a later start is not this run's. */
interface WarmMemory {
  /** Ids of the start, if new adapters or soft prompts start from it. */
  readonly warm: { readonly adapter?: string; readonly soft?: string; readonly prior?: ProposalPrior };
  readonly own: unknown;
}

const isWarm = (memory: unknown): memory is WarmMemory => typeof memory === 'object' && memory !== null && 'warm' in memory;

/**
 * The coordinator, with new adapters from the learned start if the probe at the start of the run favours it. If the coordinator tunes a soft prompt
 * and a second probe favours the learned one, that is used too. Without a start it continues as it began.
 */
export function withWarmStart(coordinator: Coordinator, warm?: WarmStart, options: ProbeOptions = probeDefaults): Coordinator {
  return {
    async begin(context) {
      const state = await coordinator.begin(context);
      if (!warm) return state;
      // Each measurement of a probe costs as much as the one just made.
      const spent = { spent: state.tokensUsed, measuring: state.tokensUsed };
      const adapter = await probeAdapter(context, warm, spent, options);
      const soft = await probeSoft(
        context,
        coordinator,
        warm,
        adapter,
        { ...spent, spent: state.tokensUsed + adapter.tokensUsed },
        options,
      );
      if (adapter.helped || soft.helped) await context.adapters.put(warm.adapter);
      const memory: WarmMemory = {
        warm: {
          ...(adapter.helped && { adapter: warm.adapter.id }),
          ...(soft.helped && { soft: warm.adapter.id }),
          ...(warm.prior && { prior: warm.prior }),
        },
        own: state.memory,
      };
      return { ...state, tokensUsed: state.tokensUsed + adapter.tokensUsed + soft.tokensUsed, memory };
    },
    async advance(context, state) {
      if (!isWarm(state.memory)) return coordinator.advance(context, state);
      const { warm: kept, own } = state.memory;
      let { trainer } = context;
      if (kept.adapter !== undefined) trainer = warmTrainer(trainer, await context.adapters.get(kept.adapter));
      const beginning = kept.soft === undefined ? undefined : coordinator.softBeginning?.(context);
      if (beginning) trainer = withSoftBeginning(trainer, beginning.text, (await context.adapters.get(kept.soft!)).soft!);
      const next = await coordinator.advance({ ...context, trainer, ...(kept.prior && { prior: kept.prior }) }, { ...state, memory: own });
      return { ...next, memory: { warm: kept, own: next.memory } satisfies WarmMemory };
    },
  };
}

/** A trainer whose new adapters start from the learned one. */
export function warmTrainer<T extends Trainer>(trainer: T, learned: Adapter): T {
  return { ...trainer, fresh: (seed) => widened(learned, trainer.fresh(seed)) ?? trainer.fresh(seed) };
}

/** A trainer whose soft prompt for this text starts from the learned one. The soft prompt of a text that is found later starts from that text. */
const withSoftBeginning = (trainer: Trainer, text: string, learned: SoftPrompt): Trainer => ({
  ...trainer,
  soft: { ...trainer.soft, begin: (asked, options) => (asked === text ? learned : trainer.soft.begin(asked, options)) },
});

/** Amounts in tokens. */
interface Spent {
  /** Spent since the start of the optimization. */
  readonly spent: number;
  /** The cost of a measurement on the valset. */
  readonly measuring: number;
}

interface Probed {
  readonly helped: boolean;
  /** Tokens that it cost. */
  readonly tokensUsed: number;
}

/** The same few steps from either start of the adapter, under the current prompt. */
async function probeAdapter(context: OptimizationContext, warm: WarmStart, spent: Spent, options: ProbeOptions): Promise<Probed> {
  const { trainer, prompt, seed } = context;
  const cold = trainer.fresh(seed);
  const learned = widened(warm.adapter, cold);
  const left = context.start
    ? 'the run continues from an existing adapter'
    : learned
      ? undefined
      : 'its shape does not fit the requested adapters';
  return probe(context, { from: warm.from }, spent, options, left ?? { prompt, starts: [cold, learned!] });
}

/** The same few steps from either start of the soft prompt, with the weights at their own start. */
async function probeSoft(
  context: OptimizationContext,
  coordinator: Coordinator,
  warm: WarmStart,
  adapter: Probed,
  spent: Spent,
  options: ProbeOptions,
): Promise<Probed> {
  const { trainer, prompt, seed } = context;
  const { soft } = warm.adapter;
  const beginning = coordinator.softBeginning?.(context);
  if (!soft || !beginning) return { helped: false, tokensUsed: 0 };
  const weights = (adapter.helped ? warmTrainer(trainer, warm.adapter) : trainer).fresh(seed);
  const [cold, learned] = [beginning.soft, soft].map((each) => makeAdapter(weights.config, weights.pairs, each));
  const asked = beginning.tokens ?? soft.tokens;
  const left = context.start
    ? 'the run continues from an existing adapter'
    : asked === soft.tokens
      ? undefined
      : `it has ${soft.tokens} virtual tokens, but ${asked} were requested`;
  const starts = { prompt: withSoftLine(prompt), starts: [cold, learned], rate: beginning.rate } as const;
  return probe(context, { part: 'soft prompt', from: warm.from }, spent, options, left ?? starts);
}

/**
 * Trains from both starts, and lets the gate compare them on the valset.
 * @param what the starts, cold and warm, or why there is nothing to try
 */
async function probe(
  { trainer, trainset, valset, evaluator, objective, seed, budget, signal, emit }: OptimizationContext,
  named: { readonly part?: 'soft prompt'; readonly from: string },
  { spent, measuring }: Spent,
  { steps, batchRows, learningRate, share }: ProbeOptions,
  what: string | { readonly prompt: Prompt; readonly starts: readonly Adapter[]; readonly rate?: number },
): Promise<Probed> {
  const skip = (because: string): { helped: false; tokensUsed: 0 } => {
    emit({ type: 'warmStartProbed', ...named, helped: false, because, steps: 0, tokensUsed: spent });
    return { helped: false, tokensUsed: 0 };
  };
  if (typeof what === 'string') return skip(what);
  if (!hasAnswers({ trainer, trainset })) return skip('the probe needs right answers, and the data has none');
  const { prompt, starts, rate } = what;
  const lesson: Lesson = { prompt, rows: trainset, shots: 0 };
  const step = trainer.stepCost(lesson, batchRows, starts[0].soft);
  const affordable = Math.floor(((share * budget) / 2 - measuring) / step);
  const count = Math.min(steps, affordable);
  if (count < fewestSteps) return skip(`the probe would cost more than ${Math.round(100 * share)}% of the budget`);
  let tokensUsed = 0;
  const reached: Evaluation[] = [];
  for (const start of starts) {
    const job: TrainingJob = {
      ...{ from: start.id, lessons: [lesson], steps: count, batchRows, learningRate, seed },
      weightPenalty: objective.weights,
      ...(rate !== undefined && { soft: { learningRate: rate, penalty: objective.prompt } }),
      measureEvery: count,
      patience: 1,
    };
    const tuned = await trainer.train(job, {
      start,
      budget: Infinity,
      ...(signal && { signal }),
      measure: (candidate) => evaluator.evaluate({ prompt, adapter: candidate }, valset),
    });
    tokensUsed += tuned.tokensUsed;
    if (tuned.evaluation) reached.push(tuned.evaluation);
  }
  if (reached.length < 2) return { ...skip('the probe did not finish'), tokensUsed };
  const { accepted: helped, because, score, logLikelihood } = decide(reached[0], reached[1]);
  emit({
    type: 'warmStartProbed',
    ...named,
    helped,
    because,
    score,
    ...(logLikelihood && { logLikelihood }),
    steps: count,
    tokensUsed: spent + tokensUsed,
  });
  return { helped, tokensUsed };
}
