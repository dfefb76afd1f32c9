/** @file Preflight: the gate's verdict on a probe, and a probe of a tiny model that has everything to learn. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { makeEvaluator } from '../evaluate/evaluator.ts';
import { makeProgramEvaluator } from '../evaluate/programEvaluator.ts';
import { asProgram, stepsOf } from '../prompt/prompt.ts';
import { runPreflight, outlookOf } from './preflight.ts';
import { evaluationWith, intentTask } from './madeUp.fixture.ts';
import { defaultObjective } from './objective.ts';
import { kindRows, kindTask, loadTinyModel, tinyLora } from './kinds.fixture.ts';
import { localTrainer } from './localTrainer.ts';
import { loraTrainer } from './loraTrainer.ts';

/** The first `count` of forty rows are right. */
const right = (count: number): number[] => Array.from({ length: 40 }, (_, i) => Number(i < count));
/** Likelihoods that vary around a mean. */
const likely = (nats: number, spread = 1): number[] => Array.from({ length: 40 }, (_, i) => nats + spread * (((i * 7) % 5) - 2));

describe('the outlook of a target', () => {
  const now = evaluationWith(right(20), likely(-3));

  test('is likely if the gate would accept the best try', () => {
    expect(outlookOf('weights', now, [evaluationWith(right(32), likely(-1))])).toMatchObject({ outlook: 'likely', tried: 1 });
  });

  test('is unclear if the best may or may not be better', () => {
    expect(outlookOf('prompt', now, [evaluationWith(right(22), likely(-3)), evaluationWith(right(15), likely(-3))])).toMatchObject({
      outlook: 'unclear',
      score: { mean: expect.closeTo(0.05, 6) as number },
    });
  });

  test('is unlikely if nothing that was tried is ahead', () => {
    expect(outlookOf('prompt', now, [evaluationWith(right(10), likely(-4)), evaluationWith(right(12), likely(-5))])).toMatchObject({
      outlook: 'unlikely',
    });
  });

  test('is unclear on too few rows, whatever they say', () => {
    const rows = (score: number, nats: number) => evaluationWith(new Array<number>(5).fill(score), new Array<number>(5).fill(nats));
    expect(outlookOf('prompt', rows(0.5, -3), [rows(0.4, -4)])).toMatchObject({
      outlook: 'unclear',
      because: expect.stringMatching(/ points on 5 rows, too few rows to decide: .* needs at least 6/) as string,
    });
  });

  test('is unlikely if nothing could be tried, and if every row is already right', () => {
    expect(outlookOf('prompt', now, [])).toMatchObject({ outlook: 'unlikely', because: 'nothing to try', tried: 0 });
    const perfect = evaluationWith(right(40), likely(-1));
    expect(outlookOf('weights', perfect, [evaluationWith(right(40), likely(0))])).toMatchObject({
      outlook: 'unlikely',
      because: 'all 40 rows are already right',
    });
  });

  test('of two similar tries, the one that the gate accepts counts', () => {
    const sure = evaluationWith(right(20), likely(-2));
    const lucky = evaluationWith(right(21), likely(-3));
    expect(outlookOf('prompt', now, [lucky, sure])).toMatchObject({ outlook: 'likely', score: { mean: 0 } });
  });
});

test('a tiny model that knows nothing is advised to train, and the cost is reported', { tags: 'long', timeout: 60_000 }, async () => {
  const model = await loadTinyModel();
  const rows: Row[] = Array.from({ length: 80 }, (_, i) => makeRow({ text: `red ${i}`, kind: i % 3 ? 'colour' : 'animal' }, i + 1));
  const task: Task = { ...intentTask, output: 'kind', labels: ['animal', 'colour'] };
  const evaluator = makeEvaluator({ model, task, calibrationRows: rows });
  let asked = 0;
  const preflight = await runPreflight({
    evaluator: {
      ...evaluator,
      evaluate: async (...call) => {
        const evaluation = await evaluator.evaluate(...call);
        asked += evaluation.tokensUsed;
        return evaluation;
      },
    },
    trainer: loraTrainer(model, task),
    prompt: { body: 'Say what it is.\n\nText: ${input:text}\nKind:\n', demonstrations: [] },
    trainset: rows.slice(0, 40),
    valset: rows.slice(40),
    objective: defaultObjective,
    seed: 1,
  });
  const [weights, prompt] = preflight.targets;
  expect(weights).toMatchObject({ target: 'weights', outlook: 'likely', tried: 1, score: { rows: 24 } });
  expect(prompt).toMatchObject({ target: 'prompt', score: { rows: 24 } });
  expect(prompt.tried).toBeGreaterThan(3);
  // Twelve steps of training are added to everything that was asked.
  expect(preflight.tokensUsed).toBeGreaterThan(asked);
  await model.dispose();
});

test(
  'in a program the prompts of every step are tried, and one adapter is trained for all of them',
  { tags: 'long', timeout: 60_000 },
  async () => {
    const model = await loadTinyModel();
    const rows = kindRows(80);
    const [trainset, valset] = [rows.slice(0, 40), rows.slice(40)];
    const tasks: Task[] = [{ ...intentTask, output: 'hint', labels: ['one', 'two'] }, kindTask];
    const evaluator = makeProgramEvaluator({ model, tasks, calibrationRows: trainset });
    const bodies = ['Give a hint.\n\nText: ${input:text}\nHint:\n', 'Say what it is.\n\nHint: ${input:hint}\nText: ${input:text}\nKind:\n'];
    const prompt = asProgram(bodies.map((body) => ({ body, demonstrations: [] })));
    const trainer = loraTrainer(model, tasks, tinyLora);
    const changed = { decoding: 0, first: 0, last: 0 };
    const learnt = new Set<number>();
    const preflight = await runPreflight({
      evaluator: {
        ...evaluator,
        evaluate: async (candidate, ...rest) => {
          const asked = stepsOf(candidate.prompt);
          if (!candidate.adapter && rest[0].length === 24) {
            if (asked.some(({ decoding }) => decoding)) changed.decoding++;
            else if (!isDeepStrictEqual(asked[0], stepsOf(prompt)[0])) changed.first++;
            else if (!isDeepStrictEqual(asked[1], stepsOf(prompt)[1])) changed.last++;
          }
          return evaluator.evaluate(candidate, ...rest);
        },
      },
      trainer: localTrainer({
        ...trainer,
        example: (shown, row, soft, step) => {
          learnt.add(step!);
          return trainer.example(shown, row, soft, step);
        },
        sequence: (shown, rows, soft, step) => {
          learnt.add(step!);
          return trainer.sequence(shown, rows, soft, step);
        },
      }),
      program: { tasks, trace: evaluator.trace },
      prompt,
      trainset,
      valset,
      objective: defaultObjective,
      seed: 1,
    });
    const [weights, prompts] = preflight.targets;
    expect(weights).toMatchObject({ target: 'weights', tried: 1, score: { rows: 24 } });
    expect(prompts).toMatchObject({ target: 'prompt', score: { rows: 24 } });
    for (const count of Object.values(changed)) expect(count).toBeGreaterThan(0);
    expect([...learnt].sort()).toEqual([0, 1]);
  },
);
