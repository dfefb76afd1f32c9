/** @file How a handful of labelled rows is drawn, and how demonstrations alone perform with them. */
import { expect, test, vi } from 'vitest';
import { makeRow } from '../../src/data/dataset.ts';
import { driveCoordinator, kindContext, kindRows, loadTinyModel, ofType } from '../../src/optimize/kinds.fixture.ts';
import { memoryAdapters } from '../../src/optimize/jointOptimization.ts';
import { drawFewRows } from './fewRows.ts';
import { labelledFewShot } from './labelledFewShot.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Half of them 'a', a third 'b', a sixth 'c'. */
const pool = Array.from({ length: 60 }, (_, i) => makeRow({ text: `row ${i}`, label: 'aaabbc'[i % 6] }, i + 1));
const labels = (rows: readonly { values: Readonly<Record<string, unknown>> }[]): string => rows.map(({ values }) => values.label).join('');

test('the first half is for training and has every label as often as possible, and no row is in both halves', () => {
  const { train, val } = drawFewRows(pool, 'label', 12, 1);
  expect([...labels(train)].sort().join('')).toBe('aabbcc');
  expect([...labels(val)].sort().join('')).toBe('aabbcc');
  expect(new Set([...train, ...val].map(({ id }) => id)).size).toBe(12);
});

test('with fewer rows than labels, every row has a different label; an odd row is for training', () => {
  const { train, val } = drawFewRows(pool, 'label', 3, 1);
  expect([...labels([...train, ...val])].sort().join('')).toBe('abc');
  expect([train.length, val.length]).toEqual([2, 1]);
});

test('the same seed draws the same rows, another seed draws others; more rows than there are cannot be drawn', () => {
  expect(drawFewRows(pool, 'label', 16, 1)).toEqual(drawFewRows(pool, 'label', 16, 1));
  expect(drawFewRows(pool, 'label', 16, 1)).not.toEqual(drawFewRows(pool, 'label', 16, 2));
  expect(() => drawFewRows(pool, 'label', 61, 1)).toThrow('There are 60 rows to draw 61 from.');
});

test('demonstrations alone: sets of training rows, each with its best label scoring; the weights stay, and the best set is kept', async () => {
  const model = await loadTinyModel();
  const rows = kindRows(32);
  const [trainset, valset] = [rows.slice(0, 6), rows.slice(6)];
  const context = () => kindContext(model, { adapters: memoryAdapters(), trainset, valset, seed: 3, budget: 1e6 });
  const { events, state } = await driveCoordinator(model, { make: () => labelledFewShot({ mostSets: 5 }), context });
  const { best, start, done } = state;
  expect(done).toBe('5 sets are measured');
  // There are fewer than 8 rows.
  const proposed = ofType(events, 'candidateProposed').map(({ prompt }) => prompt.demonstrations);
  expect(proposed.map(({ length }) => length)).toEqual([1, 3, 5, 1, 3]);
  const known = new Set(trainset.map(({ values }) => values.text));
  for (const { inputs } of proposed.flat()) expect(known).toContain(inputs.text);
  expect(best.adapter).toBeUndefined();
  expect(best.score.mean).toBeGreaterThanOrEqual(start.score.mean);
  expect(ofType(events, 'weightStep')).toEqual([]);
  await model.dispose();
});
