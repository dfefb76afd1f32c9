/** @file The price of an answer: what is counted and timed, on which rows, and what may change with the clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import { makeProgramEvaluator } from '../evaluate/programEvaluator.ts';
import type { LocalModel } from '../model/localModel.ts';
import { loadTinyModel, kindContext, kindRows } from '../optimize/kinds.fixture.ts';
import { memoryAdapters } from '../optimize/jointOptimization.ts';
import { asProgram } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import type { JournalLine } from './record/events.ts';
import { executeRun } from './execute.ts';
import { fakeExecution } from './fakeRun.fixture.ts';
import { readJournal } from './record/journal.ts';
import { measurePrice, priceMeter, priceTime, type PriceMeter } from './price.ts';
import { newTimedDirectory } from './timedRun.fixture.ts';
import { timesOf } from './record/times.ts';
import type { RunState } from './record/state.ts';

const rowsOf = (count: number): Row[] => Array.from({ length: count }, (_, i) => makeRow({ text: `row ${i}` }, i + 1));
const prompt = (body: string): Candidate => ({ prompt: { body, demonstrations: [] } });
const states = { before: prompt('a long prompt'), after: prompt('short'), isSame: false };

/** A clock that advances by the time of an answer: a millisecond per letter of the prompt, or the time given for the row. */
function fakeMeter(taken: (candidate: Candidate, row: Row) => number = ({ prompt: { body } }) => body.length) {
  let at = 0;
  const asked: string[] = [];
  const meter: PriceMeter = {
    tokens: async ({ prompt: { body } }) => ({ promptTokens: body.length, answerTokens: 2 }),
    warmUp: async (candidates) => {
      asked.push(`warm ${candidates.length}`);
      return async (candidate, row) => {
        asked.push(`${candidate.prompt.body} ${row.line}`);
        const time = taken(candidate, row);
        at += time;
        return time;
      };
    },
  };
  return { meter, asked, now: () => at };
}

describe('milliseconds', () => {
  test('are the medians of both states, measured alternately, with each state first every other time', async () => {
    const { meter, asked, now } = fakeMeter(({ prompt: { body } }, { line }) => (body === 'short' ? 1 : 10) * line);
    const price = await measurePrice(meter, 'test', rowsOf(3), states, { limit: 1e6, speed: 1000, now });
    expect(price).toEqual({
      ...{ type: 'priceMeasured', split: 'test', rows: 3 },
      before: { promptTokens: 13, answerTokens: 2 },
      after: { promptTokens: 5, answerTokens: 2 },
      time: { rows: 3, before: 20, after: 2 },
    });
    expect(asked[0]).toBe('warm 2');
    const order = asked.slice(1).map((each) => each.split(' ')[0]);
    expect(order).toEqual(['a', 'short', 'short', 'a', 'a', 'short']);
  });

  test('end when the time is up, after at least one row', async () => {
    for (const [limit, rows] of [
      [100, 6],
      [1, 1],
    ]) {
      const { meter, now } = fakeMeter();
      const { time } = await measurePrice(meter, 'test', rowsOf(30), states, { limit, speed: 1e6, now });
      expect(time?.rows).toBe(rows);
    }
  });

  test('are left out if a first answer would take longer than the time allows. The tokens are still reported', async () => {
    const { meter, asked, now } = fakeMeter();
    const price = await measurePrice(meter, 'val', rowsOf(3), states, { limit: 3000, speed: 10, now });
    expect(price).not.toHaveProperty('time');
    expect(price.after).toEqual({ promptTokens: 5, answerTokens: 2 });
    expect(asked).toEqual([]);
  });

  test('of an unchanged state are measured once, and are the same before and after', async () => {
    const { meter, asked, now } = fakeMeter();
    const same = { before: states.after, after: states.after, isSame: true };
    const { time, before, after } = await measurePrice(meter, 'test', rowsOf(2), same, { limit: 1e6, speed: 1000, now });
    expect([time, before]).toEqual([{ rows: 2, before: 5, after: 5 }, after]);
    expect(asked).toHaveLength(3);
  });
});

