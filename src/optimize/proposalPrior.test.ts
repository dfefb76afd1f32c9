/** @file What runs say about proposals, and how that affects later runs. */
import { describe, expect, test } from 'vitest';
import type { Difference, OptimizationEvent } from './events.ts';
import { expectedWin, guidedShares, kindOf, learnFrom, noPrior } from './proposalPrior.ts';

const difference = (probabilityBetter: number): Difference => ({ mean: 0.1, low: 0, high: 0.2, rows: 20, probabilityBetter });
const proposed = (candidate: string, proposer: string, reason: string): OptimizationEvent => ({
  ...({ type: 'candidateProposed', phase: 1 } as const),
  ...{ candidate, proposer, reason, prompt: { body: '', demonstrations: [] } },
});
const measured = (candidate: string, probabilityBetter: number, kept = true): OptimizationEvent => ({
  ...({ type: 'candidateMeasured', phase: 1 } as const),
  ...{ candidate, score: difference(probabilityBetter), logLikelihood: difference(probabilityBetter), kept },
});
const decided = (candidate: string, accepted: boolean): OptimizationEvent => ({
  ...({ type: 'gateDecided', phase: 1 } as const),
  ...{ candidate, accepted, because: '', score: difference(0.5), logLikelihood: difference(0.5) },
});

const run: OptimizationEvent[] = [
  proposed('1.1', 'edits', '"Text:" for "Message:"'),
  proposed('1.2', 'edits', 'without the line "My secret instruction"'),
  proposed('1.3', 'demonstrations', '4 demonstrations that cover the answers'),
  proposed('1.4', 'demonstrations', 'no demonstrations'),
  proposed('1.5', 'challengers', 'did well before'),
  measured('1.1', 0.2),
  measured('1.2', 0.9),
  measured('1.2', 0.5),
  measured('1.3', 0.6),
  measured('1.5', 0.99),
  decided('1.3', true),
];

describe('a run', () => {
  const prior = learnFrom(noPrior, run);
  test('counts what was measured, and what won: proposals that were accepted, or clearly better when last measured', () => {
    expect(prior.proposers).toEqual({ edits: { tried: 2, won: 0 }, demonstrations: { tried: 1, won: 1 } });
    expect(prior.kinds['4 demonstrations that cover the answers']).toEqual({ tried: 1, won: 1 });
  });
  test('adds to earlier runs', () => expect(learnFrom(prior, run).proposers.edits).toEqual({ tried: 4, won: 0 }));
  test('records nothing of the text of a prompt', () => {
    expect(JSON.stringify(prior)).not.toContain('secret');
    expect(kindOf('"Text:" for "Message:"')).toBe('"…" for "…"');
  });
});

describe('later runs', () => {
  const prior = Array.from({ length: 10 }).reduce<typeof noPrior>((known) => learnFrom(known, run), noPrior);
  test('ask the proposers that won more often for more, with the same total', () => {
    const table = ['edits', 'demonstrations', 'unknown'].map((name) => ({ proposer: { name }, share: 1 / 3 }));
    const [edits, demonstrations, unknown] = guidedShares(table, prior).map(({ share }) => share);
    expect(demonstrations).toBeGreaterThan(unknown);
    expect(unknown).toBeGreaterThan(edits);
    expect(edits).toBeGreaterThan(0.02);
    expect(edits + demonstrations + unknown).toBeCloseTo(1);
    expect(guidedShares(table, undefined)).toBe(table);
    expect(guidedShares(table, noPrior)).toBe(table);
  });
  test("try the kinds that won first; an unknown kind relies on its proposer's record", () => {
    expect(expectedWin(prior, 'demonstrations', '4 demonstrations that cover the answers')).toBeGreaterThan(
      expectedWin(prior, 'demonstrations', 'another kind'),
    );
    expect(expectedWin(prior, 'demonstrations', 'another kind')).toBeGreaterThan(expectedWin(prior, 'edits', 'another kind'));
  });
});
