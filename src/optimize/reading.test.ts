/** @file Ways to read the answer off label scores: which one is kept, and what trying them costs. */
import { describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import type { Decoding } from '../prompt/settings.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { AlternatingJointOptimizer } from './alternating.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimizer.ts';
import { kindPrompt, kindRows, kindTask, loadTinyModel, ofType } from './kinds.fixture.ts';
import { evaluatorWith, intentTask, messages } from './madeUp.fixture.ts';
import { defaultObjective } from './objective.ts';
import { bestReading, hasReadings } from './reading.ts';

const prompt: Prompt = { body: 'Message: ${input:message}\nIntent:\n', demonstrations: [] };
const valset: readonly Row[] = Array.from({ length: 60 }, (_, i) => makeRow({ message: `${i}`, intent: 'card' }, i + 1));

/** So many of sixty rows are right, by calibration and normalization. */
function contextWith(right: (decoding: Partial<Decoding>) => number, task = intentTask) {
  const events: OptimizationEvent[] = [];
  const evaluator = evaluatorWith((row, { decoding }) => Number(row.line <= right({ ...task.decoding, ...decoding })), task);
  const context = {
    ...{ evaluator, prompt, valset, trainset: messages, objective: defaultObjective, seed: 1, budget: 1e6 },
    ...{ adapters: memoryAdapters(), trainer: { output: task.output }, emit: (event: OptimizationEvent) => events.push(event) },
  } as unknown as OptimizationContext;
  return { context, events };
}

describe('as the first phase', () => {
  const first = async (right: (decoding: Partial<Decoding>) => number, options = {}) => {
    const { context, events } = contextWith(right);
    const coordinator = new AlternatingJointOptimizer(options);
    return { state: await coordinator.advance(context, await coordinator.begin(context)), events };
  };

  test('another way that is surely better becomes part of the prompt, and is no merit of the prompt lever', async () => {
    const { state, events } = await first(({ calibration }) => (calibration === 'content-free' ? 45 : 20));
    expect(state.best.prompt.decoding).toMatchObject({ calibration: 'content-free' });
    expect(state.best.score.mean).toBeCloseTo(0.75, 10);
    expect(ofType(events, 'candidateProposed').map(({ proposer }) => proposer)).toEqual(['reading', 'reading', 'reading']);
    expect(state.memory).toMatchObject({ statistics: { prompt: { phases: 0 }, weights: { phases: 0 } } });
  });

  test('one that is ahead by a row or two does not', async () => {
    const { state, events } = await first(({ normalize }) => (normalize === 'sum' ? 22 : 20));
    expect(state.best.prompt.decoding).toBeUndefined();
    expect(ofType(events, 'phaseEnded')).toMatchObject([{ lever: 'prompt', accepted: false }]);
  });

  test('where prompts must not change, or text is free, there is none', async () => {
    expect(hasReadings(contextWith(() => 20, { ...intentTask, labels: undefined }).context)).toBe(false);
    const { events } = await first(() => 20, { levers: ['weights'] }).catch(() => ({ events: [] }));
    expect(ofType(events, 'candidateProposed')).toEqual([]);
  });
});

test('of what has just been measured the surely better way is told of, with how many were tried', async () => {
  const { context } = contextWith(({ calibration, normalize }) => (calibration === 'none' && normalize === 'sum' ? 50 : 20));
  const measured = await context.evaluator.evaluate({ prompt }, valset);
  const read = await bestReading(context, { prompt }, measured);
  expect(read).toMatchObject({ prompt: { decoding: { calibration: 'none', normalize: 'sum' } }, tried: 3 });
  expect(read.reason).toContain('summed');
  const level = contextWith(() => 20).context;
  expect(await bestReading(level, { prompt }, measured)).toEqual({ prompt, evaluation: measured, passes: 0, tried: 3 });
});

test('all ways together cost what calibration asks, once', async () => {
  const model = await loadTinyModel();
  let runs = 0;
  const counted = {
    ...model,
    scoreLabels: (...asked: Parameters<typeof model.scoreLabels>) => {
      runs += asked[0].length;
      return model.scoreLabels(...asked);
    },
  };
  const evaluator = makeEvaluator({ model: counted, task: kindTask });
  const rows = kindRows(20);
  const context = { evaluator, valset: rows, trainset: rows } as unknown as OptimizationContext;
  const measured = await evaluator.evaluate({ prompt: kindPrompt }, rows);
  const before = runs;
  const { passes, tried } = await bestReading(context, { prompt: kindPrompt }, measured);
  const calibrated = await evaluator.evaluate({ prompt: { ...kindPrompt, decoding: { calibration: 'content-free' } } }, rows);
  expect([runs - before, tried]).toEqual([3, 3]);
  expect(passes).toBe(calibrated.passes - measured.passes);
  await model.dispose();
});
