/**
 * @file Reptile on the tiny model, over tasks of one family: a learned start makes a new task of the family easier.
 * @module-tag long
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { initialAdapter, makeAdapter, type Adapter } from '../model/adapter.ts';
import { loadModelFiles } from '../model/files/modelFiles.ts';
import { makeLocalModel, type LocalModel } from '../model/localModel.ts';
import { withSoftLine } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import { intentTask } from './madeUp.fixture.ts';
import { reptile, towards, widened, type MetaTask, type ReptileState } from './metaLearning.ts';
import { loraTrainer } from './loraTrainer.ts';

vi.setConfig({ testTimeout: 30_000 });

let model: LocalModel;
beforeAll(async () => {
  const files = await loadModelFiles(new URL('../../test/fixtures/tiny-tied', import.meta.url).pathname);
  model = makeLocalModel(files, onnxRuntimeExecutor({ threads: 1 }));
});

const lora = { rank: 2, alpha: 4, dropout: 0, targets: ['q_proj', 'v_proj', 'down_proj'] } as const;
const task: Task = { ...intentTask, output: 'kind', labels: ['animal', 'colour'] };
const prompt: Prompt = { body: 'Text: ${input:text}\nKind:\n', demonstrations: [] };
const kinds = { colour: ['red', 'green', 'blue', 'pink', 'grey', 'brown'], animal: ['cat', 'dog', 'cow', 'hen', 'fox', 'bee'] };
/** The same question about other words. */
const rowsAbout = (place: number): Row[] =>
  Array.from({ length: 12 }, (_, i) => {
    const kind = i % 2 ? 'animal' : 'colour';
    return makeRow({ text: `${kinds[kind][place]} number ${i}`, kind }, i + 1);
  });
const tasks = (): MetaTask[] =>
  [0, 1, 2, 3].map((place) => ({
    name: `task ${place}`,
    trainer: loraTrainer(model, task, lora),
    prompts: [prompt],
    rows: rowsAbout(place),
  }));
const options = { tasksARound: 2, innerSteps: 4, batchRows: 6, learningRate: 5e-3, softRate: 0.03, outerRate: 1, seed: 1 };
const begin = (): ReptileState => ({ round: 0, adapter: initialAdapter(model.engine.config, lora, 1), tokensUsed: 0 });

/** The loss on a task that was not learned from, at each step from a start. */
async function losses(start: Adapter): Promise<number[]> {
  const trainer = loraTrainer(model, task, lora);
  const training = trainer.start(start, { seed: 3, weightPenalty: 0 });
  const batch = rowsAbout(5).map((row) => trainer.example(prompt, row));
  const found: number[] = [];
  for (let step = 0; step < 4; step++) found.push((await training.step(batch, 5e-3)).loss);
  return found;
}

describe('Reptile', () => {
  test('learns a start from which a new task of the family is learned faster', async () => {
    const learned = await reptile(begin(), tasks(), { ...options, rounds: 12 });
    const [cold, warm] = [await losses(begin().adapter), await losses(learned.adapter)];
    expect(warm[0]).toBeLessThan(cold[0]);
    expect(warm[3]).toBeLessThan(cold[3]);
    expect(learned.tokensUsed).toBeGreaterThan(0);
  });

  test('interrupted after any round and continued, ends the same', async () => {
    const states: ReptileState[] = [begin()];
    const whole = await reptile(states[0], tasks(), { ...options, rounds: 4 }, (state) => void states.push(state));
    for (const state of states) expect((await reptile(state, tasks(), { ...options, rounds: 4 })).adapter.id).toBe(whole.adapter.id);
    expect(whole.adapter.id).not.toBe(begin().adapter.id);
  });

  test('visits each task once before any twice', async () => {
    const seen: string[] = [];
    const noted = tasks().map((each): MetaTask => {
      const { start, example } = each.trainer;
      return { ...each, trainer: { example, start: (...asked) => (seen.push(each.name), start(...asked)) } };
    });
    await reptile(begin(), noted, { ...options, rounds: 4, innerSteps: 1 });
    expect(new Set(seen.slice(0, 4)).size).toBe(4);
    expect(new Set(seen.slice(4)).size).toBe(4);
  });
});

