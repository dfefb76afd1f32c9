/** @file Label scoring: which way is kept, and the cost of trying them. */
import { describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import { calibrationRows, domainInputs } from '../evaluate/calibration.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import type { Decoding } from '../prompt/decoding.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Values } from '../prompt/values.ts';
import type { Adapter } from '../model/adapter.ts';
import { alternating } from './alternating.ts';
import { adapterBlock } from './adapterBlock.ts';
import { alternatingDefaults, type PhaseStart } from './alternatingPhase.ts';
import { coordinateDefaults, type BlockStart } from './coordinatePhase.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { Target, OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { kindPrompt, kindRows, kindTask, loadTinyModel, ofType } from './kinds.fixture.ts';
import { evaluatorWith, intentTask, messages } from './madeUp.fixture.ts';
import { noStatistics } from './targetBandit.ts';
import { localTrainer, type TrainingParts } from './localTrainer.ts';
import { measureStart } from './measuredState.ts';
import { wrongWeightPhases } from './nullTrials.fixture.ts';
import { defaultObjective } from './objective.ts';
import { bestScoring, hasScorings, judgeable, measuringCost, otherScorings, scoringPhase } from './labelScoring.ts';
import type { Outcome } from './outcome.ts';
import { judge } from './verdict.ts';
import { weightPhase } from './weightPhase.ts';
import { simultaneous } from './simultaneous.ts';

const prompt: Prompt = { body: 'Message: ${input:message}\nIntent:\n', demonstrations: [] };
const valset: readonly Row[] = Array.from({ length: 60 }, (_, i) => makeRow({ message: `${i}`, intent: 'card' }, i + 1));

/** The number of right rows of sixty, by calibration and normalization. */
function contextWith(right: (decoding: Partial<Decoding>) => number, task = intentTask) {
  const events: OptimizationEvent[] = [];
  const evaluator = evaluatorWith((row, { decoding }) => Number(row.line <= right({ ...task.decoding, ...decoding })), task);
  const context = {
    ...{ evaluator, prompt, valset, trainset: messages, objective: defaultObjective, seed: 1, budget: 1e6 },
    ...{ adapters: memoryAdapters(), trainer: { output: task.output }, emit: (event: OptimizationEvent) => events.push(event) },
  } as unknown as OptimizationContext;
  return { context, events };
}

test('with few rows a phase first tries fewer scorings, then fewer measurements, so that the best can be judged', () => {
  const { context } = contextWith(() => 30);
  const scorings = 1 + otherScorings(context, prompt, {}).length;
  expect(scorings).toBeGreaterThan(1);
  const on = (rows: number, mayRescore = true, prompts = 1) =>
    judgeable({ ...context, valset: valset.slice(0, rows) }, prompt, {}, mayRescore, prompts);
  expect(on(5)).toEqual({ mayRescore: false, measurements: 1 });
  expect(on(7)).toEqual({ mayRescore: false, measurements: 1 });
  expect(on(9)).toEqual({ mayRescore: true, measurements: Math.floor(6 / scorings) });
  expect(on(9, false)).toEqual({ mayRescore: false, measurements: 6 });
  expect(on(9, false, 2)).toEqual({ mayRescore: false, measurements: 3 });
  expect(on(60).measurements).toBeGreaterThan(1000);
});

