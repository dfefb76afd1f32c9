/** @file Coordinate descent with a tiny model: one prompt, and a program of two steps as a whole. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Task } from '../evaluate/evaluation.ts';
import { makeProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { LlamaModel } from '../model/llama.ts';
import { asProgram, stepsOf, type Prompt } from '../prompt/prompt.ts';
import { CoordinateJointOptimizer, type CoordinateOptions } from './coordinate.ts';
import type { OptimizationContext, OptimizationState } from './coordinator.ts';
import { JointOptimizer, memoryAdapters } from './jointOptimizer.ts';
import { intentTask } from './madeUp.fixture.ts';
import { programContext } from './programContext.ts';
import {
  driveCoordinator,
  kindContext,
  kindPrompt,
  kindRows,
  kindTask,
  loadTinyModel,
  ofType,
  tinyLora,
  type Silent,
} from './kinds.fixture.ts';

// Seconds even on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let model: LlamaModel;
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
const small: Partial<CoordinateOptions> = { weightSteps: 12, learningRate: 8e-3, batchRows: 6, proposals: 2, tracedRows: 12 };

interface Drive {
  readonly prompt?: Prompt;
  readonly options?: Partial<CoordinateOptions>;
  readonly budget?: number;
  readonly from?: OptimizationState;
  readonly adapters?: OptimizationContext['adapters'];
}

/** Each phase begins with nothing but the snapshot and the adapters. */
async function drive({ prompt = program, options, budget = 20_000, from, adapters = memoryAdapters() }: Drive = {}) {
  const tasks = stepsOf(prompt).length === 1 ? [last] : [first, last];
  const make = (): CoordinateJointOptimizer => new CoordinateJointOptimizer({ ...small, ...options });
  const context = (): Silent => {
    const evaluator = makeProgramEvaluator({ model, tasks, calibrationRows: trainset });
    const whole = tasks.length > 1 && { program: programContext(model, evaluator, tinyLora) };
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
  test('every block has its turn, what it proposes changes nothing else, and the best is never below the start', async () => {
    const { state, events } = await drive({ prompt, budget: 45_000 });
    const phases = ofType(events, 'phaseStarted');
    expect(phases.slice(0, blocks.length).map(({ block }) => block)).toEqual(blocks);
    let current = state.start;
    for (const { phase, block, lever } of phases) {
      expect(lever).toBe(block === 'adapter' ? 'weights' : 'prompt');
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
    expect(['the budget is spent', 'no block helps any more']).toContain(state.done);
  });

  test('from any snapshot, written as JSON and read again, the rest is the same', async () => {
    const { events, snapshots, adapters } = await drive({ prompt });
    for (const { json, events: count } of [snapshots[1], snapshots.at(-2)!]) {
      const again = await drive({ prompt, from: JSON.parse(json) as OptimizationState, adapters });
      expect(again.events).toEqual(events.slice(count));
    }
  });
});

test('the levers choose the blocks', async () => {
  const weights = await drive({ prompt: lone, options: { levers: ['weights'] } });
  expect(new Set(ofType(weights.events, 'phaseStarted').map(({ block }) => block))).toEqual(new Set(['adapter']));
  const prompts = await drive({ prompt: lone, options: { levers: ['prompt'] } });
  expect(ofType(prompts.events, 'weightStep')).toEqual([]);
  expect(prompts.state.best.adapter).toBeUndefined();
});

test('the joint optimizer takes a program: prompts and tasks step by step', async () => {
  const { prompts, state } = await new JointOptimizer().optimize({
    model,
    metric: last.metric,
    task: last,
    earlier: [first],
    prompts: stepsOf(program) as [Prompt, ...Prompt[]],
    trainset,
    valset,
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
