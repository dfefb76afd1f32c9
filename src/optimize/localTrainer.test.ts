/** @file A training job without a model: batches, early stopping, budget. */
import { describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import type { Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import { examplesOf } from './batches.ts';
import { evaluationWith, messages } from './madeUp.fixture.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';
import { schedule } from './learningRate.ts';
import { localTrainer, type TrainingParts } from './localTrainer.ts';
import type { TrainingHooks, TrainingJob } from './trainer.ts';

const prompt: Prompt = { body: 'Message: ${input:message}\nIntent:', demonstrations: [] };
const adapterAfter = (steps: number): Adapter => ({ id: `after ${steps}`, config: {} as never, pairs: [] });

interface Batch {
  readonly rows: readonly Row[];
  readonly prompt: Prompt;
  readonly rate: number;
}

/** A trainer that records its inputs. A row costs ten tokens. */
function recorder(batches: Batch[] = []): TrainingParts {
  const made = new Map<unknown, { prompt: Prompt; row: Row }>();
  const sequence: TrainingParts['sequence'] = (shown, rows) => {
    const example = { prompt: [1], answer: [2] };
    made.set(example, { prompt: shown, row: rows[rows.length - 1] });
    return example;
  };
  return {
    soft: undefined as never,
    outputOf: (step) => (step === 0 ? 'summary' : 'intent'),
    fresh: () => adapterAfter(0),
    example: (shown, row) => sequence(shown, [row]),
    sequence,
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

interface Options {
  readonly parts?: TrainingParts;
  readonly prompts?: readonly Prompt[];
  readonly trainset?: readonly Row[];
  readonly valset?: readonly number[];
  readonly job?: Partial<TrainingJob>;
  readonly hooks?: Partial<TrainingHooks>;
  /** Changes the job before the trainer receives it. */
  readonly rescored?: (job: TrainingJob) => TrainingJob;
}

/** Trains for twelve steps, with given results of the measurements on the valset. */
async function tune(options: Options = {}) {
  const batches: Batch[] = [];
  const measured: string[] = [];
  const { parts = recorder(batches), valset, prompts = [prompt], trainset = messages } = options;
  const start = adapterAfter(0);
  const job: TrainingJob = {
    from: start.id,
    lessons: prompts.map((each) => ({ prompt: each, rows: trainset, shots: 0 })),
    steps: 12,
    batchRows: 5,
    learningRate: 1,
    weightPenalty: 0,
    seed: 3,
    measureEvery: 2,
    patience: 2,
    ...options.job,
  };
  const { rescored = (given: TrainingJob) => given } = options;
  const result = await localTrainer(parts).train(rescored(job), {
    start,
    budget: Infinity,
    measure: async (adapter): Promise<Evaluation> => {
      measured.push(adapter.id);
      const logLikelihood = valset?.[measured.length - 1] ?? -1 / measured.length;
      return evaluationWith([1, 0], [logLikelihood, logLikelihood]);
    },
    ...options.hooks,
  });
  return { ...result, batches, measured };
}

test('the steps use the rate of the schedule', async () => {
  const { batches } = await tune({ job: { learningRate: 0.5 } });
  expect(batches.map(({ rate }) => rate)).toEqual(Array.from({ length: 12 }, (_, step) => 0.5 * schedule(step, 12)));
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

  test('with fewer rows than a batch holds, a step has each once', async () => {
    const { batches } = await tune({ trainset: messages.slice(0, 3) });
    for (const { rows } of batches) expect(new Set(rows)).toEqual(new Set(messages.slice(0, 3)));
  });

  test('the same seed gives the same batches, another seed different ones', async () => {
    const { batches } = await tune();
    expect((await tune()).batches).toEqual(batches);
    expect((await tune({ job: { seed: 4 } })).batches).not.toEqual(batches);
  });

  test('live prompts take turns', async () => {
    const other = { ...prompt, body: 'Text: ${input:message}\nIntent:' };
    const { batches } = await tune({ prompts: [prompt, other] });
    expect(batches.map((batch) => batch.prompt.body)).toEqual(batches.map((_, step) => (step % 2 ? other : prompt).body));
  });

  test('demonstrations change from batch to batch, stay as many, and never reveal the answer of a row', async () => {
    const demonstrations = messages.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row));
    const { batches } = await tune({ prompts: [{ ...prompt, demonstrations }] });
    for (const batch of batches) {
      expect(batch.prompt.demonstrations).toHaveLength(2);
      const asked = batch.rows.map(({ values }) => values.message);
      for (const { inputs } of batch.prompt.demonstrations) expect(asked).not.toContain(inputs.message);
    }
    expect(new Set(batches.map((batch) => JSON.stringify(batch.prompt.demonstrations))).size).toBeGreaterThan(6);
  });

  test("those of an earlier step of a program show that step's answers, and none is a row of another step", () => {
    const rows = messages.map((row) => ({ ...row, values: { ...row.values, summary: `about ${row.id}` } }));
    const demonstrations = rows.slice(0, 2).map((row) => demonstrationOf(prompt, 'summary', row));
    const shown: Prompt[] = [];
    const maker = { ...recorder(), example: (of: Prompt) => (shown.push(of), { prompt: [1], answer: [2] }) };
    const others = Object.fromEntries(rows.slice(0, rows.length >> 1).map(({ id }) => [id, 1]));
    const program = { step: 0, others, prompts: [prompt, prompt] };
    examplesOf(maker, { prompt: { ...prompt, demonstrations }, rows, shots: 0, program }, rows.slice(-2), randomStream('drawn'));
    const own = rows.filter(({ id }) => !Object.hasOwn(others, id)).map(({ values }) => values.summary);
    for (const { output } of shown[0].demonstrations) expect(own).toContain(output);
  });
});

test('a job is data: after a round trip through JSON it has the same result', async () => {
  const demonstrations = messages.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row));
  const prompts = [prompt, { ...prompt, demonstrations }];
  const rescored = (job: TrainingJob): TrainingJob => JSON.parse(JSON.stringify(job)) as TrainingJob;
  expect(await tune({ prompts, rescored })).toEqual(await tune({ prompts }));
});

