/**
 * @file Coordinate descent with a tiny model: one prompt, and a program of two steps as a whole.
 * @module-tag long
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Task } from '../evaluate/evaluation.ts';
import { makeProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import { stepAdapters } from '../model/stepAdapters.ts';
import { asProgram, stepsOf, type Prompt } from '../prompt/prompt.ts';
import { coordinate } from './coordinate.ts';
import type { CoordinateOptions } from './coordinatePhase.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { CoordinateJointOptimizer, JointOptimizer } from './optimizerClasses.ts';
import { intentTask } from './madeUp.fixture.ts';
import {
  driveCoordinator,
  kindContext,
  kindPrompt,
  kindRows,
  kindTask,
  loadTinyModel,
  firstTuning,
  ofType,
  tinyLora,
  type Silent,
} from './kinds.fixture.ts';
import { loraTrainer } from './loraTrainer.ts';

// Takes seconds even on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let model: TrainableModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const rows = kindRows(80);
const [trainset, valset] = [rows.slice(0, 24), rows.slice(24, 42)];
const last = kindTask;
const first: Task = { ...intentTask, output: 'hint', labels: ['one', 'two', 'three'] };
const lone = kindPrompt;
const program = asProgram([
  { body: 'Give a hint.\n\nText: ${input:text}\nHint:\n', demonstrations: [] },
  { body: 'Say what it is.\n\nHint: ${input:hint}\nText: ${input:text}\nKind:\n', demonstrations: [] },
]);
/** The program as it is passed to the joint optimizer. */
const asked = {
  metric: last.metric,
  task: last,
  earlier: [first],
  prompts: stepsOf(program) as [Prompt, ...Prompt[]],
  trainset,
  valset,
};
const small: Partial<CoordinateOptions> = { weightSteps: 12, learningRate: 8e-3, batchRows: 6, proposals: 2, tracedRows: 12 };

interface Drive {
  readonly prompt?: Prompt;
  readonly options?: Partial<CoordinateOptions>;
  readonly budget?: number;
  readonly from?: OptimizationState;
  readonly adapters?: OptimizationContext['adapters'];
}

/** Each phase starts with only the snapshot and the adapters. */
async function drive({ prompt = program, options, budget = 20_000, from, adapters = memoryAdapters() }: Drive = {}) {
  const tasks = stepsOf(prompt).length === 1 ? [last] : [first, last];
  const make = () => coordinate({ ...small, ...options });
  const context = (): Silent => {
    const evaluator = makeProgramEvaluator({ model, tasks, calibrationRows: trainset });
    const whole = tasks.length > 1 && { program: { tasks, trace: evaluator.trace } };
    return kindContext(model, { evaluator, ...whole, adapters, prompt, trainset, valset, seed: 1, budget });
  };
  return { ...(await driveCoordinator(model, { make, context, from })), adapters };
}

describe.each([
  ['a prompt', lone, ['decoding', 'adapter', 'instruction', 'demonstrations']],
  [
    'a program',
    program,
    ['decoding', 'adapter', 'instruction of kind', 'instruction of hint', 'demonstrations of kind', 'demonstrations of hint'],
  ],
] as const)('of %s', (_, prompt, blocks) => {
  test("every block gets its turn, a block's proposals change nothing else, and the best is never below the start", async () => {
    const { state, events } = await drive({ prompt, budget: 45_000 });
    const phases = ofType(events, 'phaseStarted');
    expect(phases.slice(0, blocks.length).map(({ block }) => block)).toEqual(blocks);
    let current = state.start;
    for (const { phase, block, target } of phases) {
      expect(target).toBe(block === 'adapter' ? 'weights' : 'prompt');
      for (const proposed of ofType(events, 'candidateProposed').filter((event) => event.phase === phase)) {
        const [before, after] = [stepsOf(current.prompt), stepsOf(proposed.prompt)];
        const changed = after.filter((step, place) => JSON.stringify(step) !== JSON.stringify(before[place]));
        expect(changed).toHaveLength(1);
        const place = after.indexOf(changed[0]);
        if (block === 'decoding') expect({ ...changed[0], decoding: undefined }).toEqual({ ...before[place], decoding: undefined });
        if (block?.startsWith('demonstrations')) expect(changed[0].body).toBe(before[place].body);
      }
      current = ofType(events, 'phaseEnded').find((event) => event.phase === phase)!.best;
    }
    expect(state.best).toEqual(current);
    expect(state.best.score.mean).toBeGreaterThan(state.start.score.mean);
    expect(['the budget is spent', 'no block improves the result any further']).toContain(state.done);
  });

  test('from any snapshot, written and read as JSON, the rest is the same', async () => {
    const { events, snapshots, adapters } = await drive({ prompt });
    for (const { json, events: count } of [snapshots[1], snapshots.at(-2)!]) {
      const again = await drive({ prompt, from: JSON.parse(json) as OptimizationState, adapters });
      expect(again.events).toEqual(events.slice(count));
    }
  });
});

