/** @file The weight step without a model: schedule, batches, early stopping, budget. */
import { describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import type { Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { evaluationWith, messages } from './madeUp.fixture.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';
import { schedule, tuneWeights, type TuneOptions, type WeightTrainer } from './weightTuner.ts';

const prompt: Prompt = { body: 'Message: ${input:message}\nIntent:', demonstrations: [] };
const adapterAfter = (steps: number): Adapter => ({ id: `after ${steps}`, config: {} as never, pairs: [] });

interface Batch {
  readonly rows: readonly Row[];
  readonly prompt: Prompt;
  readonly rate: number;
}

/** A trainer that notes what it is given; a row costs ten tokens. */
function recorder(batches: Batch[] = []): WeightTrainer {
  const made = new Map<unknown, { prompt: Prompt; row: Row }>();
  return {
    soft: undefined as never,
    output: 'intent',
    fresh: () => adapterAfter(0),
    example: (shown, row) => {
      const example = { prompt: [1], answer: [2] };
      made.set(example, { prompt: shown, row });
      return example;
    },
    start: () => ({
      steps: 0,
      step: async (examples, rate) => {
        const parts = examples.map((example) => made.get(example)!);
        batches.push({ rows: parts.map(({ row }) => row), prompt: parts[0].prompt, rate });
        return { loss: 1, gradientNorm: 1, tokens: 10 * examples.length };
      },
      adapter: () => adapterAfter(batches.length),
    }),
  };
}

/** Tunes for twelve steps; what the valset says at each measurement is given. */
async function tune(options: Partial<TuneOptions> & { valset?: readonly number[] } = {}) {
  const batches: Batch[] = [];
  const measured: string[] = [];
  const result = await tuneWeights({
    trainer: recorder(batches),
    start: adapterAfter(0),
    prompts: [prompt],
    trainset: messages,
    steps: 12,
    batchRows: 5,
    learningRate: 1,
    weightPenalty: 0,
    seed: 3,
    budget: Infinity,
    measureEvery: 2,
    patience: 2,
    onStep: () => {},
    measure: async (adapter): Promise<Evaluation> => {
      measured.push(adapter.id);
      const logLikelihood = options.valset?.[measured.length - 1] ?? -1 / measured.length;
      return evaluationWith([1, 0], [logLikelihood, logLikelihood]);
    },
    ...options,
  });
  return { ...result, batches, measured };
}

describe('schedule', () => {
  test('rises over a tenth of the steps to 1, then falls to a tenth', () => {
    const rates = Array.from({ length: 60 }, (_, step) => schedule(step, 60));
    expect(rates.slice(0, 7)).toEqual([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1]);
    for (let step = 7; step < 60; step++) expect(rates[step]).toBeLessThan(rates[step - 1]);
    expect(rates[59]).toBeGreaterThan(0.1);
    expect(rates[59]).toBeLessThan(0.11);
  });

  test('a single step has the whole rate', () => {
    expect(schedule(0, 1)).toBe(1);
  });

  test('is what the steps are taken with', async () => {
    const { batches } = await tune({ learningRate: 0.5 });
    expect(batches.map(({ rate }) => rate)).toEqual(Array.from({ length: 12 }, (_, step) => 0.5 * schedule(step, 12)));
  });
});

describe('batches', () => {
  test('every row is seen once before any is seen twice', async () => {
    const { batches } = await tune();
    const seen = batches.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(seen).toHaveLength(60);
    for (let epoch = 0; epoch < 5; epoch++) {
      expect(new Set(seen.slice(12 * epoch, 12 * epoch + 12)), `epoch ${epoch + 1}`).toEqual(new Set(messages.map(({ id }) => id)));
    }
  });

  test('fewer rows than a batch holds: each once a step', async () => {
    const { batches } = await tune({ trainset: messages.slice(0, 3) });
    for (const { rows } of batches) expect(new Set(rows)).toEqual(new Set(messages.slice(0, 3)));
  });

  test('the same seed gives the same batches, another seed others', async () => {
    const { batches } = await tune();
    expect((await tune()).batches).toEqual(batches);
    expect((await tune({ seed: 4 })).batches).not.toEqual(batches);
  });

  test('live prompts take turns', async () => {
    const other = { ...prompt, body: 'Text: ${input:message}\nIntent:' };
    const { batches } = await tune({ prompts: [prompt, other] });
    expect(batches.map((batch) => batch.prompt.body)).toEqual(batches.map((_, step) => (step % 2 ? other : prompt).body));
  });

  test('demonstrations change from batch to batch, as many, and never give away the answer of a row', async () => {
    const demonstrations = messages.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row));
    const { batches } = await tune({ prompts: [{ ...prompt, demonstrations }] });
    for (const batch of batches) {
      expect(batch.prompt.demonstrations).toHaveLength(2);
      const asked = batch.rows.map(({ values }) => values.message);
      for (const { inputs } of batch.prompt.demonstrations) expect(asked).not.toContain(inputs.message);
    }
    expect(new Set(batches.map((batch) => JSON.stringify(batch.prompt.demonstrations))).size).toBeGreaterThan(6);
  });
});

