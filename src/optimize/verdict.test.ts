/** @file The verdict on the outcome of a phase, in any coordinator. */
import { describe, expect, test } from 'vitest';
import type { OptimizationContext } from './coordinator.ts';
import { evaluationWith } from './madeUp.fixture.ts';
import { measuredState } from './measuredState.ts';
import type { Adapter } from '../model/adapter.ts';
import { judge, tellVerdict } from './verdict.ts';
import type { OptimizationEvent } from './events.ts';

const prompt = { body: 'Answer.', demonstrations: [] };
const objective = { weights: 0, prompt: 0 };
/** A token for each word. */
const texts = { count: (text: string) => text.split(/\s+/).filter((word) => word !== '').length };
const evaluator = { model: { texts }, task: { template: 'text' } };
const context = { objective, evaluator, valset: [] } as unknown as OptimizationContext;
/** `right` of forty rows are right, starting from `first`. All answers are equally likely. */
const measured = (right: number, nats: number, first = 0) =>
  evaluationWith(
    Array.from({ length: 40 }, (_, i) => Number(i >= first && i < first + right)),
    Array.from({ length: 40 }, (_, i) => nats + (i % 5) / 10),
  );
const startAt = (right: number) => measuredState('0.0', prompt, undefined, measured(right, -3), objective);

describe('more likely answers with nine other rows right and ten wrong', () => {
  const [before, found] = [measured(30, -2), { prompt, evaluation: measured(29, -1, 10) }];

  test('are kept above the start', () => {
    const verdict = judge(context, { start: startAt(28), phase: 3, before, from: startAt(28) }, found);
    expect(verdict).toMatchObject({ accepted: true, state: { candidate: '3.0', score: { mean: 29 / 40 } } });
    expect(verdict.because).not.toContain('start');
  });

  test('are refused below it, and the reason says so', () => {
    const verdict = judge(
      context,
      { start: startAt(30), phase: 3, before, from: startAt(30) },
      { ...found, id: '3.7', scoring: 'calibration none' },
    );
    expect(verdict).toMatchObject({ accepted: false, state: { candidate: '3.7' } });
    expect(verdict.because).toMatch(/^with calibration none: .*the log-likelihood rose.*, but the score would fall below the start$/);
  });
});

test('the best of many needs more evidence', () => {
  const [before, evaluation] = [measured(20, -2), measured(26, -2)];
  const verdictAmong = (among: number) =>
    judge(context, { start: startAt(20), phase: 1, before, from: startAt(20) }, { prompt, evaluation, among });
  expect([verdictAmong(1), verdictAmong(1000)].map(({ accepted }) => accepted)).toEqual([true, false]);
});

test('results with different label scoring share one likelihood and need no more evidence from it', () => {
  const likelihoods = (gain: number): number[] => Array.from({ length: 40 }, (_, i) => -2 + (i % 2 ? 1 : -0.4) * gain);
  const of = (gain: number) =>
    evaluationWith(
      Array.from({ length: 40 }, (_, i) => Number(i < 20)),
      likelihoods(gain),
    );
  const accepts = (scorings?: number) =>
    judge(
      context,
      { start: startAt(20), phase: 1, before: of(0), from: startAt(20) },
      { prompt, evaluation: of(1), among: 10, ...(scorings && { scorings }) },
    ).accepted;
  expect([accepts(), accepts(5)]).toEqual([false, true]);
});

describe('the changes of a decision', () => {
  const adapter = { id: 'new', pairs: [], config: {} } as unknown as Adapter;
  const read = { ...prompt, decoding: { normalize: 'sum' } } as const;
  const [before, plain, after] = [measured(20, -2), measured(28, -2), measured(30, -2)];
  const found = { prompt: read, adapter, evaluation: after, scoring: 'label scores summed' };

  test('are reported with it, part by part, with the place of each line', () => {
    const events: OptimizationEvent[] = [];
    const telling = { ...context, prompt, valset: [], trainer: { output: 'kind' }, emit: (event: OptimizationEvent) => events.push(event) };
    const verdict = judge(
      context,
      { start: startAt(20), phase: 2, before, from: startAt(20) },
      { ...found, prompt: { ...read, body: 'Answer well.' } },
    );
    tellVerdict(telling as unknown as OptimizationContext, { phase: 2, before }, verdict);
    expect(events).toMatchObject([
      {
        type: 'gateDecided',
        changes: [
          { part: 'instruction', hunks: [{ id: '1', line: 0, before: 'Answer.', after: 'Answer well.', tokens: 1 }], tokens: 1 },
          { part: 'decoding', reason: 'label scores summed' },
          { part: 'adapter' },
        ],
      },
    ]);
  });

  test('have their own numbers if the rest was measured without them', () => {
    const { changes } = judge(
      context,
      { start: startAt(20), phase: 2, before, from: startAt(20) },
      {
        ...found,
        without: { part: 'decoding', evaluation: plain },
      },
    );
    expect(changes).toMatchObject([
      { part: 'decoding', reason: 'label scores summed', own: { mean: expect.closeTo(0.05, 12) as number, rows: 40 } },
      { part: 'adapter', own: { mean: expect.closeTo(0.2, 12) as number, rows: 40 } },
    ]);
  });

  test('have no own numbers if several parts were measured together', () => {
    const demonstrations = [{ inputs: {}, output: 'x' }];
    const finding = { ...found, prompt: { ...read, demonstrations }, without: { part: 'prompt', evaluation: plain } as const };
    const { changes } = judge(context, { start: startAt(20), phase: 2, before, from: startAt(20) }, finding);
    expect(changes.map(({ part, own }) => [part, own?.mean.toFixed(2)])).toEqual([
      ['demonstrations', undefined],
      ['decoding', undefined],
      ['adapter', '0.20'],
    ]);
  });
});
