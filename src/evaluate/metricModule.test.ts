/** @file A metric of the user's own is run where it is loaded, and what is wrong with it is said with its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadMetric } from './metricModule.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-metric-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let count = 0;
const module = (text: string): string => {
  const file = join(temporary, `metric ${count++}.mjs`);
  writeFileSync(file, text);
  return file;
};
const row = { question: '2 + 2', answer: '4' };

test('it gets the row and the output, and its share is the score', async () => {
  const { metric, hash } = await loadMetric(
    './metric.mjs',
    module('export default (row, output) => (row.question.includes("2") && output === row.answer ? 1 : 0.25);'),
  );
  expect([metric.name, metric.kind, hash.length]).toEqual(['./metric.mjs', 'text', 64]);
  expect([metric.score('4', '4', row), metric.score('5', '4', row)]).toEqual([1, 0.25]);
});

test('an export `score` and a truth value do as well; a module that was changed is loaded anew', async () => {
  const file = module('export function score() { return true; }');
  expect((await loadMetric('m', file)).metric.score('', '', row)).toBe(1);
  writeFileSync(file, 'export const score = () => false;');
  expect((await loadMetric('m', file)).metric.score('', '', row)).toBe(0);
});

test('it may say why: a sentence beside the score, on one line, cut where it is long', async () => {
  const text = `export default (row, output) => ({ score: output === '4' ? 1 : 0.5, feedback: output === '4' ? '' : 'Count\\n  again. ' + 'x'.repeat(600) });`;
  const { metric } = await loadMetric('m', module(text));
  expect(metric.judge!('4', row)).toEqual({ score: 1 });
  const { score, feedback } = metric.judge!('5', row);
  expect([score, feedback!.slice(0, 13), feedback!.length]).toEqual([0.5, 'Count again. ', 500]);
  expect(metric.score('5', '4', row)).toBe(0.5);
});

test('it judges rows without a right answer', async () => {
  const { metric } = await loadMetric('m', module('export default ({ question }, output) => output.length < question.length;'));
  expect([metric.judge!('4', { question: '2 + 2' }), metric.judge!('four and a bit', { question: '2 + 2' })]).toEqual([
    { score: 1 },
    { score: 0 },
  ]);
});

test.each([
  ['no function', 'export default 3;', 'exports no function'],
  ['an error in its text', 'export default (', 'cannot be loaded'],
  ['an error at its start', 'throw new Error("not today");', 'cannot be loaded: not today'],
])('%s is said at once', async (_, text, message) => {
  const file = module(text);
  await expect(loadMetric('m', file)).rejects.toMatchObject({
    reason: 'bad-metric',
    message: expect.stringContaining(message) as string,
    where: { file },
  });
});

test('a module that is not there is named', async () => {
  await expect(loadMetric('m', join(temporary, 'none.mjs'))).rejects.toMatchObject({ reason: 'bad-metric' });
});

test.each([
  ['() => 2', 'The metric returned 2.'],
  ['() => NaN', 'The metric returned NaN.'],
  ['() => undefined', 'The metric returned undefined.'],
  ['async () => 1', 'The metric returned a promise.'],
  ['() => ({ score: 3 })', 'The metric returned an object whose `score` is 3.'],
  ['() => ({ feedback: "no" })', 'The metric returned an object whose `score` is undefined.'],
  ['() => ({ score: Promise.resolve(1) })', 'The metric returned an object whose `score` is a promise.'],
  ['() => ({ score: 1, feedback: 7 })', 'The metric returned an object whose `feedback` is a number, not a string.'],
  ['(row) => row.none.length', 'The metric failed on a row: '],
])('%s is a defect of the metric', async (text, message) => {
  const { metric } = await loadMetric('m', module(`export default ${text};`));
  expect(() => metric.score('4', '4', row)).toThrow(
    expect.objectContaining({ reason: 'bad-metric', message: expect.stringContaining(message) as string }) as Error,
  );
});

test('what it should return is said', async () => {
  const { metric } = await loadMetric('m', module('export default () => 2;'));
  expect(() => metric.score('4', '4', row)).toThrow(
    expect.objectContaining({ hint: 'Return a number from 0 to 1, or { score, feedback }. The function must not be async.' }) as Error,
  );
});
