/** @file The reducer is a pure fold: the same lines give the same state, however they arrive. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Difference, Estimate, MeasuredState } from '../../optimize/events.ts';
import type { JournalLine, RunEvent } from './events.ts';
import { fakeConfig } from '../fakeRun.fixture.ts';
import { apply } from './fold.ts';
import { initialState, progressOf, remainingTime, type RunState } from './state.ts';

const number = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8);
const estimate: fc.Arbitrary<Estimate> = fc.record({ mean: number, low: number, high: number, rows: fc.nat(500) });
const difference: fc.Arbitrary<Difference> = fc.record({
  mean: number,
  low: number,
  high: number,
  rows: fc.nat(500),
  probabilityBetter: number,
});
const phase = fc.integer({ min: 1, max: 4 });
const candidate = fc.constantFrom('1.0', '1.1', '2.1', '2.2', '3.0');
const target = fc.constantFrom('prompt', 'weights');
const prompt = fc.record({ body: fc.string(), demonstrations: fc.constant([]) });
const objective = fc.record({ logLikelihood: number, weightPenalty: number, promptPenalty: number, total: number });
const changedPrediction = fc.record({
  line: fc.nat(),
  inputs: fc.constant({}),
  gold: fc.string(),
  before: fc.string(),
  after: fc.string(),
  better: fc.boolean(),
});
const measured: fc.Arbitrary<MeasuredState> = fc.record(
  {
    candidate,
    prompt,
    adapter: fc.string(),
    score: estimate,
    logLikelihood: estimate,
    objective,
    promptTokens: fc.nat(),
  },
  { requiredKeys: ['candidate', 'prompt', 'score', 'logLikelihood', 'objective', 'promptTokens'] },
);
const type = <T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name);
const tokensUsed = fc.nat(100_000);
const control = fc.constantFrom('p -> p', 'w -> w', 'best alone');

const event: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.constant({ type: 'runStarted' as const, config: fakeConfig }),
  fc.record({ type: type('noticed'), message: fc.string() }),
  fc.record({ type: type('rateMeasured'), tokensPerSecond: number, budget: tokensUsed }),
  fc.record({ type: type('baselineMeasured'), state: measured, tokensUsed }),
  fc.record({ type: type('phaseStarted'), phase, target, because: fc.string() }),
  fc.record({
    type: type('difficultyMeasured'),
    phase,
    rows: fc.nat(9),
    known: fc.nat(9),
    success: number,
    passRate: number,
    logLikelihood: number,
    roles: fc.record({ weights: fc.nat(9), prompt: fc.nat(9), guard: fc.nat(9) }),
    inPlay: number,
    tokensUsed,
  }),
  fc.record({
    type: type('freedomGrown'),
    phase,
    stage: fc.nat(3),
    stages: fc.constant(3),
    name: fc.string(),
    prompt: fc.string(),
    rank: fc.tuple(fc.nat(8), fc.constant(8)),
    layers: fc.tuple(fc.nat(6), fc.constant(6)),
    penalty: number,
    because: fc.string(),
  }),
  fc.record({ type: type('candidateProposed'), phase, candidate, proposer: fc.string(), reason: fc.string(), prompt }),
  fc.record({ type: type('candidateMeasured'), phase, candidate, score: difference, logLikelihood: difference, kept: fc.boolean() }),
  fc.record(
    {
      type: type('weightStep'),
      phase,
      candidate,
      step: fc.nat(9),
      steps: fc.nat(9),
      loss: number,
      learningRate: number,
      gradientNorm: number,
      tokensUsed,
    },
    { requiredKeys: ['type', 'phase', 'step', 'steps', 'loss', 'learningRate', 'gradientNorm', 'tokensUsed'] },
  ),
  fc.record(
    {
      type: type('gateDecided'),
      phase,
      candidate,
      accepted: fc.boolean(),
      because: fc.string(),
      score: difference,
      logLikelihood: difference,
      objective,
      changedPredictions: fc.record({ fixes: fc.nat(9), regressions: fc.nat(9), examples: fc.array(changedPrediction, { maxLength: 2 }) }),
    },
    { requiredKeys: ['type', 'phase', 'candidate', 'accepted', 'because', 'score', 'logLikelihood'] },
  ),
  fc.record({ type: type('phaseEnded'), phase, target, accepted: fc.boolean(), best: measured, tokensUsed }),
  fc.record({ type: type('weightsRefitted'), phase, rows: fc.nat(96), steps: fc.nat(90), kept: fc.boolean(), best: measured, tokensUsed }),
  fc.constant({ type: 'stopRequested' as const }),
  fc.record({ type: type('testOpened'), rows: fc.nat(500) }),
  fc.record({
    type: type('attributed'),
    cells: fc.constant([]),
    total: difference,
    promptAlone: difference,
    weightsAlone: difference,
    interaction: difference,
    tokensUsed,
  }),
  fc.record({ type: type('controlStarted'), control, because: fc.string(), budget: tokensUsed }),
  fc.record({ type: type('controlProgressed'), control, phase: fc.nat(4), score: estimate, tokensUsed }),
  fc.record({ type: type('controlMeasured'), control, tokensUsed, score: estimate, logLikelihood: estimate, difference }),
  fc.record({ type: type('runEnded'), because: fc.string() }),
  fc.record({ type: type('runFailed'), reason: fc.string(), message: fc.string() }),
);
const lines: fc.Arbitrary<JournalLine[]> = fc
  .array(fc.tuple(event, fc.nat(10_000)), { maxLength: 40 })
  .map((events) => events.map(([event, at], seq) => JSON.parse(JSON.stringify({ version: 2, seq, at, ...event })) as JournalLine));

const fold = (lines: readonly JournalLine[], from: RunState = initialState): RunState => lines.reduce(apply, from);

function deepFreeze<T>(value: T): T {
  if (value && typeof value === 'object') {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

test('folding in pieces, with JSON in between, equals folding at once', () => {
  fc.assert(
    fc.property(lines, fc.nat(40), (all, cut) => {
      const first = JSON.parse(JSON.stringify(fold(all.slice(0, cut)))) as RunState;
      expect(fold(all.slice(cut), first)).toStrictEqual(fold(all));
    }),
  );
});

test('no state and no line is ever mutated', () => {
  deepFreeze(initialState);
  fc.assert(
    fc.property(lines, (all) => {
      deepFreeze(all).reduce((state, line) => deepFreeze(apply(state, line)), initialState);
    }),
  );
});

test('a line of a type that only a later version knows changes nothing', () => {
  fc.assert(
    fc.property(lines, fc.nat(40), (all, place) => {
      const unknown = { version: 2, seq: 0, at: 1e9, type: 'curriculumWidened', level: 2 } as unknown as JournalLine;
      expect(fold([...all.slice(0, place), unknown, ...all.slice(place)])).toStrictEqual(fold(all));
    }),
  );
});

test('neither tokens nor running time ever decrease', () => {
  fc.assert(
    fc.property(lines, (all) => {
      all.reduce((state, line) => {
        const next = apply(state, line);
        expect(next.tokensUsed).toBeGreaterThanOrEqual(state.tokensUsed);
        expect(next.elapsed).toBeGreaterThanOrEqual(state.elapsed);
        return next;
      }, initialState);
    }),
  );
});

test('progress and remaining time follow the tokens, first at the measured rate, then at the pace of the run', () => {
  const events: (RunEvent & { at: number })[] = [
    { at: 0, type: 'runStarted', config: fakeConfig },
    { at: 2000, type: 'rateMeasured', tokensPerSecond: 1000, budget: 60_000 },
  ];
  const started = fold(events.map((event, seq) => ({ version: 2 as const, seq, ...event })));
  expect(remainingTime(started)).toBe(60_000);
  expect(progressOf(started)).toBe(0);
  const later = { ...started, tokensUsed: 15_000, elapsed: 32_000 };
  expect(progressOf(later)).toBe(0.25);
  expect(remainingTime(later)).toBe(90_000);
  expect(remainingTime(initialState)).toBeUndefined();
});

test('a candidate keeps what it changed, and its outcome if it was the best after its phase', () => {
  const score = { mean: 0.1, low: 0, high: 0.2, rows: 40, probabilityBetter: 0.97 };
  const changes = [{ part: 'decoding', reason: 'summed' } as const];
  const best = { candidate: '1.0', prompt: { body: 'a', demonstrations: [] }, adapter: 'x' } as unknown as MeasuredState;
  const decided = { phase: 1, accepted: true, because: '', score, logLikelihood: score };
  const events: RunEvent[] = [
    { type: 'phaseStarted', phase: 1, target: 'weights', because: '' },
    {
      type: 'candidateProposed',
      phase: 1,
      candidate: '1.1',
      proposer: 'p',
      reason: 'r',
      prompt: best.prompt,
      changes: [{ part: 'demonstrations' }],
    },
    { type: 'gateDecided', candidate: '1.0', ...decided, changes },
    { type: 'gateDecided', candidate: '1.1', ...decided, accepted: false },
    { type: 'phaseEnded', phase: 1, target: 'weights', accepted: true, best, tokensUsed: 1 },
  ];
  const [{ candidates }] = fold(events.map((event, seq) => ({ version: 2 as const, seq, at: 0, ...event }))).phases;
  expect(candidates.map(({ candidate, proposal, decision, became }) => [candidate, proposal?.changes, decision?.changes, became])).toEqual([
    ['1.1', [{ part: 'demonstrations' }], undefined, undefined],
    ['1.0', undefined, changes, { prompt: best.prompt, adapter: 'x' }],
  ]);
});