test('training rows support few validation rows until weights have learned from them', async () => {
  const read = async (adapter?: Adapter) => {
    const { context, events } = contextWith(({ calibration }) => (calibration === 'domain' ? 20 : 4));
    const few = {
      ...context,
      ...{ valset: valset.slice(0, 9), trainset: valset.slice(9, 24), trainer: { outputColumn: 'intent' } },
    } as unknown as OptimizationContext;
    const { start: current, evaluation: before } = await measureStart(few);
    const result = await scoringPhase(few, { phase: 1, memory: { current }, before, adapter, budget: 1e6 });
    const verdict = result.measured && judge(few, { start: current, phase: 1, before, from: current }, result.measured);
    return { measured: result.measured, verdict, rows: ofType(events, 'candidateMeasured').map(({ score }) => score.rows) };
  };
  const { measured, verdict, rows } = await read();
  expect(rows).toEqual([9, 9, 9]);
  expect(measured?.evaluation.score).toMatchObject({ mean: 1, rows: 9 });
  expect(verdict).toMatchObject({ accepted: true, score: { rows: 9 } });
  expect(verdict?.because).toMatch(/: judged on 24 rows, including training rows: \+66\.7 points/);
  const tuned = await read({ id: 'a', pairs: [], config: { rank: 1, alpha: 1, dropout: 0, targets: [] } });
  expect(tuned.rows).toEqual([9, 9, 9]);
  expect(tuned.measured?.evidence).toBeUndefined();
  expect(tuned.verdict?.because).not.toContain('judged on');
});

describe.each([alternating, simultaneous])('as the first phase of %o', (make) => {
  const first = async (right: (decoding: Partial<Decoding>) => number, options = {}) => {
    const { context, events } = contextWith(right);
    const coordinator = make(options);
    return { state: await coordinator.advance(context, await coordinator.begin(context)), events };
  };

  test('a clearly better scoring becomes part of the prompt, and does not count as a prompt phase', async () => {
    const { state, events } = await first(({ calibration }) => (calibration === 'domain' ? 45 : 20));
    expect(state.best.prompt.decoding).toMatchObject({ calibration: 'domain' });
    expect(state.best.score.mean).toBeCloseTo(0.75, 10);
    expect(ofType(events, 'gateDecided')[0].because).toMatch(/^with label scores .*, calibration domain: \+/);
    expect(ofType(events, 'candidateProposed').map(({ proposer }) => proposer)).toEqual([
      'label scoring',
      'label scoring',
      'label scoring',
    ]);
    if (make === alternating) {
      expect(state.memory).toMatchObject({ statistics: { prompt: { phases: 0 }, weights: { phases: 0 } } });
    }
  });

  test('a scoring that is ahead by a row or two does not', async () => {
    const { state, events } = await first(({ normalize }) => (normalize === 'sum' ? 22 : 20));
    expect(state.best.prompt.decoding).toBeUndefined();
    expect(ofType(events, 'phaseEnded')).toMatchObject([{ target: 'prompt', accepted: false }]);
  });
});

test('there is no scoring phase if prompts must not change or text is free', async () => {
  expect(hasScorings(contextWith(() => 20, { ...intentTask, labels: undefined }).context)).toBe(false);
  const { context, events } = contextWith(() => 20);
  const coordinator = alternating({ targets: ['weights'] });
  await coordinator.advance(context, await coordinator.begin(context)).catch(() => {});
  expect(ofType(events, 'candidateProposed')).toEqual([]);
});

test('the best scoring of a measured candidate is reported, with the number of scorings', async () => {
  const { context } = contextWith(({ calibration, normalize }) => (calibration === 'none' && normalize === 'sum' ? 50 : 20));
  const measured = await context.evaluator.evaluate({ prompt }, valset);
  const read = await bestScoring(context, { prompt }, measured);
  expect(read.measured).toMatchObject({ prompt: { ...prompt, decoding: { normalize: 'sum' } }, scorings: 4 });
  expect(read.measured.scoring).toContain('summed');
  // The gate that judges it counts all ways. Being ahead is enough here.
  const ahead = contextWith(({ normalize }) => (normalize === 'sum' ? 22 : 20)).context;
  expect((await bestScoring(ahead, { prompt }, measured)).measured.prompt.decoding).toMatchObject({ normalize: 'sum' });
  // Free text has a single way.
  const { context: free } = contextWith(() => 20, { ...intentTask, labels: undefined });
  expect(await bestScoring(free, { prompt }, measured)).toEqual({
    measured: { prompt, evaluation: measured, scorings: 1 },
    tokensUsed: 0,
  });
});