describe('of the tiny model', () => {
  let model: LocalModel;
  beforeAll(async () => {
    model = await loadTinyModel();
  });
  const rows = kindRows(12);
  const setup = () => {
    const { evaluator, prompt: body } = kindContext(model, {
      adapters: memoryAdapters(),
      trainset: rows,
      valset: rows,
      seed: 1,
      budget: 0,
    });
    const { task } = evaluator;
    return { task, candidate: { prompt: body } };
  };

  test('the tokens are those of the prompt with the row filled in, as the model reads it, and of the answer', async () => {
    const { task, candidate } = setup();
    const evaluator = makeProgramEvaluator({ model, tasks: [task] });
    const meter = priceMeter(model, evaluator, () => evaluator, rows[0]);
    const { promptTokens, answerTokens } = await meter.tokens(candidate, rows);
    const { rows: results } = await evaluator.evaluate(candidate, rows);
    const asked = rows.map(({ values }) => candidate.prompt.body.replace(/\$\{input:text\}/g, textIn(values, 'text')).trimEnd());
    expect(promptTokens).toBeCloseTo(asked.reduce((sum, text) => sum + model.promptTokens(text).length, 0) / 12, 9);
    expect(answerTokens).toBeCloseTo(results.reduce((sum, each) => sum + model.completionTokens(` ${each.prediction}`).length, 0) / 12, 9);
    const longer = { prompt: { ...candidate.prompt, body: `Say what it is, and say it in one word.\n${candidate.prompt.body}` } };
    expect((await meter.tokens(longer, rows)).promptTokens).toBeGreaterThan(promptTokens + 5);
  });

  test('if the model answers in other words, the tokens of those words are counted', async () => {
    const { task, candidate } = setup();
    const evaluator = makeProgramEvaluator({ model, tasks: [task] });
    const words = Object.fromEntries(task.labels!.map((label) => [label, `${label} and ${label} again`]));
    const spoken = { prompt: { ...candidate.prompt, labelWords: words } };
    const meter = priceMeter(model, evaluator, () => evaluator, rows[0]);
    const { rows: results } = await evaluator.evaluate(spoken, rows);
    const { answerTokens } = await meter.tokens(spoken, rows);
    const counts = results.map(({ prediction }) => model.completionTokens(` ${words[prediction]}`).length);
    expect(answerTokens).toBeCloseTo(counts.reduce((sum, count) => sum + count, 0) / 12, 9);
  });

  test('a program counts the tokens of all its steps', async () => {
    const { task, candidate } = setup();
    const single = makeProgramEvaluator({ model, tasks: [task] });
    const program = makeProgramEvaluator({ model, tasks: [{ ...task, output: 'first' }, task] });
    const alone = await priceMeter(model, single, () => single, rows[0]).tokens(candidate, rows);
    const twice = { prompt: asProgram([candidate.prompt, candidate.prompt]) };
    const both = await priceMeter(model, program, () => program, rows[0]).tokens(twice, rows);
    expect(both.promptTokens).toBeCloseTo(2 * alone.promptTokens, 9);
    expect(both.answerTokens).toBeCloseTo(2 * alone.answerTokens, 9);
  });

  test('each answer is computed alone and not cached, and calibration that is done once is not repeated', async () => {
    const { task, candidate } = setup();
    const asked: number[] = [];
    const watched: LocalModel = {
      ...model,
      scorer: {
        ...model.scorer,
        scoreLabels: (prompts, ...rest) => {
          asked.push(prompts.length);
          return model.scorer.scoreLabels(prompts, ...rest);
        },
      },
    };
    const calibrated = { prompt: { ...candidate.prompt, decoding: { calibration: 'content-free' } as const } };
    const evaluator = makeProgramEvaluator({ model: watched, tasks: [task] });
    const make = (cache: never) => makeProgramEvaluator({ model: watched, tasks: [task], cache });
    const ask = await priceMeter(watched, evaluator, make as never, rows[0]).warmUp([calibrated]);
    const warm = asked.reduce((sum, count) => sum + count, 0);
    expect(warm).toBeGreaterThan(1);
    asked.length = 0;
    for (const row of [rows[1], rows[1], rows[2]]) expect(await ask(calibrated, row)).toBeGreaterThan(0);
    expect(asked).toEqual([1, 1, 1]);
  });
});

describe('in a run', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'tandem-price-'));
  afterAll(() => rmSync(temporary, { recursive: true, force: true }));
  const timeless = (lines: readonly JournalLine[]): unknown[] =>
    lines.map((line) => ({ ...line, at: 0, ...(line.type === 'priceMeasured' && { time: undefined }) }));
  const work = async (onLine: (line: JournalLine) => void = () => {}, testRows = 300) => {
    const directory = newTimedDirectory(temporary);
    const go = () => {
      const execution = fakeExecution(directory, onLine);
      const { config } = execution;
      return executeRun({
        ...execution,
        config: { ...config, run: 'the run', splits: { ...config.splits, test: testRows } },
        context: { ...execution.context, valset: rowsOf(20), adapters: { get: async () => ({}) } } as never,
        price: fakeMeter().meter,
      });
    };
    return { directory, go };
  };

  test("it comes after the test, for both states, and is part of the run's state", async () => {
    const { directory, go } = await work();
    const state = await go();
    const lines = readJournal(directory.journal);
    expect(lines.slice(-3).map(({ type }) => type)).toEqual(['attributed', 'priceMeasured', 'runEnded']);
    expect(state.price).toMatchObject({ split: 'test', rows: 64, before: { answerTokens: 2 }, after: { answerTokens: 2 } });
    expect(state.price!.before.promptTokens).not.toBe(state.price!.after.promptTokens);
  });

  test('without test rows it is measured on validation rows', async () => {
    const { go } = await work(undefined, 0);
    const { price, attribution } = await go();
    expect(attribution).toBeUndefined();
    expect(price).toMatchObject({ split: 'val', rows: 20 });
  });

  test('a run that is killed between the test and its price measures both again and ends the same', async () => {
    const whole = await work();
    await whole.go();
    let killed = false;
    const { directory, go } = await work(({ type }) => {
      if (type !== 'attributed' || killed) return;
      killed = true;
      throw new Error('killed');
    });
    await expect(go()).rejects.toThrow('killed');
    await go();
    expect(timeless(readJournal(directory.journal))).toEqual(timeless(readJournal(whole.directory.journal)));
  });

  test('time is reserved for it: a twentieth of the run, at most three seconds', () => {
    expect([priceTime(20_000), priceTime(600_000)]).toEqual([1000, 3000]);
    const { config } = fakeExecution(newTimedDirectory(temporary), () => {});
    const state = { config: { ...config, budget: { seconds: 20 } }, tokensPerRow: 10 } as RunState;
    const [priced, plain] = [timesOf(state, true)!, timesOf(state, false)!];
    expect([plain.test - priced.test, priced.run - priced.test]).toEqual([1000, 1000]);
    expect(priced.reserve(5000) - plain.reserve(5000)).toBe(1000);
  });
});
