/**
 * @file A learned start is used by any coordinator if the probe favours it, and a resumed run continues with the same one.
 * @module-tag long
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import { makeAdapter, type Adapter } from '../model/adapter.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { alternating } from './alternating.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { defaultObjective } from './objective.ts';
import { learnFrom, noPrior } from './proposalPrior.ts';
import { textOf } from '../prompt/values.ts';
import { simultaneous } from './simultaneous.ts';
import { withWarmStart, type WarmStart } from './warmStart.ts';
import { kindRows, kindTask, loadTinyModel, partsOf, tinyLora } from './kinds.fixture.ts';
import { localTrainer } from './localTrainer.ts';
import { loraTrainer } from './loraTrainer.ts';

vi.setConfig({ testTimeout: 30_000 });

const rows = kindRows(56);
const [trainset, valset] = [rows.slice(0, 32), rows.slice(32)];
const task = kindTask;
const prompt: Prompt = { body: 'Text: ${input:text}\nKind:\n', demonstrations: [] };

let model: TrainableModel;
/** Trained on the task itself: the best possible start. */
let good: Adapter;
/** Trained on the wrong answers. */
let bad: Adapter;
beforeAll(async () => {
  model = await loadTinyModel();
  const trainer = loraTrainer(model, task, tinyLora);
  const trainedOn = async (answer: (kind: string) => string): Promise<Adapter> => {
    const training = trainer.start(trainer.fresh(1), { seed: 1, weightPenalty: 0 });
    const batch = trainset.slice(0, 12).map((row) => ({ ...row, values: { ...row.values, kind: answer(textOf(row.values.kind)) } }));
    for (let step = 0; step < 20; step++)
      await training.step(
        batch.map((row) => trainer.example(prompt, row)),
        5e-3,
      );
    return training.adapter();
  };
  good = await trainedOn((kind) => kind);
  bad = await trainedOn((kind) => (kind === 'animal' ? 'colour' : 'animal'));
});

const options = { targets: ['weights'], weightSteps: 8, batchRows: 8, learningRate: 1e-3 } as const;

async function drive(warm?: WarmStart, { budget = 300_000, from, start, adapters = memoryAdapters() }: Drive = {}) {
  const events: OptimizationEvent[] = [];
  const snapshots: { json: string; events: number }[] = [];
  const fresh: string[] = [];
  const contextNow = (): OptimizationContext => {
    model.forget();
    const trainer = loraTrainer(model, task, tinyLora);
    return {
      ...{ adapters, prompt, trainset, valset, budget, seed: 1, objective: defaultObjective },
      ...(start && { start }),
      evaluator: makeEvaluator({ model, task, calibrationRows: trainset }),
      trainer: localTrainer({ ...trainer, start: (adapter, ...rest) => (fresh.push(adapter.id), trainer.start(adapter, ...rest)) }),
      emit: (event) => events.push(event),
    };
  };
  const coordinator = (): ReturnType<typeof withWarmStart> => withWarmStart(alternating(options), warm);
  let state = from ?? (await coordinator().begin(contextNow()));
  for (let phase = 0; phase < 2 && !state.done; phase++) {
    snapshots.push({ json: JSON.stringify(state), events: events.length });
    state = await withWarmStart(alternating(options)).advance(contextNow(), state);
  }
  return { state, events, snapshots, adapters, trainedFrom: fresh };
}
interface Drive {
  readonly budget?: number;
  readonly from?: OptimizationState;
  readonly start?: Adapter;
  readonly adapters?: ReturnType<typeof memoryAdapters>;
}

const probeOf = (events: readonly OptimizationEvent[]) =>
  events.filter((event): event is Extract<OptimizationEvent, { type: 'warmStartProbed' }> => event.type === 'warmStartProbed');

describe('a start', () => {
  test('that helps is reported, paid for, and used for new adapters', async () => {
    const { events, trainedFrom, state } = await drive({ from: 'earlier', adapter: good });
    const [probe, ...more] = probeOf(events);
    expect(more).toEqual([]);
    expect(probe).toMatchObject({ from: 'earlier', helped: true });
    expect(probe.score!.rows).toBe(valset.length);
    const [baseline] = events;
    expect(baseline.type === 'baselineMeasured' && probe.tokensUsed > baseline.tokensUsed).toBe(true);
    // Cold, warm, then the phase, which is warm again.
    expect(trainedFrom.slice(1, 3)).toEqual([good.id, good.id]);
    expect(state.start.adapter).toBeUndefined();
  });

  test('that does not help is reported and not used', async () => {
    const { events, trainedFrom } = await drive({ from: 'nowhere', adapter: bad });
    expect(probeOf(events)).toMatchObject([{ helped: false }]);
    expect(trainedFrom[2]).toBe(trainedFrom[0]);
  });

  test.each([
    ['the run has an adapter already', { start: true }, 'continues from an existing adapter'],
    ['the budget is small', { budget: 1500 }, 'more than 5% of the budget'],
  ] as const)('is not tried if %s', async (_, { start, budget }: { start?: true; budget?: number }, because) => {
    const { events } = await drive({ from: 'earlier', adapter: good }, { ...(start && { start: good }), ...(budget && { budget }) });
    const [probe] = probeOf(events);
    expect(probe).toMatchObject({ helped: false, steps: 0 });
    expect(probe.because).toContain(because);
  });

  test('of another shape is not tried', async () => {
    const { pairs, config } = good;
    const wide = makeAdapter(
      { ...config, rank: 8 },
      pairs.map((pair) => ({ ...pair, a: new Float32Array(2 * pair.a.length), b: new Float32Array(2 * pair.b.length) })),
    );
    expect(probeOf((await drive({ from: 'wide', adapter: wide })).events)[0].because).toContain('shape');
  });
});

