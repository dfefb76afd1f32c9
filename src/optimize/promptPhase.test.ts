/** @file A prompt phase with a look-ahead: which finalist it returns, with a made-up model and trainer. */
import { expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Adapter } from '../model/adapter.ts';
import { applyHunks, type Hunk } from '../prompt/hunks.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { alternatingDefaults, type AlternatingMemory } from './alternatingPhase.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { noStatistics } from './targetBandit.ts';
import { localTrainer, type TrainingParts } from './localTrainer.ts';
import { evaluatorWith, messages } from './madeUp.fixture.ts';
import { measureStart } from './measuredState.ts';
import { defaultObjective } from './objective.ts';
import { promptPhase } from './promptPhase.ts';

const prompt: Prompt = { body: 'Say what it is about.\n\nMessage: ${input:message}\nIntent:\n', demonstrations: [] };
const valset: readonly Row[] = Array.from({ length: 60 }, (_, i) =>
  makeRow({ message: `Message ${i}`, sender: 'Ann', intent: 'card' }, i + 1),
);

/** After the look-ahead the current prompt has half of the rows right, and every other prompt has `more` rows more. */
async function broughtBy(more: number, emit: (event: OptimizationEvent) => void = () => {}) {
  const tuned = { id: 'tuned', pairs: [], config: {} } as unknown as Adapter;
  const half = valset.length / 2;
  const evaluator = evaluatorWith((row, { body }, adapter) =>
    Number(row.line <= (adapter ? half : half / 2) + (adapter && body !== prompt.body ? more : 0)),
  );
  const step = () => Promise.resolve({ loss: 1, gradientNorm: 1, tokens: 1 });
  const training = () => ({ step, adapter: () => tuned });
  const parts = { outputOf: () => 'intent', fresh: () => tuned, start: training, example: () => ({}) };
  const trainer = localTrainer(parts as unknown as TrainingParts);
  const context = {
    ...{ evaluator, trainer, prompt, valset, trainset: messages, objective: defaultObjective, seed: 1, budget: 1e6 },
    ...{ adapters: { put: () => Promise.resolve() }, emit },
  } as unknown as OptimizationContext;
  const { start, evaluation: before } = await measureStart(context);
  const memory: AlternatingMemory = { current: start, statistics: noStatistics, challengers: [], tried: [] };
  return promptPhase(context, alternatingDefaults, { phase: 1, memory, before, adapter: undefined, spent: 0, budget: 1e6 });
}

test('a finalist that is ahead by a row or two after the look-ahead does not replace the current prompt', async () => {
  const { id, prompt: brought, adapter } = (await broughtBy(2)).measured!;
  expect(id).toBeUndefined();
  expect(brought).toEqual(prompt);
  // The weights of its look-ahead still go to the gate.
  expect(adapter?.id).toBe('tuned');
});

test('a finalist that is ahead by twelve rows of sixty does', async () => {
  const { id, prompt: brought, evaluation, unchanged, without } = (await broughtBy(12)).measured!;
  expect(id).toMatch(/^1\.\d+$/);
  expect(brought.body).not.toBe(prompt.body);
  expect(evaluation.score.mean - unchanged!.score.mean).toBeCloseTo(0.2, 10);
  // This separates the change from the weights.
  expect(without).toEqual({ part: 'prompt', evaluation: unchanged });
});

test('every proposal reports its changes to the prompt', async () => {
  const events: OptimizationEvent[] = [];
  await broughtBy(2, (event) => events.push(event));
  const proposed = events.flatMap((event) => (event.type === 'candidateProposed' ? [event] : []));
  expect(proposed.length).toBeGreaterThan(3);
  for (const { prompt: other, changes = [] } of proposed) {
    const parts = [
      ...(other.body === prompt.body ? [] : ['instruction']),
      ...(other.demonstrations.length === 0 ? [] : ['demonstrations']),
      ...(other.decoding ? ['decoding'] : []),
    ];
    expect(changes.map(({ part }) => part)).toEqual(parts);
    for (const { part, hunks = [] } of changes)
      if (part === 'instruction') expect(applyHunks(prompt.body, hunks, idsOf(hunks))).toBe(other.body);
  }
});

const idsOf = (hunks: readonly Hunk[]): string[] => hunks.map(({ id }) => id);
