/** @file One weight phase: LoRA steps under the current prompt, or under a mixture of it and its challengers. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { AlternatingOptions, PhaseResult } from './alternating.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { PhaseStart } from './promptPhase.ts';
import { promptKey } from './proposers/proposer.ts';
import { isBetter, tuneWeights } from './weightTuner.ts';

/**
 * What the lever tries after it has failed: go on gently, then start anew with other batches. The rate is a factor on the options'.
 * Learning rate and stopping decide more than anything else on few rows, and only the valset can choose them.
 */
const attempts = [
  { anew: false, rate: 1 },
  { anew: false, rate: 0.3 },
  { anew: true, rate: 2 },
];

export async function weightPhase(
  context: OptimizationContext,
  options: AlternatingOptions,
  { phase, memory, adapter, budget }: PhaseStart,
): Promise<PhaseResult> {
  const { trainer, evaluator, valset, emit, seed } = context;
  const { anew, rate } = attempts[memory.statistics.weights.failures % attempts.length];
  const { prompt } = memory.current;
  const prompts = options.strategy === 'mixture' ? distinct([prompt, ...memory.challengers]) : [prompt];
  const steps = options.schedule.kind === 'classic' ? 1 : options.weightSteps;
  const seedOfPhase = randomStream(seed, 'phase', phase, 'weights').integer(2 ** 31);
  const tuned = await tuneWeights({
    trainer,
    start: adapter && !anew ? adapter : trainer.fresh(anew ? seedOfPhase : seed),
    prompts,
    trainset: context.trainset,
    steps: stepsWithin(options, steps, budget),
    batchRows: options.batchRows,
    learningRate: options.learningRate * rate,
    weightPenalty: context.objective.weights,
    seed: seedOfPhase,
    budget,
    signal: context.signal,
    measure: (candidate) => evaluator.evaluate({ prompt, adapter: candidate }, valset),
    measureEvery: Math.max(8, Math.round(steps / 5)),
    patience: options.patience,
    onStep: (step) => emit({ type: 'weightStep', phase, steps, ...step }),
  });
  let best: { prompt: Prompt; evaluation: Evaluation } | undefined = tuned.evaluation && { prompt, evaluation: tuned.evaluation };
  let passes = tuned.passes;
  for (const other of best ? prompts.slice(1) : []) {
    const evaluation = await evaluator.evaluate({ prompt: other, adapter: tuned.adapter }, valset);
    passes += evaluation.passes;
    if (best && isBetter(evaluation, best.evaluation)) best = { prompt: other, evaluation };
  }
  const winner = best?.prompt ?? prompt;
  return {
    lever: 'weights',
    prompt: winner,
    adapter: tuned.adapter,
    evaluation: best?.evaluation,
    passes,
    challengers: options.strategy === 'mixture' ? prompts.filter((each) => each !== winner) : memory.challengers,
  };
}

/** A chain's only weight phase takes its whole share of the budget. */
function stepsWithin(options: AlternatingOptions, steps: number, budget: number): number {
  void budget;
  return options.schedule.kind === 'chain' ? 3 * steps : steps;
}

function distinct(prompts: readonly Prompt[]): Prompt[] {
  const seen = new Set<string>();
  return prompts.filter((prompt) => !seen.has(promptKey(prompt)) && seen.add(promptKey(prompt)));
}