test('a resumed run continues unchanged without the given start, because the run keeps it', async () => {
  const prior = learnFrom(noPrior, []);
  const whole = await drive({ from: 'earlier', adapter: good, prior });
  expect(whole.snapshots.length).toBeGreaterThan(1);
  const { json, events } = whole.snapshots[1];
  const rest = await drive(undefined, { from: JSON.parse(json) as OptimizationState, adapters: whole.adapters });
  expect(rest.events.slice(0, whole.events.length - events)).toEqual(whole.events.slice(events));
});

test('without a start nothing changes: the state is that of the coordinator alone', async () => {
  const { state } = await drive();
  expect(state.memory).toHaveProperty('current');
});

describe('a learned soft prompt', () => {
  const joint = { steps: 8, settleSteps: 4, batchRows: 8, projections: 2, learningRate: 1e-3, softRate: 0.03 } as const;
  const softLine = { ...prompt, body: `{{soft}}\n\n${prompt.body}` };
  let learned: Adapter;
  beforeAll(async () => {
    const trainer = loraTrainer(model, task, tinyLora);
    const soft = { ...trainer.soft.begin('Say what it is.', { start: 'text', tokens: 8, seed: 1 }), text: '' };
    const fresh = trainer.fresh(1);
    const training = trainer.start(makeAdapter(fresh.config, fresh.pairs, soft), { seed: 1, weightPenalty: 0 });
    const batch = trainset.slice(0, 12).map((row) => trainer.example(softLine, row, soft));
    for (let step = 0; step < 60; step++) await training.step(batch, 0, 0.05);
    learned = { ...training.adapter() };
  });

  const begin = async (
    adapter: Adapter,
    { tokens, budget = 300_000, plain = false }: { tokens?: number; budget?: number; plain?: boolean } = {},
  ) => {
    const events: OptimizationEvent[] = [];
    const adapters = memoryAdapters();
    model.forget();
    const begun: string[] = [];
    const trainer = loraTrainer(model, task, tinyLora);
    const context: OptimizationContext = {
      ...{ adapters, prompt, trainset, valset, budget, seed: 1, objective: defaultObjective },
      evaluator: makeEvaluator({ model, task, calibrationRows: trainset }),
      trainer: localTrainer({
        ...trainer,
        start: (start, ...rest) => (begun.push(start.soft ? start.id : 'no soft prompt'), trainer.start(start, ...rest)),
      }),
      emit: (event) => events.push(event),
    };
    const make = () => (plain ? alternating(options) : simultaneous({ ...joint, ...(tokens && { tokens }) }));
    const warm = { from: 'earlier', adapter };
    const state = await withWarmStart(make(), warm).begin(context);
    return { events, state, begun, context, make };
  };
  const softProbe = (events: readonly OptimizationEvent[]) => probeOf(events).find(({ part }) => part === 'soft prompt');

  test('that helps is reported, paid for, and used for the first soft prompt; a resumed run keeps it', async () => {
    const { events, state, context, begun, make } = await begin(learned);
    const probe = softProbe(events)!;
    expect(probe).toMatchObject({ from: 'earlier', helped: true });
    expect(probe.score!.rows).toBe(valset.length);
    expect(state.tokensUsed).toBe(probe.tokensUsed);
    const began = begun.length;
    const firsts: (Float32Array | undefined)[] = [];
    const parts = partsOf(context.trainer);
    const noting: OptimizationContext = {
      ...context,
      trainer: localTrainer({
        ...parts,
        start: (adapter, ...rest) => (firsts.push(adapter.soft?.rows), parts.start(adapter, ...rest)),
      }),
    };
    // A resumed run has no start except the one it kept.
    const read = await withWarmStart(make()).advance(noting, JSON.parse(JSON.stringify(state)) as OptimizationState);
    expect(firsts).toEqual([]);
    await withWarmStart(make()).advance(noting, JSON.parse(JSON.stringify(read)) as OptimizationState);
    expect(began).toBe(4);
    expect(firsts[0]).toEqual(learned.soft!.rows);
  });

  test('that does not help is reported and not used', async () => {
    const { soft } = learned;
    const noise = makeAdapter(learned.config, learned.pairs, { ...soft!, rows: soft!.rows.map((value, i) => -value + Math.sin(i)) });
    const { events, state } = await begin(noise);
    expect(softProbe(events)).toMatchObject({ helped: false });
    expect(softProbe(events)!.steps).toBeGreaterThan(0);
    expect((state.memory as { warm: object }).warm).not.toHaveProperty('soft');
  });

  test('is not tried with another size than requested, with a small budget, or by a coordinator without soft prompts', async () => {
    expect(softProbe((await begin(learned, { tokens: 5 })).events)!.because).toBe('it has 8 virtual tokens, but 5 were requested');
    expect(softProbe((await begin(learned, { budget: 1500 })).events)!.because).toContain('more than 5% of the budget');
    expect(softProbe((await begin(learned, { plain: true })).events)).toBeUndefined();
    expect(softProbe((await begin(good)).events)).toBeUndefined();
  });
});
