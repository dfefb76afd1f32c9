/** @file A metric of the user's own runs when it is loaded, and its defects are reported with their place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeRow } from '../../data/dataset.ts';
import type { Values } from '../../prompt/values.ts';
import type { Judgement, Metric } from '../metric.ts';
import { judgeOne } from './judgeOne.fixture.ts';
import { loadMetric } from './module.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-metric-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let count = 0;
const module = (text: string): string => {
  const file = join(temporary, `metric ${count++}.mjs`);
  writeFileSync(file, text);
  return file;
};
const row = { question: '2 + 2', answer: '4' };
const judge = (metric: Metric, prediction: string, values: Values = row): Promise<Judgement> =>
  judgeOne(metric, prediction, undefined, values);

test('it receives the row and the output, and the share it returns is the score', async () => {
  const { metric, hash } = await loadMetric(
    './metric.mjs',
    module('export default (row, output) => (row.question.includes("2") && output === row.answer ? 1 : 0.25);'),
  );
  expect([metric.name, metric.kind, hash.length]).toEqual(['./metric.mjs', 'text', 64]);
  expect([await judge(metric, '4'), await judge(metric, '5')]).toEqual([{ score: 1 }, { score: 0.25 }]);
});

test('an export `score` and a truth value also work; a changed module is loaded again', async () => {
  const file = module('export function score() { return true; }');
  expect(await judge((await loadMetric('m', file)).metric, '')).toEqual({ score: 1 });
  writeFileSync(file, 'export const score = () => false;');
  expect(await judge((await loadMetric('m', file)).metric, '')).toEqual({ score: 0 });
});

test('it may give a reason: a sentence with the score, on one line, truncated if it is long', async () => {
  const text = `export default (row, output) => ({ score: output === '4' ? 1 : 0.5, feedback: output === '4' ? '' : 'Count\\n  again. ' + 'x'.repeat(600) });`;
  const { metric } = await loadMetric('m', module(text));
  expect(await judge(metric, '4')).toEqual({ score: 1 });
  const { score, feedback } = await judge(metric, '5');
  expect([score, feedback!.slice(0, 13), feedback!.length]).toEqual([0.5, 'Count again. ', 500]);
});

test('it judges rows without a right answer', async () => {
  const { metric } = await loadMetric('m', module('export default ({ question }, output) => output.length < question.length;'));
  const question = { question: '2 + 2' };
  expect([await judge(metric, '4', question), await judge(metric, 'four and a bit', question)]).toEqual([{ score: 1 }, { score: 0 }]);
});

test.each([
  ['no function', 'export default 3;', 'exports no function'],
  ['an error in its text', 'export default (', 'cannot be loaded'],
  ['an error at its start', 'throw new Error("not today");', 'cannot be loaded: not today'],
])('%s is reported at once', async (_, text, message) => {
  const file = module(text);
  await expect(loadMetric('m', file)).rejects.toMatchObject({
    reason: 'bad-metric',
    message: expect.stringContaining(message) as string,
    where: { file },
  });
});

test('a missing module is named', async () => {
  await expect(loadMetric('m', join(temporary, 'none.mjs'))).rejects.toMatchObject({ reason: 'bad-metric' });
});

test.each([
  ['() => 2', 'The metric returned 2.'],
  ['() => NaN', 'The metric returned NaN.'],
  ['() => undefined', 'The metric returned undefined.'],
  ['async () => 2', 'The metric returned 2.'],
  ['async () => ({ score: 3 })', 'The metric returned an object whose `score` is 3.'],
  ['() => ({ score: 3 })', 'The metric returned an object whose `score` is 3.'],
  ['() => ({ feedback: "no" })', 'The metric returned an object whose `score` is undefined.'],
  ['() => ({ score: Promise.resolve(1) })', 'The metric returned an object whose `score` is a promise.'],
  ['() => ({ score: 1, feedback: 7 })', 'The metric returned an object whose `feedback` is a number, not a string.'],
  ['(row) => row.none.length', 'The metric failed on a row: '],
  ['async (row) => row.none.length', 'The metric failed on a row: Cannot read'],
  ['() => Promise.reject(new Error("no connection"))', 'The metric failed on a row: no connection. The row: {"question":"2 + 2"'],
])('%s is a defect of the metric', async (text, message) => {
  const file = module(`export default ${text};`);
  await expect(judge((await loadMetric('m', file)).metric, '4')).rejects.toMatchObject({
    reason: 'bad-metric',
    message: expect.stringContaining(message) as string,
    where: { file },
  });
});

test('the error says what it should return', async () => {
  const { metric } = await loadMetric('m', module('export default () => 2;'));
  await expect(judge(metric, '4')).rejects.toMatchObject({
    hint: 'Return a number from 0 to 1, or { score, feedback }, or a promise of either.',
  });
});

describe('a promise', () => {
  const rows = ['c', 'a', 'b'].map((question, place) => makeRow({ question }, place + 1));
  const answers = rows.map((each) => ({ row: each, prediction: '4' }));

  test('is awaited row by row, and the judgements keep the order of the rows', async () => {
    const text = `const begun = [];
      export default async ({ question }) => {
        begun.push(question);
        await new Promise((done) => setTimeout(done, question === 'c' ? 20 : 0));
        return { score: question === 'c' ? 1 : 0.5, feedback: begun.join(' ') };
      };`;
    const { metric } = await loadMetric('m', module(text));
    expect(await metric.judge(answers)).toEqual([
      { score: 1, feedback: 'c' },
      { score: 0.5, feedback: 'c a' },
      { score: 0.5, feedback: 'c a b' },
    ]);
  });

  test('that never settles is abandoned when the work is stopped', async () => {
    const { metric } = await loadMetric('m', module('export default () => new Promise(() => {});'));
    const stop = new AbortController();
    const judging = metric.judge(answers, { signal: stop.signal });
    stop.abort(new Error('stopped by the user'));
    await expect(judging).rejects.toThrow('stopped by the user');
    await expect(metric.judge(answers, { signal: stop.signal })).rejects.toThrow('stopped by the user');
  });
});
