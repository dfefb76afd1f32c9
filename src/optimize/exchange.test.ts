/** @file A weight phase on few rows: when the splits are exchanged, what the verdict is based on, and the cost. */
import { describe, expect, test } from 'vitest';
import type { Decoding } from '../prompt/decoding.ts';
import { shareOfFirst } from './exchange.ts';
import { adapterNamed, most, phaseOn, type FewRows } from './fewRows.fixture.ts';
import { ofType } from './kinds.fixture.ts';
import { allowance } from './purse.ts';

test('a gain that few validation rows cannot prove is judged on all rows, each by weights that have not learned from it', async () => {
  const { context, result, verdict, jobs } = await phaseOn({ learned: most, known: (line) => line % 3 === 0 });
  const { trainset, valset } = context;
  const [first, second] = jobs;
  expect(jobs.map(({ lessons }) => lessons[0].rows)).toEqual([trainset, valset]);
  expect({ ...second, lessons: [], patience: 0, mostSteps: 0, measureEvery: 0 }).toEqual({
    ...{ ...first, lessons: [], patience: 0, mostSteps: 0, measureEvery: 0 },
  });
  expect(second.steps).toBe(first.steps);
  const of = ({ rows: judged }: { rows: readonly { row: string }[] }) => judged.map(({ row }) => row);
  expect(of(result.evidence!.after)).toEqual([...valset, ...trainset].map(({ id }) => id));
  expect(of(result.evidence!.before)).toEqual(of(result.evidence!.after));
  // No row is answered from memory.
  expect(result.evidence!.after.rows.map(({ score }) => score)).toEqual([...valset, ...trainset].map(({ line }) => Number(most(line))));
  expect(result.adapter?.id).toBe('fresh on train');
  expect(verdict.because).toMatch(/^judged on 24 rows, each answered by weights that had not learned from it: /);
});

test('the second training shows as many worked examples as the first, although it learns from fewer rows', async () => {
  // 90 rows train without worked examples. 45 alone would train with three.
  const { jobs, result } = await phaseOn({ learned: (line) => line % 2 === 0, known: (line) => line % 3 === 0, train: 90, validate: 45 });
  expect(result.evidence).toBeDefined();
  expect(jobs.map(({ lessons }) => [lessons[0].rows.length, lessons[0].shots])).toEqual([
    [90, 0],
    [45, 0],
  ]);
});

test('all rows decide; the reported numbers are those of the validation rows', async () => {
  const sure = await phaseOn({ learned: most, known: (line) => line % 3 === 0 });
  const known = (line: number): boolean => line % 9 < 4;
  const refused = await phaseOn({ learned: (line) => (line <= 9 ? line % 9 < 7 : known(line)), known });
  expect(sure.verdict.accepted).toBe(true);
  expect(refused.verdict.accepted).toBe(false);
  for (const { verdict, result } of [sure, refused]) {
    expect(verdict.because).toMatch(/^judged on 24 rows/);
    expect(verdict.score.rows).toBe(9);
    expect(verdict.state.score).toEqual(result.evaluation.score);
  }
});

test('each half is scored as is best for the other half; the state as is best for both', async () => {
  // By chance the validation rows do well with summed scores, and the others without calibration.
  const read = (line: number, { normalize, calibration }: Decoding): boolean =>
    line <= 9 ? most(line) && (normalize === 'sum' || line % 2 === 0) : most(line) && (calibration === 'none' || line % 2 === 0);
  const { context, result } = await phaseOn({ learned: most, known: (line) => line % 3 === 0, read });
  const { valset, trainset } = context;
  const scores = (rows: typeof valset, decoding: Partial<Decoding>): number[] =>
    rows.map(({ line }) => Number(read(line, { ...context.evaluator.task.decoding, ...decoding })));
  // Calibrated, because summed scores are no better without calibration.
  const summed = { normalize: 'sum', calibration: 'domain' } as const;
  const uncalibrated = { normalize: 'tokens', calibration: 'none' } as const;
  expect(scores(valset, uncalibrated)).not.toEqual(scores(valset, summed));
  expect(scores(trainset, uncalibrated)).not.toEqual(scores(trainset, summed));
  expect(result.evidence!.after.rows.map(({ score }) => score)).toEqual([...scores(valset, uncalibrated), ...scores(trainset, summed)]);
  expect(result.among).toBe(1);
  const both = { normalize: 'sum', calibration: 'none' };
  expect({ ...context.evaluator.task.decoding, ...result.prompt.decoding }).toMatchObject(both);
  expect(result.evaluation.rows.map(({ score }) => score)).toEqual(scores(valset, summed));
});

describe('the splits are not exchanged', () => {
  test.each<readonly [string, FewRows]>([
    ['where the gain is sure without', { learned: () => true }],
    ['where it is not even likely', { learned: (line) => line % 2 === 0, known: (line) => line % 2 === 0 }],
    [
      'where weights have learned from the rows already',
      { learned: most, known: (line) => line % 3 === 0, adapter: adapterNamed('older') },
    ],
    ['where enough rows validate', { learned: (line) => line % 12 < 4, known: (line) => line % 12 < 3, validate: 64 }],
    ['where many rows train, of which too few would learn', { learned: most, known: (line) => line % 3 === 0, train: 65 }],
    ['where the budget does not pay for it', { learned: most, known: (line) => line % 3 === 0, budget: 2000 }],
  ])('%s', async (_, given) => {
    const { result, jobs } = await phaseOn(given);
    expect(jobs).toHaveLength(1);
    expect(result.evidence).toBeUndefined();
  });
});

test('the second training is paid for and reported with the first', async () => {
  const { context, result, jobs, events } = await phaseOn({ learned: most, known: (line) => line % 3 === 0, budget: 10_000 });
  const steps = ofType(events, 'weightStep');
  expect(jobs).toHaveLength(2);
  expect(steps.map(({ aside }) => aside)).toEqual([undefined, true]);
  // The valset once, and the training rows under both states. What is asked again is cached.
  const measured = context.valset.length + 2 * context.trainset.length;
  expect(result.tokensUsed).toBe(100 * (jobs[0].steps + jobs[1].steps) + measured);
  expect(result.tokensUsed).toBeLessThanOrEqual(10_000);
  expect(steps[1].tokensUsed).toBeLessThanOrEqual(result.tokensUsed);
});

test('the first training leaves half of the budget for the second, if that is enough to learn from', () => {
  expect(allowance(shareOfFirst(4800, 100))).toBe(2400);
  expect(allowance(shareOfFirst(4700, 100))).toBe(4700);
});

test('with few rows it measures as often as the gate can judge, so that its best result can be kept', async () => {
  const measurements = async (validate: number): Promise<number> => {
    const { jobs } = await phaseOn({ learned: () => true, validate, budget: 1e6, adapter: adapterNamed('older') });
    return Math.ceil(jobs[0].steps / jobs[0].measureEvery);
  };
  expect([await measurements(7), await measurements(8), await measurements(40)]).toEqual([1, 3, 5]);
});