test('other label scoring for measured rows costs only what its calibration asks', async () => {
  const { events } = await drive({ prompt: lone });
  const [{ tokensUsed: measuring }] = ofType(events, 'baselineMeasured');
  const [{ phase, tokensUsed }] = ofType(events, 'phaseEnded');
  const ways = ofType(events, 'candidateMeasured').filter((event) => event.phase === phase);
  expect(ways.length).toBeGreaterThan(2);
  // Each training row once, for the prior. In full, every one of them would cost more than this.
  expect(tokensUsed - measuring).toBeLessThan(2 * measuring);
});

test('what to tune decides which blocks there are', async () => {
  const weights = await drive({ prompt: lone, options: { targets: ['weights'] } });
  expect(new Set(ofType(weights.events, 'phaseStarted').map(({ block }) => block))).toEqual(new Set(['adapter']));
  const prompts = await drive({ prompt: lone, options: { targets: ['prompt'] } });
  expect(ofType(prompts.events, 'weightStep')).toEqual([]);
  expect(prompts.state.best.adapter).toBeUndefined();
});

test('an adapter phase is as long as many rows need, if the budget pays for it', async () => {
  const firstOf = async (budget: number): Promise<number> => {
    const { events } = await drive({ prompt: lone, options: { weightSteps: 4, weightEpochs: 20, patience: Infinity }, budget });
    const steps = firstTuning(events);
    // The measurement at its end is paid for too.
    expect(ofType(events, 'phaseEnded').find(({ phase }) => phase === steps[0].phase)!.tokensUsed).toBeLessThan(budget);
    return steps.length;
  };
  // Twenty times 24 rows in batches of six.
  expect(await firstOf(120_000)).toBe(80);
  const fewer = await firstOf(40_000);
  expect(fewer > 40 && fewer < 80).toBe(true);
});

describe('an adapter for each step', () => {
  const perStep: Partial<CoordinateOptions> = { targets: ['weights'], adapters: 'per-step' };

  test('changes while the others stay, and answers as its step alone', async () => {
    const { state, events, adapters } = await drive({ options: perStep, budget: 60_000 });
    expect(
      ofType(events, 'phaseStarted')
        .slice(0, 2)
        .map(({ block }) => block),
    ).toEqual(['adapter of kind', 'adapter of hint']);
    let before: (string | undefined)[] = [undefined, undefined];
    for (const { phase, accepted, best } of ofType(events, 'phaseEnded')) {
      const { block } = ofType(events, 'phaseStarted').find((event) => event.phase === phase)!;
      const now = best.adapter === undefined ? [undefined, undefined] : (await adapters.get(best.adapter)).steps!.map((step) => step?.id);
      const changed = [0, 1].filter((step) => now[step] !== before[step]);
      expect(changed).toEqual(accepted ? [block === 'adapter of kind' ? 1 : 0] : []);
      before = now;
    }
    expect(state.best.score.mean).toBeGreaterThan(state.start.score.mean);
    expect(state.best.objective.weightPenalty).toBeGreaterThan(0);
    const tuned = await adapters.get(state.best.adapter!);
    const evaluate = async (adapter: Adapter): Promise<number> =>
      (
        await makeProgramEvaluator({ model, tasks: [first, last], calibrationRows: trainset }).evaluate(
          { prompt: program, adapter },
          valset,
        )
      ).logLikelihood!.mean;
    expect(await evaluate(tuned)).toBe(state.best.logLikelihood!.mean);
    // The last step's adapter alone is another program than the same adapter for both.
    expect(await evaluate(tuned.steps![1]!)).not.toBe(await evaluate(stepAdapters([undefined, tuned.steps![1]])));
  });

  test('from any snapshot the rest is the same', async () => {
    const { events, snapshots, adapters } = await drive({ options: perStep });
    for (const { json, events: count } of [snapshots[1], snapshots.at(-2)!]) {
      const again = await drive({ options: perStep, from: JSON.parse(json) as OptimizationState, adapters });
      expect(again.events).toEqual(events.slice(count));
    }
  });

  test("each step's adapter starts from the shared one; separate ones at the start are kept, whatever the option says", async () => {
    const shared = loraTrainer(model, last, tinyLora).fresh(3);
    const optimize = (start: Adapter, adapters: CoordinateOptions['adapters']) =>
      new JointOptimizer({ coordinator: new CoordinateJointOptimizer({ ...small, targets: ['weights'], adapters }) }).optimize({
        model,
        ...asked,
        budget: 20_000,
        start,
      });
    const apart = (await optimize(shared, 'per-step')).adapter!;
    expect(apart.steps).toHaveLength(2);
    expect(apart.steps!.some((step) => step!.id !== shared.id)).toBe(true);
    const kept = await optimize(apart, 'shared');
    expect(kept.adapter!.steps).toHaveLength(2);
  });
});

test('the joint optimizer takes a program: prompts and tasks for each step', async () => {
  const { prompts, state } = await new JointOptimizer().optimize({
    model,
    ...asked,
    budget: 8_000,
  });
  expect(prompts).toHaveLength(2);
  expect(state.best.score.mean).toBeGreaterThanOrEqual(state.start.score.mean);
  await expect(
    new JointOptimizer().optimize({
      model,
      metric: last.metric,
      task: last,
      prompts: stepsOf(program) as [Prompt, ...Prompt[]],
      trainset,
      valset,
      budget: 1,
    }),
  ).rejects.toMatchObject({ reason: 'steps-differ' });
});
