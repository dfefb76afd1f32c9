/** @file What weights learn from if the data has no right answers, and runs on such data. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { oneByOne } from '../evaluate/metrics/entry.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { alternating } from './alternating.ts';
import type { OptimizationState } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { driveCoordinator, kindContext, kindPrompt, kindTask, loadTinyModel, ofType, type Silent } from './kinds.fixture.ts';
import { evaluationWith } from './madeUp.fixture.ts';
import { answeredBy, rowsToLearn } from './ownAnswers.ts';
import { labelledDemonstrations, bootstrappedDemonstrations } from './proposers/demonstrations.ts';
import { randomStream } from '../random.ts';

vi.setConfig({ testTimeout: 60_000 });

const rows = Array.from({ length: 20 }, (_, i) => makeRow({ text: `thing ${i}` }, i + 1));
const prompt: Prompt = { body: 'Text: ${input:text}\nTitle:', demonstrations: [] };
const { labels: _, ...unlabelled } = kindTask;
const freeText: Task = { ...unlabelled, output: 'title' };

/** Answers `<text> <round>`, with the given scores. Round 0 is greedy, the others are samples with their own seeds. */
function answering(scoreOf: (row: number, round: number) => number, of: Task = freeText) {
  const asked: { seed: number | undefined; temperature: number | undefined; rows: number }[] = [];
  const evaluator: Evaluator = {
    task: of,
    model: undefined as never,
    predict: () => Promise.reject(new Error('not needed')),
    async evaluate({ prompt: { decoding } }, some) {
      const round = asked.length;
      asked.push({ seed: decoding?.seed, temperature: decoding?.temperature, rows: some.length });
      const { logLikelihood: __, ...plain } = evaluationWith(some.map((row) => scoreOf(row.line - 1, round)));
      return {
        ...plain,
        tokensUsed: 10 * some.length,
        rows: some.map((row) => ({
          row: row.id,
          prediction: `${textIn(row.values, 'text')} ${round}`,
          score: scoreOf(row.line - 1, round),
        })),
      };
    },
  };
  return { evaluator, asked };
}

function learn(evaluator: Evaluator, { trainset = rows, budget = 1e6, phase = 2, events = [] as OptimizationEvent[] } = {}) {
  const context = { evaluator, trainset, seed: 1, emit: (event: OptimizationEvent) => void events.push(event) };
  const trainer = { outputColumn: 'title' } as Silent['trainer'];
  return rowsToLearn({ ...context, trainer }, { prompt }, { phase, spent: 500, budget, rowCost: 10 });
}

describe('rowsToLearn', () => {
  test('right answers in the data are used as they are, and nothing is asked', async () => {
    const { evaluator, asked } = answering(() => 1);
    const gold = rows.map((row) => ({ ...row, values: { ...row.values, title: 'given' } }));
    expect(await learn(evaluator, { trainset: gold })).toEqual({ rows: gold, tokensUsed: 0 });
    expect(asked).toEqual([]);
  });

  test('a row gets the earliest of its answers that pass; rows without one are left out', async () => {
    // Rows 0 to 4 pass at once, 5 to 9 with the second sample.
    const { evaluator, asked } = answering((row, round) => Number(row < 5 || (row < 10 && round === 2)));
    const events: OptimizationEvent[] = [];
    const { rows: learned, tokensUsed } = await learn(evaluator, { events });
    expect(learned.map(({ values }) => values.title)).toEqual(
      rows.slice(0, 10).map(({ values }, row) => `${textIn(values, 'text')} ${row < 5 ? 0 : 2}`),
    );
    expect(learned.map(({ id }) => id)).toEqual(rows.slice(0, 10).map(({ id }) => id));
    expect(asked.map(({ temperature }) => temperature)).toEqual([undefined, 0.8, 0.8]);
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(3);
    expect(tokensUsed).toBe(600);
    expect(events).toEqual([{ type: 'ownAnswersJudged', phase: 2, rows: 20, answers: 60, passed: 20, learned: 10, tokensUsed: 1100 }]);
  });

  test('with partial scores, the best answers above the average are learned', async () => {
    const { evaluator } = answering((row, round) => (row < 10 ? 0.2 : 0.4 + 0.1 * round));
    const { rows: learned } = await learn(evaluator);
    expect(learned.map(({ values }) => values.title)).toEqual(rows.slice(10).map(({ values }) => `${textIn(values, 'text')} 2`));
  });

  test('if no answer passes, there is nothing to learn', async () => {
    const events: OptimizationEvent[] = [];
    expect((await learn(answering(() => 0).evaluator, { events })).rows).toEqual([]);
    expect(events).toMatchObject([{ passed: 0, learned: 0 }]);
  });

  test('as many rows are asked as a share of the budget pays for, and others in another phase', async () => {
    const many = Array.from({ length: 200 }, (_, i) => makeRow({ text: `thing ${i}` }, i + 1));
    const [one, other] = [answering(() => 1), answering(() => 1)];
    // 0.3 of 4000 tokens, for three answers of ten tokens.
    const first = await learn(one.evaluator, { trainset: many, budget: 4000 });
    expect(one.asked.map(({ rows: count }) => count)).toEqual([40, 40, 40]);
    const second = await learn(other.evaluator, { trainset: many, budget: 4000, phase: 3 });
    expect(second.rows.map(({ id }) => id)).not.toEqual(first.rows.map(({ id }) => id));
  });

  test('a label is not sampled', async () => {
    const { evaluator, asked } = answering(() => 1, { ...freeText, labels: ['a', 'b'] });
    await learn(evaluator);
    expect(asked).toHaveLength(1);
  });
});