test('lessons with other rows have their own batches, and each sees every row once before any twice', async () => {
  const halves = [messages.slice(0, 6), messages.slice(6)];
  const lessons = halves.map((rows) => ({ prompt, rows, shots: 0 }));
  const { batches } = await tune({ job: { lessons, batchRows: 3 } });
  for (const place of [0, 1]) {
    const seen = batches.filter((_, step) => step % 2 === place).flatMap(({ rows }) => rows);
    expect(seen).toHaveLength(18);
    for (let epoch = 0; epoch < 3; epoch++) expect(new Set(seen.slice(6 * epoch, 6 * epoch + 6))).toEqual(new Set(halves[place]));
  }
});

test("in a program each row is an example of its own step, and only the lesson's prompt has other demonstrations", async () => {
  const demonstrations = messages.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row));
  const [first, second] = ['First', 'Second'].map((body): Prompt => ({ body, demonstrations }));
  const others = Object.fromEntries(messages.slice(0, 4).map(({ id }) => [id, 0]));
  const asked: { shown: Prompt; row: Row; step?: number }[] = [];
  const parts = recorder();
  const example: TrainingParts['example'] = (shown, row, soft, step) => {
    asked.push({ shown, row, step });
    return parts.example(shown, row, soft, step);
  };
  const lesson = { prompt: second, rows: messages, shots: 0, program: { step: 1, others, prompts: [first, second] } };
  await tune({ parts: { ...parts, example }, job: { lessons: [lesson] } });
  expect(new Set(asked.map(({ step }) => step))).toEqual(new Set([0, 1]));
  for (const { shown, row, step } of asked) {
    expect(step).toBe(row.id in others ? 0 : 1);
    expect(shown.body).toBe(step === 0 ? 'First' : 'Second');
    if (step === 0) expect(shown.demonstrations).toEqual(demonstrations);
  }
});

