/** @file What the charts draw is what the journal says. */
import { expect, test } from 'vitest';
import type { WeightStep } from '../src/run/record/state.ts';
import { journal, midway, stateAfter } from './journal.fixture.ts';
import { historyOf, lossCurves } from './series.ts';

const ended = stateAfter(journal.length);

test('the best after the start and after every phase, and until now', () => {
  const { at, best, stretches } = historyOf(ended, 'score');
  expect(best.map(({ mean }) => Math.round(mean * 1000) / 10)).toEqual([38.7, 48, 89.3, 93.3, 93.3, 93.3, 93.3]);
  expect(at.at(-1)).toBe(ended.elapsed);
  expect([...at].sort((a, b) => a - b)).toEqual(at);
  expect(stretches.map(({ target }) => target)).toEqual(['prompt', 'weights', 'prompt', 'weights', 'prompt']);
  stretches.slice(1).forEach(({ from }, i) => expect(from).toBeGreaterThanOrEqual(stretches[i].to));
});

test('what was kept stands where the best stands after it; what was not, beside it by its paired difference', () => {
  const { marks, best } = historyOf(ended, 'score');
  expect(marks.map(({ accepted }) => accepted)).toEqual([true, true, true, false, false]);
  for (const { phase, accepted, value, low, high } of marks) {
    if (accepted) expect(value).toBeCloseTo(best[phase].mean);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
  expect(marks[3].value - best[4].mean).toBeCloseTo(0.0133, 4);
});

test('J has the interval of its log-likelihood, moved by the penalties, and each candidate its own J', () => {
  const { best, marks } = historyOf(ended, 'objective');
  const { objective, logLikelihood } = ended.best!;
  expect(best.at(-1)!.mean).toBe(objective.total);
  expect(best.at(-1)!.high - best.at(-1)!.low).toBeCloseTo(logLikelihood!.high - logLikelihood!.low);
  const decisions = ended.phases.map(({ candidates }) => candidates.find(({ decision }) => decision)!.decision!);
  expect(marks.map(({ value }) => value)).toEqual(decisions.map(({ objective }) => objective!.total));
});

test('a phase under way reaches until now and has no mark yet', () => {
  const state = stateAfter(midway);
  const { stretches, marks } = historyOf(state, 'score');
  expect(stretches.at(-1)).toMatchObject({ target: 'weights', to: state.elapsed });
  expect(marks).toHaveLength(3);
});

test('a weight phase has one loss curve; a phase that looks ahead has one for each prompt', () => {
  const [first, second] = ended.phases;
  const one = lossCurves(second);
  expect(one.lines.map(({ name }) => name)).toEqual(['loss']);
  expect(one.lines[0].values).toEqual(second.weightSteps.map(({ loss }) => loss));
  const many = lossCurves(first);
  expect(many.lines.map(({ name }) => name)).toEqual(['the current prompt', 'candidate 1.1', 'candidate 1.7']);
  expect(many.steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
});

test('without names of candidates a step that is not higher begins another curve; a shorter one leaves the rest empty', () => {
  const step = (number: number): WeightStep => ({ step: number, steps: 3, loss: number, learningRate: 1, gradientNorm: 1 });
  const { lines } = lossCurves({ target: 'prompt', weightSteps: [1, 2, 3, 1, 2].map(step) });
  expect(lines.map(({ values }) => values)).toEqual([
    [1, 2, 3],
    [1, 2, null],
  ]);
});
