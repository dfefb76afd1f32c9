/**
 * @file LoRA on the model's own passing outputs: answer the training rows, keep what the metric passes, train on that from the initial weights, and
 * repeat with the better model. Zelikman et al. 2022 (STaR), without its hints; Yuan et al. 2023 (rejection sampling). Free text is also sampled. A
 * label is not, because all passing answers of a row are the same.
 */
import type { Row } from '../../data/dataset.ts';
import { makeEvaluator } from '../../evaluate/evaluator.ts';
import type { Adapter } from '../../model/adapter.ts';
import { textIn } from '../../prompt/values.ts';
import { randomStream } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { passingRows } from '../proposers/demonstrations.ts';
import { after, allowance, partOf } from '../purse.ts';
import { coordinatorOf, type Standing, type StepOutcome } from './method.ts';
import { train, trainingDefaults, type TrainingSettings } from './training.ts';

const rounds = 3;
/** Samples of free text for each row, besides the greedy answer. */
const samples = 2;
const temperature = 0.7;
/** A training starts only if it can pay for this many measurements on the valset: those during the training, and steps that cost as much as one. */
const leastMeasurements = 6;

interface Memory {
  /** The adapter of the last round. */
  readonly adapter?: string;
  /** Why there is no further round. */
  readonly over?: string;
}

export const loraOnOwnOutputs = (settings: TrainingSettings = trainingDefaults): Coordinator =>
  coordinatorOf<Memory>({
    begin: ({ start }) => (start ? { adapter: start.id } : {}),
    next(context, standing) {
      const { phase, memory } = standing;
      if (phase > rounds) return { done: 'all rounds are complete' };
      if (memory.over) return { done: memory.over };
      return {
        target: 'weights',
        because: `round ${phase} of training on its own passing outputs`,
        take: () => round(context, standing, settings),
      };
    },
  });

async function round(
  context: OptimizationContext,
  { phase, memory, left, spent, bestEvaluation }: Standing<Memory>,
  settings: TrainingSettings,
): Promise<StepOutcome<Memory>> {
  const { trainer, seed, adapters, prompt } = context;
  const answering = memory.adapter === undefined ? undefined : await adapters.get(memory.adapter);
  const { rows, tokensUsed: asking } = await ownOutputs(context, answering, phase);
  if (!rows.length) return { memory: { ...memory, over: 'none of its own outputs passes' }, tokensUsed: asking };
  const measuring = bestEvaluation.tokensUsed;
  const least = asking + leastMeasurements * measuring;
  const over = 'the budget is spent';
  if (allowance(left, asking) < least) return { memory: { ...memory, over }, tokensUsed: asking };
  const share = partOf(left, rounds + 1 - phase);
  // If a share pays for little more than the answers, one round uses all that is left.
  const isLast = allowance(share, asking) < least;
  const budget = isLast ? left : share;
  const { adapter, evaluation, tokensUsed } = await train(context, {
    phase,
    start: context.start ?? trainer.fresh(seed),
    rows,
    budget: after(budget, asking),
    spent: spent + asking,
    measuring,
    settings,
    seed: randomStream(seed, 'lora on own outputs', phase).integer(2 ** 31),
  });
  await adapters.put(adapter);
  return {
    memory: { adapter: adapter.id, ...(isLast && { over }) },
    tokensUsed: asking + tokensUsed,
    ...(evaluation && { measured: { prompt, adapter, evaluation } }),
  };
}

/** Training rows with those answers of the model that pass, without duplicates. */
async function ownOutputs(
  { evaluator, prompt, trainset, seed }: OptimizationContext,
  adapter: Adapter | undefined,
  phase: number,
): Promise<{ rows: Row[]; tokensUsed: number }> {
  const { model, task } = evaluator;
  const sampled = Array.from({ length: task.labels ? 0 : samples }, (_, sample) => {
    const decoding = { ...task.decoding, temperature, seed: randomStream(seed, 'own outputs', phase, sample).integer(2 ** 31) };
    return makeEvaluator({ model, task: { ...task, decoding } });
  });
  const rows = new Map<string, Row>();
  let tokensUsed = 0;
  for (const each of [evaluator, ...sampled]) {
    const { passed, tokensUsed: cost } = await passingRows(each, { prompt, adapter }, trainset);
    for (const { row } of passed) rows.set(`${row.id} ${textIn(row.values, task.output).trim()}`, row);
    tokensUsed += cost;
  }
  return { rows: [...rows.values()], tokensUsed };
}