test('where other demonstrations are too long, the prompt is trained with its own', async () => {
  const demonstrations = messages.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row));
  const own = { ...prompt, demonstrations };
  const batches: Batch[] = [];
  const trainer = recorder(batches);
  const example: WeightTrainer['example'] = (shown, row) => {
    if (shown !== own) throw new TandemError('too-long', 'A prompt has 9000 tokens.');
    return trainer.example(shown, row);
  };
  await tune({ prompts: [own], trainer: { ...trainer, example } });
  expect(batches).toHaveLength(12);
  for (const batch of batches) expect(batch.prompt).toBe(own);
});

describe('early stopping', () => {
  test('returns the adapter of the best measurement, and ends when it has not been beaten twice', async () => {
    const { adapter, evaluation, measured, batches } = await tune({ valset: [-3, -1, -2, -2, -0.1, 0] });
    expect(adapter.id).toBe('after 4');
    expect(evaluation?.logLikelihood.mean).toBe(-1);
    expect(measured).toEqual(['after 2', 'after 4', 'after 6', 'after 8']);
    expect(batches).toHaveLength(8);
  });

  test('a higher score goes before a higher likelihood', async () => {
    const answers = [evaluationWith([1, 0], [-1, -1]), evaluationWith([1, 1], [-2, -2]), evaluationWith([1, 0], [0, 0])];
    let asked = 0;
    const { adapter } = await tune({ steps: 6, patience: 9, measure: async () => answers[asked++] });
    expect(adapter.id).toBe('after 4');
  });

  test('the last step is always measured', async () => {
    expect((await tune({ steps: 5, measureEvery: 4 })).measured).toEqual(['after 4', 'after 5']);
    expect((await tune({ steps: 1, measureEvery: 8 })).measured).toEqual(['after 1']);
  });

  test('weights that ran away end it, and what was best before stands', async () => {
    let asked = 0;
    const { adapter, batches } = await tune({
      measure: async () => {
        if (++asked === 2) throw new TandemError('not-finite', 'The model gives a log-likelihood of NaN.');
        return evaluationWith([1, 0]);
      },
    });
    expect([adapter.id, batches.length]).toEqual(['after 2', 4]);
    const diverged = await tune({ measure: () => Promise.reject(new TandemError('not-finite', 'NaN')) });
    expect(diverged.evaluation).toBeUndefined();
  });

  test('another failure of a measurement is a failure', async () => {
    await expect(tune({ measure: () => Promise.reject(new TandemError('too-long', 'Too long.')) })).rejects.toMatchObject({
      reason: 'too-long',
    });
  });
});

describe('budget', () => {
  test('a step costs three passes a token, a measurement what it says; the last step before the end is measured', async () => {
    const steps: number[] = [];
    // Five rows of ten tokens, forward 1 and backward 2: 150 a step; 2 a measurement.
    const { passes, measured } = await tune({ budget: 700, patience: 9, onStep: (step) => void steps.push(step.passes) });
    expect(steps).toEqual([150, 300, 452, 602, 754]);
    expect(measured).toEqual(['after 2', 'after 4', 'after 5']);
    expect(passes).toBe(756);
  });

  test('nothing to spend, nothing done', async () => {
    const { batches, evaluation, passes } = await tune({ budget: 0 });
    expect([batches.length, evaluation, passes]).toEqual([0, undefined, 0]);
  });

  test('a stop ends it at the next step', async () => {
    const stop = new AbortController();
    const { batches } = await tune({ signal: stop.signal, onStep: ({ step }) => step === 3 && stop.abort() });
    expect(batches).toHaveLength(3);
  });
});