test('a start moves towards the mean of where its tasks ended', () => {
  const start = begin().adapter;
  const plus = (added: number): Adapter =>
    makeAdapter(
      start.config,
      start.pairs.map((pair) => ({ ...pair, b: pair.b.map((value) => value + added) })),
    );
  const moved = towards(start, [plus(1), plus(3)], 0.5);
  for (const [place, { a, b }] of moved.pairs.entries()) {
    expect(a).toEqual(start.pairs[place].a);
    for (const value of b) expect(value).toBeCloseTo(1);
  }
});

describe('with a soft prompt', () => {
  const withLearnedSoft = (): ReptileState => {
    const { round, adapter, tokensUsed } = begin();
    const { soft } = loraTrainer(model, task, lora);
    const start = { ...soft.begin('Say what it is.', { start: 'text', tokens: 6, seed: 1 }), text: '' };
    return { round, adapter: makeAdapter(adapter.config, adapter.pairs, start), tokensUsed };
  };
  /** The loss with the soft prompt in front, where only the soft prompt moves, on a task that was not learned from. */
  async function softLosses({ config, pairs, soft }: Adapter): Promise<number[]> {
    const trainer = loraTrainer(model, task, lora);
    const training = trainer.start(makeAdapter(config, pairs, soft), { seed: 3, weightPenalty: 0 });
    const batch = rowsAbout(5).map((row) => trainer.example(withSoftLine(prompt), row, soft));
    const found: number[] = [];
    for (let step = 0; step < 4; step++) found.push((await training.step(batch, 0, 0.03)).loss);
    return found;
  }

  test('also learns its start: with the base weights a new task is learned faster from it', async () => {
    const began = withLearnedSoft();
    const learned = await reptile(began, tasks(), { ...options, rounds: 12 });
    const { soft } = learned.adapter;
    expect(soft).toMatchObject({ tokens: 6, text: '', drift: 0 });
    expect(soft!.rows).not.toEqual(began.adapter.soft!.rows);
    expect(learned.adapter.pairs[0].b).not.toEqual(began.adapter.pairs[0].b);
    const [cold, warm] = [began.adapter.soft!, soft!].map((each) =>
      softLosses(makeAdapter(began.adapter.config, began.adapter.pairs, each)),
    );
    expect((await warm)[0]).toBeLessThan((await cold)[0]);
    expect((await warm)[3]).toBeLessThan((await cold)[3]);
  });

  test('interrupted after a round and continued, ends the same', async () => {
    const states: ReptileState[] = [];
    const whole = await reptile(withLearnedSoft(), tasks(), { ...options, rounds: 3 }, (state) => void states.push(state));
    expect((await reptile(states[0], tasks(), { ...options, rounds: 3 })).adapter.id).toBe(whole.adapter.id);
  });

  test('that has no place in a .prompty is not changed', async () => {
    const jinja: Prompt = { ...prompt, body: 'user:\nText: {{text}}\nKind:\n', syntax: 'jinja' };
    const others = tasks().map((each) => ({ ...each, prompts: [jinja] }));
    const learned = await reptile(withLearnedSoft(), others, { ...options, rounds: 2 });
    expect(learned.adapter.soft!.rows).toEqual(withLearnedSoft().adapter.soft!.rows);
    expect(learned.adapter.pairs).not.toEqual(withLearnedSoft().adapter.pairs);
  });
});

describe('in the shape of a run', () => {
  test('a higher rank and another alpha do not change what it computes', async () => {
    const learned = await reptile(begin(), tasks(), { ...options, rounds: 1 });
    const fresh = initialAdapter(model.engine.config, { rank: 8, alpha: 8, dropout: 0, targets: [...lora.targets, 'up_proj'] }, 9);
    const wide = widened(learned.adapter, fresh)!;
    expect(wide.config).toEqual(fresh.config);
    const [before, after] = await Promise.all(
      [learned.adapter, wide].map((adapter) =>
        model.scorer.logLikelihoods([{ prompt: 'Text: red\nKind:', completion: ' colour' }], { adapter }),
      ),
    );
    expect(after[0].logLikelihood).toBeCloseTo(before[0].logLikelihood, 4);
  });

  test('a lower rank, other linears or another model cannot hold it', () => {
    const start = begin().adapter;
    const { config } = model.engine;
    expect(widened(start, initialAdapter(config, { ...lora, rank: 1 }, 0))).toBeUndefined();
    expect(widened(start, initialAdapter(config, { ...lora, targets: ['q_proj'] }, 0))).toBeUndefined();
    expect(widened(start, initialAdapter({ ...config, hiddenSize: config.hiddenSize * 2 }, lora, 0))).toBeUndefined();
  });
});
