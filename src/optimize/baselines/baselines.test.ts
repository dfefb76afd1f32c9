/**
 * @file The published methods, run on the same evaluator with a tiny model and a task that it can learn.
 * @module-tag long
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Row } from '../../data/dataset.ts';
import type { Task } from '../../evaluate/evaluation.ts';
import type { TrainableModel } from '../../model/trainableModel.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { randomStream } from '../../random.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from '../coordinator.ts';
import { memoryAdapters } from '../jointOptimization.ts';
import { baselines } from './baselines.ts';
import { chooseParent } from './gepa.ts';
import { freshTokens } from './method.ts';
import { baselineNames, type BaselineName } from './names.ts';
import { driveCoordinator, kindContext, kindPrompt, kindRows, kindTask, loadTinyModel, type Silent } from '../kinds.fixture.ts';
import { promptKey } from '../proposers/proposer.ts';
import { suggest, type Trial } from './tpe.ts';

// Takes seconds even on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let model: TrainableModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const rows = kindRows(56);
const [trainset, valset] = [rows.slice(0, 32), rows.slice(32)];
const prompt = kindPrompt;
const training = { learningRate: 5e-3, batchRows: 8 };
const budget = 16_000;

/** Runs as `run/execute.ts` does: with a new coordinator for each phase, which knows only the snapshot. */
async function drive(
  name: BaselineName,
  {
    task = kindTask,
    asked = prompt,
    spend = budget,
    from,
  }: { task?: Task; asked?: Prompt; spend?: number; from?: { json: string; drive: Driven } } = {},
) {
  const adapters = from?.drive.adapters ?? memoryAdapters();
  const make = (): Coordinator => baselines[name].make(training);
  const context = (): Silent => kindContext(model, { adapters, prompt: asked, trainset, valset, seed: 3, budget: spend }, task);
  const state = from && (JSON.parse(from.json) as OptimizationState);
  const { snapshots, ...driven } = await driveCoordinator(model, { make, context, ...(state && { from: state }) });
  return { ...driven, snapshots: snapshots.map(({ json }) => json), adapters };
}
const runs = new Map<BaselineName, ReturnType<typeof drive>>();
/** The whole run, done once for all tests. */
const run = (name: BaselineName): ReturnType<typeof drive> => runs.get(name) ?? runs.set(name, drive(name)).get(name)!;

interface Driven {
  readonly adapters: OptimizationContext['adapters'];
}

const ends = [
  'the budget is spent',
  'the chain is done',
  'training is complete',
  'all rounds are complete',
  'every pair has been measured',
  'none of its own outputs passes',
  'neither the prompt nor the weights improve any further',
];

describe.each(baselineNames)('%s', (name) => {
  test('ends by itself, hardly over budget, with the best state it measured, and reports each phase', async () => {
    const { state, events } = await run(name);
    expect(ends).toContain(state.done);
    expect(state.tokensUsed).toBeLessThan(1.15 * budget);
    const types = new Set(events.map(({ type }) => type));
    for (const type of ['baselineMeasured', 'phaseStarted', 'phaseEnded'] as const) expect(types).toContain(type);
    const measured = events.flatMap((event) => (event.type === 'phaseEnded' ? [event.tokensUsed] : []));
    expect(measured).toEqual([...measured].sort((a, b) => a - b));
    expect(measured.at(-1)).toBe(state.tokensUsed);
    if (!name.includes('-p')) expect(state.best.score.mean).toBeGreaterThanOrEqual(state.start.score.mean);
  });

  test('continues from a snapshot as if it had not been interrupted', async () => {
    const whole = await run(name);
    const json = whole.snapshots[Math.floor(whole.snapshots.length / 2)];
    const resumed = await drive(name, { from: { json, drive: whole } });
    expect(resumed.state).toEqual(whole.state);
  });
});

describe('what they learn', () => {
  test.each(['lora-on-gold', 'w-w', 'w-p', 'p-w-p', 'weights'] as const)(
    '%s: the trained weights make the answers more likely',
    async (name) => {
      const { events } = await run(name);
      const trained = events.flatMap((event) => (event.type === 'gateDecided' && event.candidate.endsWith('.0') ? [event] : []));
      expect(Math.max(...trained.map(({ logLikelihood }) => logLikelihood!.low))).toBeGreaterThan(0.5);
    },
  );

  test.each(['bootstrap-few-shot', 'mipro', 'gepa', 'p-p', 'prompt'] as const)('%s does not change the weights', async (name) => {
    const { state, events } = await run(name);
    expect(state.best.adapter).toBeUndefined();
    expect(events.some(({ type }) => type === 'weightStep')).toBe(false);
  });

  test('LoRA on own outputs learns no wrong answers', async () => {
    const { state, events } = await drive('lora-on-own-outputs', { spend: 24_000 });
    expect(state.best.score.mean).toBeGreaterThanOrEqual(state.start.score.mean);
    expect(events.filter(({ type }) => type === 'phaseStarted')).toHaveLength(3);
  });

  test('LoRA on own outputs uses the whole budget for one round if a third of it pays for little more than the answers', async () => {
    const spend = 12_000;
    const { state, events } = await drive('lora-on-own-outputs', { spend });
    const steps = events.flatMap((event) => (event.type === 'weightStep' ? [event] : []));
    expect(new Set(steps.map(({ phase }) => phase))).toEqual(new Set([1]));
    expect(steps.length).toBeGreaterThan(5);
    expect(state.tokensUsed).toBeGreaterThan(0.9 * spend);
    expect(state.done).toBe('the budget is spent');
  });

  test('LoRA on own outputs ends at once if the model gets nothing right', async () => {
    const { labels: _, ...text } = kindTask;
    const { state } = await drive('lora-on-own-outputs', { task: { ...text, decoding: { ...text.decoding, maxTokens: 2 } } });
    expect(state.done).toBe('none of its own outputs passes');
  });
});

