/**
 * @file LoRA on the model's own passing outputs: answer the training rows, keep what the metric passes, train on that from the start again,
 * and repeat with the better model. Zelikman et al. 2022 (STaR), without its hints; Yuan et al. 2023 (rejection sampling).
 * Free text is sampled besides; a label is the likeliest one, since every answer that passes is the same one.
 */
import type { Row } from '../../data/dataset.ts';
import { makeEvaluator } from '../../evaluate/evaluator.ts';
import type { Adapter } from '../../model/adapter.ts';
import { randomStream } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { passingRows } from '../proposers/demonstrations.ts';
import { coordinatorOf, type Standing, type StepResult } from './method.ts';
import { train, trainingDefaults, type TrainingSettings } from './training.ts';

const rounds = 3;
/** Samples of free text a row, beside the greedy answer. */
const samples = 2;
const temperature = 0.7;

interface Memory {
  /** Of the last round. */
  readonly adapter?: string;
  readonly failed: boolean;
}

export const loraOnOwnOutputs = (settings: TrainingSettings = trainingDefaults): Coordinator =>
  coordinatorOf<Memory>({
    begin: ({ start }) => ({ ...(start && { adapter: start.id }), failed: false }),
    next(context, standing) {
      const { phase, memory } = standing;
      if (memory.failed) return { done: 'no output of its own passes' };
      if (phase > rounds) return { done: 'the rounds are over' };
      return { lever: 'weights', because: `round ${phase} on its own passing outputs`, take: () => round(context, standing, settings) };
    },
  });

async function round(
  context: OptimizationContext,
  { phase, memory, left, spent, bestEvaluation }: Standing<Memory>,
  settings: TrainingSettings,
): Promise<StepResult<Memory>> {
  const { trainer, seed, adapters, prompt } = context;
  const answering = memory.adapter === undefined ? undefined : await adapters.get(memory.adapter);
  const budget = left / (rounds + 1 - phase);
  const { rows, passes: asking } = await ownOutputs(context, answering, phase);
  if (!rows.length || asking + bestEvaluation.passes > budget) return { memory: { ...memory, failed: true }, passes: asking };
  const { adapter, evaluation, passes } = await train(context, {
    phase,
    start: context.start ?? trainer.fresh(seed),
    rows,
    budget: budget - asking,
    spent: spent + asking,
    measuring: bestEvaluation.passes,
    settings,
    seed: randomStream(seed, 'lora on own outputs', phase).integer(2 ** 31),
  });
  await adapters.put(adapter);
  return {
    memory: { adapter: adapter.id, failed: false },
    passes: asking + passes,
    ...(evaluation && { candidate: { id: `${phase}.0`, prompt, adapter, evaluation } }),
  };
}

/** Training rows with answers of the model's own that pass, each once. */
async function ownOutputs(
  { evaluator, prompt, trainset, seed }: OptimizationContext,
  adapter: Adapter | undefined,
  phase: number,
): Promise<{ rows: Row[]; passes: number }> {
  const { model, task } = evaluator;
  const sampled = Array.from({ length: task.labels ? 0 : samples }, (_, sample) => {
    const decoding = { ...task.decoding, temperature, seed: randomStream(seed, 'own outputs', phase, sample).integer(2 ** 31) };
    return makeEvaluator({ model, task: { ...task, decoding } });
  });
  const rows = new Map<string, Row>();
  let passes = 0;
  for (const each of [evaluator, ...sampled]) {
    const { passed, passes: cost } = await passingRows(each, { prompt, adapter }, trainset);
    for (const { row } of passed) rows.set(`${row.id} ${row.values[task.output].trim()}`, row);
    passes += cost;
  }
  return { rows: [...rows.values()], passes };
}
