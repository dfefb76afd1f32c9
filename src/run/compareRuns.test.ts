/** @file Compares two runs on the rows that both have, and names what differs. */
import { expect, test } from 'vitest';
import type { Estimate, TestAnswer } from '../optimize/events.ts';
import { compareRuns } from './compareRuns.ts';
import type { RunConfig } from './record/events.ts';
import { fakeConfig } from './fakeRun.fixture.ts';
import { initialState, type RunState } from './record/state.ts';
import { comparisonText } from './words/comparisonText.ts';

const estimate: Estimate = { mean: 0.5, low: 0.4, high: 0.6, rows: 4 };

/** A run whose outcome is right on the rows in capitals. */
const runWith = (
  rows: string,
  config: Partial<RunConfig> = {},
  body = 'Text: ${input:text}\n',
  status: RunState['status'] = 'ended',
): RunState => {
  const answers = rows.split('').map((letter, place): TestAnswer => {
    const right = letter === letter.toUpperCase();
    const judged = { prediction: right ? 'yes' : 'no', score: Number(right), logLikelihood: right ? -1 : -2 };
    return { row: letter.toLowerCase(), line: place + 2, gold: 'yes', before: judged, after: judged };
  });
  const difference = { ...estimate, probabilityBetter: 0.5 };
  const best = {
    ...{ candidate: '1.0', prompt: { body, demonstrations: [] }, score: estimate, logLikelihood: estimate, promptTokens: 5 },
    objective: { logLikelihood: -1, weightPenalty: 0, promptPenalty: 0, total: -1 },
  };
  return {
    ...initialState,
    status,
    config: { ...fakeConfig, ...config },
    start: best,
    best,
    ...(status === 'ended' && {
      attribution: { cells: [], total: difference, promptAlone: difference, weightsAlone: difference, interaction: difference, answers },
    }),
  };
};

test('rows of both runs are paired wherever they are in the file, and rows of one run alone are counted', () => {
  const comparison = compareRuns(runWith('abCDeFx'), runWith('FEDCBAyz'));
  expect(comparison).toMatchObject({
    metric: 'accuracy',
    rows: 6,
    apart: { a: 1, b: 2 },
    score: { a: { mean: 0.5 }, b: { mean: 1 }, difference: { mean: 0.5, rows: 6 } },
    logLikelihood: { difference: { mean: 0.5 } },
    changedPredictions: { fixes: 3, regressions: 0 },
    settings: [],
    promptDiff: '',
  });
  // Three rows of six are better and none is worse. By chance that happens in one case of eight.
  expect(comparison.score.difference.low).toBeLessThan(0);
  expect(comparison.score.difference.probabilityBetter).toBeGreaterThan(0.87);
  expect(comparison.changedPredictions.examples[0]).toEqual({ line: 3, gold: 'yes', a: 'no', b: 'yes', better: true });
  // Swapping the runs swaps the result.
  expect(compareRuns(runWith('FEDCBAyz'), runWith('abCDeFx')).score.difference.mean).toBe(-0.5);
});

test('rows that occur more than once are paired one by one', () => {
  expect(compareRuns(runWith('aaB'), runWith('AaaB'))).toMatchObject({ rows: 3, apart: { a: 0, b: 1 }, changedPredictions: { fixes: 1 } });
});

test('options and final prompts that differ are named', () => {
  const comparison = compareRuns(
    runWith('AB'),
    runWith('AB', { seed: 8, tune: 'weights', lora: { rank: 2 }, model: { name: 'nano', fingerprint: 'beef' } }, 'Say it: ${input:text}\n'),
  );
  expect(comparison.settings.map(({ name, a, b }) => [name, a, b])).toEqual([
    ['model', 'fake (f00d)', 'nano (beef)'],
    ['seed', '7', '8'],
    ['what to tune', 'both', 'weights'],
    ['LoRA', 'default', 'rank 2'],
    ['starting prompt', 'one', 'another'],
  ]);
  expect(comparison.promptDiff).toContain('-Text: ${input:text}\n+Say it: ${input:text}\n');
});

test('no setting that differs is left out, and runs with other final prompts do not have the same results', () => {
  const writer = { name: 'a writer', budget: 50 };
  const other = runWith('AB', { coordinator: 'simultaneous', soft: { tokens: 8 }, curriculum: { of: 'data', pacing: 'linear' }, writer });
  expect(compareRuns(runWith('AB'), other).settings.map(({ name, a, b }) => [name, a, b])).toEqual([
    ['coordinator', 'alternating', 'simultaneous'],
    ['soft prompt', 'default', '8 virtual tokens'],
    ['curriculum', 'none', 'data, linear'],
    ['writer', 'none', 'a writer, 50 tokens'],
  ]);
  const textOf = (a: RunState, b: RunState): string => comparisonText('a', 'b', compareRuns(a, b));
  expect(textOf(runWith('AB'), runWith('AB'))).toContain('Both runs have the same settings and results.');
  const reworded = { ...runWith('AB', {}, 'Say it: ${input:text}\n'), start: runWith('AB').start };
  expect(textOf(runWith('AB'), reworded)).toContain('Both runs have the same settings.\n');
});

test('macro-F1 is compared as macro-F1', () => {
  const comparison = compareRuns(runWith('AbC', { metric: 'macro-f1' }), runWith('ABC', { metric: 'macro-f1' }));
  // The mean of yes and no: (0.8 + 0) / 2, then 1.
  expect(comparison.score).toMatchObject({ a: { mean: 0.4 }, b: { mean: 1 } });
  expect(comparison.score.difference.mean).toBeCloseTo(0.6, 12);
});

test.each<[string, () => unknown, string]>([
  ['a run that has not ended', () => compareRuns(runWith('A'), runWith('A', {}, '', 'running')), 'not-tested'],
  ['runs of other metrics', () => compareRuns(runWith('A'), runWith('A', { metric: 'contains' })), 'metrics-differ'],
  ['runs without a row in common', () => compareRuns(runWith('A'), runWith('B')), 'rows-differ'],
])('%s cannot be compared', (_, compare, reason) => {
  expect(compare).toThrow(expect.objectContaining({ reason }) as Error);
});