test('rows without a right answer use the answer that they got when time is measured', () => {
  const given = { ...rows[1], values: { ...rows[1].values, title: 'given' } };
  const results = [0, 1].map((place) => ({ row: rows[place].id, prediction: `answer ${place}`, score: 0 }));
  expect(answeredBy([rows[0], given], results, 'title').map(({ values }) => values.title)).toEqual(['answer 0', 'given']);
});

test("demonstrations are the model's own answers that pass; rows without an answer are never shown", async () => {
  const { evaluator } = answering((row) => Number(row < 12));
  const context = { prompt, evaluator, trainset: rows, random: randomStream(1), count: 1 };
  expect(await labelledDemonstrations.propose(context)).toEqual([]);
  const proposals = await bootstrappedDemonstrations.propose(context);
  expect(proposals.length).toBeGreaterThan(1);
  for (const { prompt: shown } of proposals) {
    expect(shown.demonstrations.map(({ output }) => output)).toEqual(
      shown.demonstrations.map(({ inputs }) => `${textIn(inputs, 'text')} 0`),
    );
  }
});

describe('a run on data without right answers', { tags: 'long' }, () => {
  let model: TrainableModel;
  beforeAll(async () => {
    model = await loadTinyModel();
  });
  /** An answer passes if it has the letter e and no digit. */
  const judged: Task = {
    ...freeText,
    decoding: { ...freeText.decoding, maxTokens: 6, stop: ['\n'] },
    metric: {
      name: './letters.mjs',
      kind: 'text',
      judge: oneByOne(({ prediction }) =>
        /e/.test(prediction) && !/\d/.test(prediction) ? { score: 1 } : { score: 0, feedback: 'It needs an e.' },
      ),
    },
  };
  const never: Task = { ...judged, metric: { ...judged.metric, judge: oneByOne(() => ({ score: 0 })) } };
  const texts = Array.from({ length: 56 }, (_, i) => makeRow({ text: `${['red', 'cat', 'green', 'dog'][i % 4]} number ${i}` }, i + 1));
  const body: Prompt = { ...kindPrompt, body: 'Give it a title.\n\nText: ${input:text}\nTitle:\n' };
  const small = { weightSteps: 20, learningRate: 5e-3, batchRows: 8, proposals: 4 };

  const drive = (of: Task, from?: OptimizationState, adapters = memoryAdapters(), budget = 60_000) => {
    const rest = { adapters, trainset: texts.slice(0, 32), valset: texts.slice(32), seed: 1, budget };
    const context = (): Silent => ({ ...kindContext(model, rest, of), prompt: body });
    const make = () => alternating(small);
    return driveCoordinator(model, { make, context, ...(from && { from }) }).then((driven) => ({ ...driven, adapters }));
  };

  test("weights learn from the model's own passing answers, the score alone decides, and there is no likelihood", async () => {
    const { state, events } = await drive(judged);
    const steps = ofType(events, 'weightStep');
    const own = steps.filter(({ phase }) => phase === steps[0].phase);
    expect(own.at(-1)!.loss).toBeLessThan(own[0].loss);
    expect(state.best.score.mean).toBeGreaterThanOrEqual(state.start.score.mean);
    const learned = ofType(events, 'ownAnswersJudged');
    expect(learned.length).toBeGreaterThan(0);
    expect(learned.every(({ learned: count, rows: asked }) => count <= asked)).toBe(true);
    expect(ofType(events, 'gateDecided').length).toBeGreaterThan(0);
    expect(JSON.stringify(events)).not.toContain('logLikelihood');
    expect(state.start.objective.total).toBeCloseTo(state.start.score.mean - state.start.objective.promptPenalty, 8);
    expect(state.tokensUsed).toBeLessThan(1.3 * 60_000);
  });

  test('continued from any phase, it ends the same', async () => {
    const { state, events, snapshots, adapters } = await drive(judged);
    expect(snapshots.length).toBeGreaterThan(2);
    for (const snapshot of snapshots.slice(0, 3)) {
      const resumed = await drive(judged, JSON.parse(snapshot.json) as OptimizationState, adapters);
      expect(resumed.state).toEqual(state);
      expect(resumed.events).toEqual(events.slice(snapshot.events));
    }
  });

  test('if nothing passes, the prompt comes first and says why, and the weights report that there is nothing to learn from', async () => {
    const { state, events } = await drive(never, undefined, undefined, 30_000);
    const [first] = ofType(events, 'phaseStarted');
    expect(first).toMatchObject({ target: 'prompt', because: 'no answer passes yet, so the weights have nothing to learn from' });
    expect(ofType(events, 'weightStep')).toEqual([]);
    expect(ofType(events, 'ownAnswersJudged').every(({ learned }) => learned === 0)).toBe(true);
    expect([state.best.score.mean, state.best.adapter]).toEqual([0, undefined]);
  });
});