test.each([
  ['level', 20, 20, 'domain'],
  ['ahead', 21, 20, undefined],
  ['behind', 20, 21, 'domain'],
])('domain calibration, which survives other wordings, is chosen if no other way is better: %s', async (_, plain, domain, chosen) => {
  const { context } = contextWith(({ calibration }) => (calibration === 'domain' ? domain : plain));
  const measured = await context.evaluator.evaluate({ prompt }, valset);
  const { prompt: read, evaluation } = (await bestScoring(context, { prompt }, measured)).measured;
  expect(read.decoding?.calibration).toBe(chosen);
  expect(evaluation.score.mean).toBeCloseTo((chosen ? domain : plain) / 60, 10);
});

test('labels are corrected for length if the slope of the measured candidate is known', async () => {
  const { context } = contextWith(({ normalize }) => (typeof normalize === 'object' ? 40 : 20));
  const measured = { ...(await context.evaluator.evaluate({ prompt }, valset)), lengthSlope: -1.2 };
  const { measured: read, tokensUsed } = await bestScoring(context, { prompt }, measured);
  expect(tokensUsed).toBe(0);
  expect(read).toMatchObject({ prompt: { ...prompt, decoding: { normalize: { slope: -1.2 } } }, scorings: 5 });
  expect(read.scoring).toBe('label scores corrected for length (-1.2 nats per token), calibration none');
  // Other weights have another slope.
  const again = await bestScoring(context, { prompt: read.prompt }, { ...read.evaluation, score: measured.score, lengthSlope: -0.7 });
  expect(again.measured.prompt.decoding).toEqual({ normalize: { slope: -0.7 } });
});

type Pulls = (
  context: OptimizationContext,
  start: PhaseStart & BlockStart,
  options: { weightSteps: number; targets?: Target[] },
) => Promise<Outcome>;
const pulls: readonly { readonly of: string; readonly pull: Pulls }[] = [
  { of: 'an alternating run', pull: (context, start, options) => weightPhase(context, { ...alternatingDefaults, ...options }, start) },
  { of: 'coordinate descent', pull: (context, start, options) => adapterBlock(context, { ...coordinateDefaults, ...options }, start) },
];

test.each(pulls)('in $of, weights that need other label scoring are not skipped in favour of earlier ones', async ({ pull }) => {
  const { context } = contextWith(() => 0);
  let steps = 0;
  // Early weights do best calibrated, later ones do far better as they are.
  const evaluator = evaluatorWith((row, { decoding }, adapter) => {
    const late = adapter?.id === 'late';
    return Number(row.line <= (decoding?.calibration === 'domain' ? (late ? 35 : 40) : late ? 55 : 20));
  }, intentTask);
  const adapter = () => ({ id: steps > 10 ? 'late' : 'early', pairs: [], config: {} }) as unknown as Adapter;
  const step = () => Promise.resolve({ loss: 1, gradientNorm: 1, tokens: 1, steps: steps++ });
  const calibrated: Prompt = { ...prompt, decoding: { calibration: 'domain', normalize: 'tokens' } };
  const parts = {
    outputOf: () => 'intent',
    fresh: adapter,
    start: () => ({ step, adapter }),
    example: () => ({ prompt: [1], answer: [2] }),
    sequence: () => ({ prompt: [1], answer: [2] }),
  };
  const trainer = localTrainer(parts as unknown as TrainingParts);
  const whole = { ...context, evaluator, trainer, prompt: calibrated } as unknown as OptimizationContext;
  const { start, evaluation: before } = await measureStart(whole);
  const memory = { current: start, statistics: noStatistics, challengers: [], tried: [] };
  const block = { kind: 'adapter', name: 'adapter' } as const;
  const asked = { phase: 2, block, memory, before, adapter: undefined, spent: 0, budget: 1e6 };
  const result = (await pull(whole, asked, { weightSteps: 16 })).measured!;
  // As in the file: the prompt has no change left.
  expect(result).toMatchObject({ adapter: { id: 'late' }, prompt });
  expect(result.prompt.decoding).toBeUndefined();
  expect(result.evaluation.score.mean).toBeCloseTo(55 / 60, 10);
  expect(result).toMatchObject({ among: 8, scorings: 4, scoring: expect.stringContaining('calibration none') as string });
  // What the weights gain without it was measured too.
  expect(result.without).toMatchObject({ part: 'decoding', evaluation: { score: { mean: expect.closeTo(35 / 60, 10) as number } } });
  const fixed = (await pull(whole, asked, { weightSteps: 16, targets: ['weights'] })).measured!;
  expect(fixed.prompt).toBe(start.prompt);
});