test('if other demonstrations are too long, the prompt is trained with its own', async () => {
  const demonstrations = messages.slice(0, 2).map((row) => demonstrationOf(prompt, 'intent', row));
  const own = { ...prompt, demonstrations };
  const batches: Batch[] = [];
  const trainer = recorder(batches);
  const example: TrainingParts['example'] = (shown, row) => {
    if (shown !== own) throw new TandemError('too-long', 'A prompt has 9000 tokens.');
    return trainer.example(shown, row);
  };
  await tune({ prompts: [own], parts: { ...trainer, example } });
  expect(batches).toHaveLength(12);
  for (const batch of batches) expect(batch.prompt).toBe(own);
});

describe('early stopping', () => {
  test('returns the adapter of the best measurement, and ends when two measurements in a row have not beaten it', async () => {
    const { adapter, evaluation, measured, batches } = await tune({ valset: [-3, -1, -2, -2, -0.1, 0] });
    expect(adapter.id).toBe('after 4');
    expect(evaluation?.logLikelihood!.mean).toBe(-1);
    expect(measured).toEqual(['after 2', 'after 4', 'after 6', 'after 8']);
    expect(batches).toHaveLength(8);
  });

  test('a higher score takes precedence over a higher likelihood', async () => {
    const answers = [evaluationWith([1, 0], [-1, -1]), evaluationWith([1, 1], [-2, -2]), evaluationWith([1, 0], [0, 0])];
    let asked = 0;
    const { adapter } = await tune({ job: { steps: 6, patience: 9 }, hooks: { measure: async () => answers[asked++] } });
    expect(adapter.id).toBe('after 4');
  });

  test('the last step is always measured', async () => {
    expect((await tune({ job: { steps: 5, measureEvery: 4 } })).measured).toEqual(['after 4', 'after 5']);
    expect((await tune({ job: { steps: 1, measureEvery: 8 } })).measured).toEqual(['after 1']);
  });

  test('diverged weights end it, and the best adapter before is returned', async () => {
    let asked = 0;
    const { adapter, batches } = await tune({
      hooks: {
        measure: async () => {
          if (++asked === 2) throw new TandemError('not-finite', 'The model gives a log-likelihood of NaN.');
          return evaluationWith([1, 0]);
        },
      },
    });
    expect([adapter.id, batches.length]).toEqual(['after 2', 4]);
    const diverged = await tune({ hooks: { measure: () => Promise.reject(new TandemError('not-finite', 'NaN')) } });
    expect(diverged.evaluation).toBeUndefined();
  });

  test('any other error in a measurement is thrown', async () => {
    await expect(tune({ hooks: { measure: () => Promise.reject(new TandemError('too-long', 'Too long.')) } })).rejects.toMatchObject({
      reason: 'too-long',
    });
  });
});

describe('budget', () => {
  test('a token of a step counts three, a measurement counts its tokens; the last step before the end is measured', async () => {
    const steps: number[] = [];
    // Five rows of ten tokens, forward 1 and backward 2: 150 for a step; 2 for a measurement.
    const { tokensUsed, measured } = await tune({
      job: { patience: 9 },
      hooks: { budget: 700, onStep: (step) => void steps.push(step.tokensUsed) },
    });
    expect(steps).toEqual([150, 300, 452, 602, 754]);
    expect(measured).toEqual(['after 2', 'after 4', 'after 5']);
    expect(tokensUsed).toBe(756);
  });

  test('without a budget it does nothing', async () => {
    const { batches, evaluation, tokensUsed } = await tune({ hooks: { budget: 0 } });
    expect([batches.length, evaluation, tokensUsed]).toEqual([0, undefined, 0]);
  });

  test('a stop ends it at the next step', async () => {
    const stop = new AbortController();
    const { batches } = await tune({ hooks: { signal: stop.signal, onStep: ({ step }) => step === 3 && stop.abort() } });
    expect(batches).toHaveLength(3);
  });
});
