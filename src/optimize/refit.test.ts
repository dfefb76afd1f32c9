/** @file The end of a run on few rows: the training that was accepted once more, on all of them. */
import { expect, test } from 'vitest';
import { alternating } from './alternating.ts';
import type { OptimizationState } from './coordinator.ts';
import { fewRowsContext, most, type FewRows } from './fewRows.fixture.ts';
import type { Target } from './events.ts';
import { ofType } from './kinds.fixture.ts';
import { keptForRefit } from './refit.ts';

const helps = { learned: most, known: (line: number) => line % 3 === 0 };

/** A run, of the weights alone by default. @param lost phases after which its memory is lost, as after a kill */
async function run(given: FewRows, lost: readonly number[] = [], targets: readonly Target[] = ['weights']) {
  const { context, events, jobs } = fewRowsContext(given);
  const make = () => alternating({ targets });
  let optimizer = make();
  let state: OptimizationState = await optimizer.begin(context);
  while (!state.done) {
    if (lost.includes(state.phase)) {
      optimizer = make();
      state = JSON.parse(JSON.stringify(state)) as OptimizationState;
    }
    state = await optimizer.advance(context, state);
  }
  return { context, events, jobs, state, refits: ofType(events, 'weightsRefitted') };
}

test('the accepted training is done once more on all rows, and its numbers stay those of weights that had not seen the validation rows', async () => {
  const { context, events, jobs, state, refits } = await run(helps);
  const accepted = ofType(events, 'phaseEnded').find((phase) => phase.accepted)!;
  const last = jobs.at(-1)!;
  expect(last.lessons[0].rows).toEqual([...context.trainset, ...context.valset]);
  expect(last).toMatchObject({ steps: jobs[0].steps, learningRate: jobs[0].learningRate, seed: jobs[0].seed, from: jobs[0].from });
  expect(refits).toMatchObject([{ rows: 24, steps: jobs[0].steps, kept: true, best: { adapter: 'fresh on all' } }]);
  expect(state.best).toEqual({ ...accepted.best, adapter: 'fresh on all' });
  expect(await context.adapters.get('fresh on all')).toBeDefined();
  expect(state.tokensUsed).toBe(refits[0].tokensUsed);
});

test('weights that went on from accepted ones are made again from the first training on', async () => {
  const { context, jobs, state, refits } = await run({ learned: (line, trainings) => trainings > 1 || line % 2 === 0, validate: 20 });
  const all = [...context.trainset, ...context.valset];
  const [first, last] = jobs.slice(-2);
  expect([first, last].map(({ from }) => from)).toEqual(['fresh', 'fresh on all']);
  for (const { lessons } of [first, last]) expect(lessons[0].rows).toEqual(all);
  const former = jobs.filter(({ lessons: [{ rows }], from }) => rows.length === context.trainset.length && from !== 'fresh');
  expect(last).toMatchObject({ steps: former[0].steps, seed: former[0].seed, learningRate: former[0].learningRate });
  expect(refits).toMatchObject([{ steps: first.steps + last.steps, kept: true }]);
  expect(state.best.adapter).toBe('fresh on all on all');
});

test('with enough rows to judge alone, too: half as many rows again are worth another training', async () => {
  const { context, jobs, refits } = await run({ ...helps, learned: () => true, train: 100, validate: 50 });
  expect(refits).toMatchObject([{ rows: 150, kept: true }]);
  expect(jobs.at(-1)!.lessons[0].rows).toHaveLength(context.trainset.length + context.valset.length);
});

test('weights that answer those rows worse than the former ones are not kept', async () => {
  const { state, refits } = await run({ ...helps, learned: (line) => line % 8 === 0 || most(line), forgets: true });
  expect(refits).toMatchObject([{ kept: false, best: state.best }]);
  expect(state.best.adapter).toBe('fresh on train');
});

test.each<readonly [string, FewRows]>([
  ['nothing was accepted', { ...helps, learned: helps.known }],
  ['many rows train', { ...helps, learned: () => true, train: 129 }],
])('there is no such training where %s', async (_, given) => {
  expect((await run(given)).refits).toEqual([]);
});

test.each([9000, 12_000, 20_000])('what it costs is kept for it: %i tokens', async (budget) => {
  const { state, refits } = await run({ ...helps, budget });
  expect(refits).toHaveLength(1);
  expect(state.tokensUsed).toBeLessThanOrEqual(budget);
});

test('it takes as many steps as are paid for, and none if that is less than half of them', async () => {
  const { jobs, refits, context, state } = await run({ ...helps, dear: 2, budget: 20_000 });
  expect(refits).toHaveLength(1);
  expect(refits[0].steps).toBeLessThan(jobs[0].steps);
  expect(refits[0].steps).toBeGreaterThanOrEqual(jobs[0].steps / 2);
  expect(state.tokensUsed).toBeLessThanOrEqual(context.budget);
  expect((await run({ ...helps, dear: 4, budget: 20_000 })).refits).toEqual([]);
});

test('a budget that pays for little more than half of the steps keeps nothing for it', async () => {
  const { context } = fewRowsContext(helps);
  const job = { steps: 60, batchRows: 16, learningRate: 1, weightPenalty: 0, seed: 1 };
  const training = { job, otherShots: false, varies: false, stepCost: 100 };
  const recipe = { adapter: 'fresh on train', seed: 1, trainings: [training], measuring: 50 };
  const kept = [3199, 3200, 6049, 6050, 9000].map((left) => keptForRefit(context, recipe, left, 3));
  expect(kept).toEqual([0, 3200, 6049, 6050, 6050]);
  // In the end what is left pays for it or not.
  expect([3049, 3050].map((left) => keptForRefit(context, recipe, left))).toEqual([0, 3050]);
});

test('beside it no weight phase is begun that would be less than half as long as the accepted one', async () => {
  for (let budget = 10_000; budget <= 24_000; budget += 1000) {
    const { jobs, refits } = await run({ ...helps, learned: () => true, train: 70, validate: 64, budget });
    const [first, ...others] = jobs;
    expect([others.length > 0, refits.length]).toEqual([true, 1]);
    for (const { steps } of others) expect(steps).toBeGreaterThanOrEqual(first.steps / 2);
  }
});

test('while no text has changed, what is kept to measure the places of the prompt may pay for it', async () => {
  const { jobs, refits, context, state } = await run({ ...helps, dear: 5.5, budget: 17_000 }, [], ['prompt', 'weights']);
  expect(state.best.prompt).toEqual(context.prompt);
  // Without that share it would be less than half of the steps, and left out.
  expect(refits).toHaveLength(1);
  const accepted = jobs.findLast(({ lessons: [{ rows }] }) => rows.length === context.trainset.length)!;
  expect(refits[0].steps / accepted.steps).toBeCloseTo(0.6, 1);
  expect(state.tokensUsed).toBeLessThanOrEqual(context.budget);
});

test('a run that goes on after a kill ends as one that never was', async () => {
  const whole = await run(helps);
  const killed = await run(helps, [1, 2, 3]);
  expect(killed.state).toEqual(JSON.parse(JSON.stringify(whole.state)));
});
