/** @file Successive halving of candidate prompts. */
import { expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { evaluatorWith, intentTask } from './madeUp.fixture.ts';
import { successiveHalving, type Runner } from './successiveHalving.ts';

const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => makeRow({ message: `Where is transfer ${i}?`, intent: 'transfer' }, i + 1));
const runnersOf = (qualities: readonly number[]): Runner[] =>
  qualities.map((quality, i) => ({
    id: `1.${i + 1}`,
    proposer: 'test',
    reason: 'a test',
    prompt: { body: String(quality), demonstrations: [] },
  }));

/** A prompt's body gives the share of the rows that it gets right. The rows are the same for every prompt. */
function setting(
  valset: readonly Row[],
  asked: { rows: readonly Row[] }[] = [],
): { context: OptimizationContext; events: OptimizationEvent[] } {
  const random = randomStream('hard rows');
  const hardness = new Map(valset.map((row) => [row.id, random.uniform()]));
  const evaluator: Evaluator = evaluatorWith((row, { body }) => Number(hardness.get(row.id)! < Number(body)), intentTask, asked as never);
  const events: OptimizationEvent[] = [];
  return { context: { evaluator, valset, seed: 5, emit: (event: OptimizationEvent) => events.push(event) } as never, events };
}
const qualities = [0.5, 0.2, 0.95, 0.1, 0.6, 0.3, 0.8, 0.05, 0.4, 0.7];

async function run(
  valset: readonly Row[],
  runners = runnersOf(qualities),
  { signal, budget = Infinity }: { signal?: AbortSignal; budget?: number } = {},
) {
  const asked: { rows: readonly Row[] }[] = [];
  const { context, events } = setting(valset, asked);
  const best = await context.evaluator.evaluate({ prompt: { body: '0.5', demonstrations: [] } }, valset);
  asked.length = 0;
  const result = await successiveHalving({ ...context, signal }, 1, runners, undefined, best, budget);
  return { ...result, asked, events: events.filter((event) => event.type === 'candidateMeasured') };
}

test('the best prompt wins; finishers are measured on the whole valset and sorted best first', async () => {
  const { finishers } = await run(rowsOf(100));
  expect(finishers[0].prompt.body).toBe('0.95');
  expect(finishers.every(({ evaluation }) => evaluation.rows.length === 100)).toBe(true);
  const scores = finishers.map(({ evaluation }) => evaluation.score.mean);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
});

test('losers are dropped early, and a row that a candidate has answered costs nothing in the next rung', async () => {
  const { tokensUsed, events } = await run(rowsOf(100));
  const measured = runnersOf(qualities).map(({ id }) => events.findLast(({ candidate }) => candidate === id)!.score.rows);
  expect(Math.min(...measured)).toBe(20);
  expect(tokensUsed).toBe(measured.reduce((sum, rows) => sum + rows, 0));
  expect(tokensUsed).toBeLessThan(0.5 * 10 * 100);
});

test('with two candidates none could be dropped early: both are measured on everything at once', async () => {
  const { asked } = await run(rowsOf(100), runnersOf([0.2, 0.9]));
  expect(asked.map(({ rows }) => rows.length)).toEqual([100, 100]);
});

test('a candidate that should be kept is measured again, others are not', async () => {
  const { events } = await run(rowsOf(100));
  for (const [i, { candidate, kept }] of events.entries()) {
    const later = events.slice(i + 1).some((other) => other.candidate === candidate);
    const last = events[i].score.rows === 100;
    expect(later, `candidate ${candidate}`).toBe(kept && !last);
  }
});

test('differences are reported against the best state on the same rows', async () => {
  const { events } = await run(rowsOf(100));
  const winner = events.findLast(({ candidate }) => candidate === '1.3')!;
  expect(winner.score).toMatchObject({ rows: 100, mean: expect.closeTo(0.45, 1) as number });
  expect(events.find(({ candidate }) => candidate === '1.1')!.score.mean).toBe(0);
});

test.each([3, 16, 20, 28, 60])('on %d rows no candidate is measured twice on the same rows, and each time on more', async (count) => {
  const { asked, finishers, events } = await run(rowsOf(count));
  for (const { id } of runnersOf(qualities)) {
    const sizes = events.filter(({ candidate }) => candidate === id).map(({ score }) => score.rows);
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  }
  expect(finishers.every(({ evaluation }) => evaluation.rows.length === count)).toBe(true);
  expect(finishers.length).toBeLessThanOrEqual(asked.filter(({ rows }) => rows.length === count).length);
});

test('if the budget does not last to the end, there is no winner', async () => {
  const { tokensUsed } = await run(rowsOf(100));
  expect((await run(rowsOf(100), runnersOf(qualities), { budget: tokensUsed })).finishers.length).toBeGreaterThan(0);
  const short = await run(rowsOf(100), runnersOf(qualities), { budget: tokensUsed - 100 });
  expect(short).toMatchObject({ finishers: [], tokensUsed: tokensUsed - 100 });
});

test('a prompt that is too long for the model is dropped, and the others continue', async () => {
  const { context, events } = setting(rowsOf(30));
  const whole = { prompt: { body: '0.5', demonstrations: [] } };
  const best = await context.evaluator.evaluate(whole, context.valset);
  const evaluate: Evaluator['evaluate'] = async (candidate, rows) => {
    if (candidate.prompt.body === '0.95') throw new TandemError('too-long', 'A prompt has 9000 tokens.');
    return context.evaluator.evaluate(candidate, rows);
  };
  const { finishers } = await successiveHalving(
    { ...context, evaluator: { ...context.evaluator, evaluate } },
    1,
    runnersOf(qualities),
    undefined,
    best,
    1e6,
  );
  expect(finishers[0].prompt.body).toBe('0.8');
  expect(events.some((event) => event.type === 'candidateMeasured' && event.candidate === '1.3')).toBe(false);
});

test('without runners there are no finishers and no cost', async () => {
  expect(await run(rowsOf(30), [])).toMatchObject({ finishers: [], tokensUsed: 0 });
});

test('a stop ends it without a winner', async () => {
  expect(await run(rowsOf(100), runnersOf(qualities), { signal: AbortSignal.abort() })).toMatchObject({ finishers: [], asked: [] });
});