test(
  'weights that are no better are accepted in at most one phase in twenty, with every measurement scored in five ways',
  { tags: 'long', timeout: 120_000 },
  async () => {
    expect(await wrongWeightPhases({ phases: 200, rows: 80 })).toBeLessThanOrEqual(0.05);
  },
);

test('if the file calibrates by content-free inputs, no other way does', () => {
  const filled = { ...intentTask, decoding: { ...intentTask.decoding, calibration: 'content-free' as const } };
  const ways = otherScorings(contextWith(() => 20, filled).context, prompt, {}).map((way) => ({
    ...filled.decoding,
    ...way.prompt.decoding,
  }));
  expect(ways.map(({ calibration, normalize }) => `${calibration}, ${JSON.stringify(normalize)}`).sort()).toEqual([
    'domain, "sum"',
    'domain, "tokens"',
    'none, "sum"',
    'none, "tokens"',
  ]);
});

test('the expected cost of a measurement in all ways includes domain inputs; in a single way it is the cost before', async () => {
  const { context } = contextWith(() => 20);
  const measured = { ...(await context.evaluator.evaluate({ prompt }, valset)), tokensUsed: 600 };
  expect([measuringCost(context, measured, true), measuringCost(context, measured, false)]).toEqual([800, 600]);
  expect(measuringCost(contextWith(() => 20, { ...intentTask, labels: undefined }).context, measured, true)).toBe(600);
});

test('all ways together cost what calibration asks, once', async () => {
  const model = await loadTinyModel();
  let runs = 0;
  const counted = {
    ...model,
    scorer: {
      ...model.scorer,
      scoreLabels: (...asked: Parameters<typeof model.scorer.scoreLabels>) => {
        runs += asked[0].length;
        return model.scorer.scoreLabels(...asked);
      },
    },
  };
  const [rows, more] = [kindRows(30).slice(0, 20), kindRows(30).slice(20)];
  const evaluator = makeEvaluator({ model: counted, task: kindTask, calibrationRows: calibrationRows(rows, more) });
  const context = { evaluator, valset: rows, trainset: more } as unknown as OptimizationContext;
  const measured = await evaluator.evaluate({ prompt: kindPrompt }, rows);
  const before = runs;
  const { tokensUsed, measured: best } = await bestScoring(context, { prompt: kindPrompt }, measured);
  const calibrated = await evaluator.evaluate({ prompt: { ...kindPrompt, decoding: { calibration: 'domain' } } }, rows);
  const texts = (values: readonly Values[]): unknown[] => values.map(({ text }) => text);
  const known = new Set(texts(rows.map(({ values }) => values)));
  const made = new Set(
    texts(
      domainInputs(
        kindPrompt.body,
        calibrationRows(rows, more).map(({ values }) => values),
      ),
    ),
  );
  expect([runs - before, best.scorings]).toEqual([[...made].filter((text) => !known.has(text)).length, 5]);
  expect(tokensUsed).toBe(calibrated.tokensUsed - measured.tokensUsed);
  await model.dispose();
});
