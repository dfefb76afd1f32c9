/** @file The charts draw what the journal says. */
import { expect, test } from 'vitest';
import type { WeightStep } from '../src/run/record/state.ts';
import { journal, midway, stateAfter } from './journal.fixture.ts';
import { historyOf, lossCurves } from './series.ts';

const ended = stateAfter(journal.length);

test('the best state is drawn at the start, after every phase, and up to now', () => {
  const { at, best, stretches } = historyOf(ended, 'score');
  expect(best.map(({ mean }) => Math.round(mean * 1000) / 10)).toEqual([38.7, 48, 89.3, 93.3, 93.3, 93.3, 93.3]);
  expect(at.at(-1)).toBe(ended.elapsed);
  expect([...at].sort((a, b) => a - b)).toEqual(at);
  expect(stretches.map(({ target }) => target)).toEqual(['prompt', 'weights', 'prompt', 'weights', 'prompt']);
  stretches.slice(1).forEach(({ from }, i) => expect(from).toBeGreaterThanOrEqual(stretches[i].to));
});

test('the mark of a kept result lies on the new best; the mark of any other result lies a paired difference away', () => {
  const { marks, best } = historyOf(ended, 'score');
  expect(marks.map(({ accepted }) => accepted)).toEqual([true, true, true, false, false]);
  for (const { phase, accepted, value, low, high } of marks) {
    if (accepted) expect(value).toBeCloseTo(best[phase].mean);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
  expect(marks[3].value - best[4].mean).toBeCloseTo(0.0133, 4);
});

test('J has the interval of its log-likelihood, shifted by the penalties, and each candidate has its own J', () => {
  const { best, marks } = historyOf(ended, 'objective');
  const { objective, logLikelihood } = ended.best!;
  expect(best.at(-1)!.mean).toBe(objective.total);
  expect(best.at(-1)!.high - best.at(-1)!.low).toBeCloseTo(logLikelihood!.high - logLikelihood!.low);
  const decisions = ended.phases.map(({ candidates }) => candidates.find(({ decision }) => decision)!.decision!);
  expect(marks.map(({ value }) => value)).toEqual(decisions.map(({ objective }) => objective!.total));
});

test('a running phase extends to now and has no mark yet', () => {
  const state = stateAfter(midway);
  const { stretches, marks } = historyOf(state, 'score');
  expect(stretches.at(-1)).toMatchObject({ target: 'weights', to: state.elapsed });
  expect(marks).toHaveLength(3);
});

test('a weight phase has one loss curve, and a phase that looks ahead has one for each prompt', () => {
  const [first, second] = ended.phases;
  const one = lossCurves(second);
  expect(one.lines.map(({ name }) => name)).toEqual(['loss']);
  expect(one.lines[0].values).toEqual(second.weightSteps.map(({ loss }) => loss));
  const many = lossCurves(first);
  expect(many.lines.map(({ name }) => name)).toEqual(['the current prompt', 'candidate 1.1', 'candidate 1.7']);
  expect(many.steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
});

test('without candidate names, a step that is not higher starts a new curve, and a shorter curve ends in empty values', () => {
  const step = (number: number): WeightStep => ({ step: number, steps: 3, loss: number, learningRate: 1, gradientNorm: 1 });
  const { lines } = lossCurves({ target: 'prompt', weightSteps: [1, 2, 3, 1, 2].map(step) });
  expect(lines.map(({ values }) => values)).toEqual([
    [1, 2, 3],
    [1, 2, null],
  ]);
});