test.each(['p-p', 'w-w', 'w-p', 'p-w-p'] as const)('every step of %s spends its share', async (name) => {
  const { state, events } = await run(name);
  const ended = events.flatMap((event) => (event.type === 'phaseEnded' ? [event.tokensUsed] : []));
  const [start] = events.flatMap((event) => (event.type === 'baselineMeasured' ? [event.tokensUsed] : []));
  const share = (budget - start) / ended.length;
  ended.forEach((tokensUsed, step) => expect(Math.abs(tokensUsed - start - (step + 1) * share)).toBeLessThan(0.15 * share));
  expect(state.tokensUsed).toBe(ended.at(-1));
});

test('a prompt step of a chain uses what its first successive halving saved for new proposals', async () => {
  const spend = 60_000;
  const { state, events } = await drive('p-p', { spend });
  const first = events.flatMap((event) => (event.type === 'candidateProposed' && event.phase === 1 ? [event] : []));
  const measured = events.findIndex(({ type }) => type === 'candidateMeasured');
  expect(events.indexOf(first.at(-1)!)).toBeGreaterThan(measured);
  expect(new Set(first.map(({ candidate }) => candidate)).size).toBe(first.length);
  expect(new Set(first.map((event) => promptKey(event.prompt))).size).toBe(first.length);
  expect(state.tokensUsed).toBeGreaterThan(0.9 * spend);
});

test('demonstrations of bootstrap few-shot are training rows with their gold answers, at most sixteen', async () => {
  const { events } = await run('bootstrap-few-shot');
  const proposed = events.flatMap((event) => (event.type === 'candidateProposed' ? [event.prompt] : []));
  expect(proposed.length).toBeGreaterThan(2);
  for (const { demonstrations, body } of proposed) {
    expect(body).toBe(prompt.body);
    expect(demonstrations.length).toBeLessThanOrEqual(16);
    for (const { inputs, output } of demonstrations) {
      expect(trainset.some(({ values }) => values.text === inputs.text && values.kind === output)).toBe(true);
    }
  }
  expect(new Set(proposed.map(({ demonstrations }) => JSON.stringify(demonstrations))).size).toBe(proposed.length);
});

test('rows that the model has already answered cost nothing again', () => {
  const asked = trainset.slice(0, 8);
  const known = (rows: readonly Row[]): Set<string> => new Set(rows.map(({ id }) => id));
  expect(freshTokens(800, asked, known([]))).toBe(800);
  expect(freshTokens(800, asked, known(trainset.slice(0, 6)))).toBe(200);
  expect(freshTokens(800, asked, known(trainset))).toBe(0);
});

test('if no demonstration fits besides the prompt, bootstrap few-shot ends and leaves the prompt unchanged', async () => {
  const long = { ...prompt, body: `${'word '.repeat(38)}\n\n${prompt.body}` };
  const { state } = await drive('bootstrap-few-shot', { asked: long });
  expect(state.done).toMatch(/^no set of demonstrations fits/);
  expect(state.best).toEqual(state.start);
});

describe('the Parzen estimator', () => {
  const scoreOf = ([a, b]: readonly number[]): number => (a === 2 ? 0.5 : 0) + (b === 4 ? 0.4 : 0);

  test('finds the best pair more often than chance', () => {
    let hits = 0;
    for (let seed = 0; seed < 20; seed++) {
      const random = randomStream('tpe', seed);
      const trials: Trial[] = [];
      for (let trial = 0; trial < 40; trial++) {
        const choices = suggest([6, 6], trials, random);
        trials.push({ choices, score: scoreOf(choices) + 0.1 * random.normal() });
      }
      hits += trials.slice(20).filter(({ choices }) => choices[0] === 2 && choices[1] === 4).length;
    }
    // Chance: 20 x 20 / 36 = 11.
    expect(hits).toBeGreaterThan(100);
  });

  test('draws at random until it has seen enough', () => {
    const random = randomStream('tpe', 'start');
    const drawn = Array.from({ length: 200 }, () => suggest([3, 2], [{ choices: [0, 0], score: 1 }], random).join());
    expect(new Set(drawn).size).toBe(6);
  });
});

describe('the parents of GEPA', () => {
  const pick = (scores: readonly (readonly number[])[]): Set<number> => {
    const random = randomStream('parents');
    return new Set(
      Array.from({ length: 200 }, () =>
        chooseParent(
          scores.map((each) => ({ scores: each })),
          random,
        ),
      ),
    );
  };

  test('are those that are best on some row, without those that others cover', () => {
    expect(
      pick([
        [1, 0, 0],
        [0, 1, 1],
        [0, 0, 1],
      ]),
    ).toEqual(new Set([0, 1]));
    expect(
      pick([
        [1, 1, 0],
        [0, 1, 1],
        [0, 1, 0],
      ]),
    ).toEqual(new Set([0, 1]));
  });

  test('include one of several equal members, and the only one if there is one', () => {
    expect(
      pick([
        [1, 0],
        [1, 0],
      ]).size,
    ).toBe(1);
    expect(pick([[0, 0]])).toEqual(new Set([0]));
  });
});
