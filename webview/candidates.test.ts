/** @file The table of candidates, best first. */
import { expect, test } from 'vitest';
import { candidateRows, reachOf, reachOnMostRows } from './candidates.ts';
import { journal, linesUntil, stateAfter } from './journal.fixture.ts';

const [, , third] = stateAfter(journal.length).phases;

test('kept candidates come first, then those that came further, then those with better scores', () => {
  const rows = candidateRows(third);
  expect(rows[0]).toMatchObject({ candidate: '3.3', proposer: 'grounded templates', fate: 'kept', kept: true });
  expect(rows.map(({ score }) => score!.rows)).toEqual([75, 75, 75, 38, 38, 16, 16, 16, 16, 16, 16]);
  expect(rows.at(-1)).toMatchObject({ candidate: '3.2', fate: 'dropped in round 1' });
});

test('candidates that are not measured yet come last, in the order of their proposals', () => {
  const measured = linesUntil((line) => line.type === 'candidateMeasured' && line.phase === 3);
  const rows = candidateRows(stateAfter(measured).phases[2]);
  expect(rows[0].score).toBeDefined();
  expect(rows.slice(1).every(({ score, fate }) => score === undefined && fate === 'not measured')).toBe(true);
});

test('a tried wording is shown: the lines that it puts in, or those that it takes out', () => {
  const proposal = { proposer: 'ablation', reason: 'shorter', prompt: { body: '', demonstrations: [] } };
  const wording = (before: string, after: string): string | undefined => {
    const changes = [{ part: 'instruction', hunks: [{ id: '1', line: 0, before, after }] }] as const;
    return candidateRows({ candidates: [{ candidate: '1.1', proposal: { ...proposal, changes }, measured: [] }] })[0].wording;
  };
  expect(wording('Say what it is.\n', 'Is it a colour\nor an animal?\n')).toBe('Is it a colour or an animal?');
  expect(wording('Say what it is.\n', '')).toBe('without: Say what it is.');
  expect(candidateRows({ candidates: [{ candidate: '1.1', proposal, measured: [] }] })[0]).not.toHaveProperty('wording');
});

test('the outcome of a weight phase is not listed as a candidate', () => {
  expect(candidateRows(stateAfter(journal.length).phases[1])).toEqual([]);
});

test('the scale fits the differences on the most rows, and covers at least 2 points', () => {
  const rows = candidateRows(third);
  expect(reachOnMostRows(rows)).toBeCloseTo(0.08);
  expect(reachOf(rows.map(({ score }) => score))).toBeCloseTo(0.9375);
  expect(reachOf([undefined])).toBe(0.02);
});
