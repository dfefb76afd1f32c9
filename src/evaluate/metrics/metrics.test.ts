/** @file What each metric counts as right. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { makeRow } from '../../data/dataset.ts';
import { parseDataset } from '../../data/readDataset.ts';
import { textOf } from '../../prompt/values.ts';
import { compareEvaluations, scoreDifference, scoreOf, type Evaluation, type RowResult } from '../evaluation.ts';
import { judgedBy } from '../judging.ts';
import type { Metric } from '../metric.ts';
import { taskFor } from '../taskFor.ts';
import { oneByOne } from './entry.ts';
import { scoreOne } from './judgeOne.fixture.ts';
import { metricNamed, metrics } from './table.ts';
import { randomStream, type Random } from '../../random.ts';

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, '../../../test/fixtures', name), 'utf8'));

const score = (name: string, prediction: string, gold: string): Promise<number> => scoreOne(metricNamed(name), prediction, gold);

test('metrics', async () => {
  expect([
    await score('exact-match', ' Yes\n', 'Yes'),
    await score('exact-match', 'yes', 'Yes'),
    await score('exact-match-ignore-case', 'yes', 'Yes '),
  ]).toEqual([1, 0, 1]);
  expect([
    await score('contains', 'It is PARIS.', 'Paris'),
    await score('contains', 'Rome', 'Paris'),
    await score('accuracy', 'a', 'a '),
  ]).toEqual([1, 0, 1]);
  expect(await score('exact-match', 'e\u0301', '\u00e9')).toBe(1);
});

test("token-f1 equals the number of SQuAD's script to the last bit", async () => {
  const pairs = readJson('squad.json') as [string, string, number][];
  expect(pairs.length).toBeGreaterThan(250);
  const found = await Promise.all(pairs.map(async ([prediction, gold]) => [prediction, gold, await score('token-f1', prediction, gold)]));
  expect(found).toEqual(pairs);
});

test('JSON that is nested too deeply to compare recursively is compared as text', async () => {
  const deep = (inside: string): string => '['.repeat(100_000) + inside + ']'.repeat(100_000);
  expect([await score('json-match', deep('1'), deep('1')), await score('json-match', deep('1'), deep('2'))]).toEqual([1, 0]);
});

test.each([
  ['numeric', 'The answer is 1,024.', '1024', 1],
  ['numeric', '3 times 4 makes 12.0', '#### 12', 1],
  ['numeric', '-0.5', '-.5', 1],
  ['numeric', '1e3 metres', '1000', 1],
  ['numeric', '7', '-7', 0],
  ['numeric', 'none', '7', 0],
  ['numeric', '10-20', '20', 1],
  ['numeric', 'v1.2.3', 'none', 0],
  ['numeric', '12.4', '12', 0],
  ['numeric(0.5)', '12.4', '12', 1],
  ['numeric(0.5)', '12.6', '12', 0],
  ['numeric(1%)', '101', '100', 1],
  ['numeric(1%)', '102', '100', 0],
  ['regex', 'It was on 12 May.', '\\d+ (May|June)', 1],
  ['regex', 'It was in May.', '\\d+ (May|June)', 0],
  ['regex', 'a(', 'a(', 0],
  ['regex(answer: (\\w+))', 'I think the answer: yes, or no', 'yes', 1],
  ['regex(answer: (\\w+))', 'yes', 'yes', 0],
  ['regex(\\d+)', 'about 40 of them', '40', 1],
  ['json-match', '{"b": [1, 2.0], "a": null}', '{"a":null,"b":[1,2]}', 1],
  ['json-match', '```json\n{"a": 1}\n```', '{"a": 1}', 1],
  ['json-match', '{"a": 1, "b": 2}', '{"a": 1}', 0],
  ['json-match', '{"a": 1', '{"a": 1', 0],
  ['json-match', '[2, 1]', '[1, 2]', 0],
  ['json-match', '{"id": 9007199254740993}', '{"id": 9007199254740992}', 0],
  ['json-match', '{"id": 18446744073709551615}', '{"id": 18446744073709551615}', 1],
  ['json-match', '[100, 1.50, -0, 1E2, 0.00]', '[1e2, 1.5, 0, 100, 0]', 1],
  ['json-match', '[0.1]', '[0.10000000000000001]', 0],
  ['json-match', '"1"', '1', 0],
  ['json-match', '"1e0"', '1', 0],
  ['json-match', '{"\\"1": "5, 6", "__proto__": 1}', '{"__proto__":1.0,"\\u00221":"5, 6"}', 1],
  ['json-match', '{"__proto__": 1}', '{"__proto__": 2}', 0],
  ['json-match', '[01]', '[1]', 0],
  ['contains', 'anything', '', 0],
  ['contains', ' ', '', 1],
])('%s of %j beside %j', async (name, prediction, gold, expected) => {
  expect(await score(name, prediction, gold)).toBe(expected);
});

test('an unknown metric is refused with a suggestion', async () => {
  const hintOf = (name: string): unknown => {
    try {
      return metricNamed(name);
    } catch (error) {
      return error;
    }
  };
  expect(hintOf('acuracy')).toMatchObject({ reason: 'unknown-metric', hint: 'Did you mean "accuracy"?' });
  expect(hintOf('numeric(some)')).toMatchObject({ message: 'The metric "numeric" does not take the argument "some".' });
  expect(hintOf('regex(()')).toMatchObject({ reason: 'unknown-metric' });
  expect(hintOf('accuracy(2)')).toMatchObject({ hint: 'Write `metric: accuracy`.' });
  await expect(score('./own.mjs', 'a', 'a')).rejects.toMatchObject({ reason: 'module-not-loaded' });
});

const answered = (golds: string, predictions: string, metric = 'accuracy'): Promise<RowResult[]> =>
  Promise.all(
    golds.split(' ').map(async (gold, place) => {
      const prediction = predictions.split(' ')[place];
      return { row: String(place), gold, prediction, score: await score(metric, prediction, gold), logLikelihood: -1 };
    }),
  );

/** Measured with scikit-learn 1.9.1: f1_score(average='macro') and accuracy_score. */
const scikitLearn = [
  ['three labels', 'b a b c a a c a b c a c', 'b a b c a a c c a c a a', 0.7590909090909091, 0.75],
  ['rare labels', 'y x x y y y y x y x x y y y x y y x z x', 'y x x w w x y y y x w z y y x x z x x z', 0.3033088235294118, 0.5],
  ['a label that is never predicted', 'r r r q q r q r q p q q p r p', 'p p p q p q p p p p p p p q q', 0.1619047619047619, 0.2],
  ['one label', 'k k k k', 'k k k k', 1, 1],
  ['a prediction that no row has as its answer', 'a b a', 'a z a', 1 / 3, 2 / 3],
] as const;

describe('macro-f1', () => {
  const macroF1 = metricNamed('macro-f1');

  test.each(scikitLearn)('of %s agrees with scikit-learn', async (_, golds, predictions, expected, accuracy) => {
    expect(scoreOf(macroF1, await answered(golds, predictions)).mean).toBeCloseTo(expected, 12);
    expect(scoreOf(metricNamed('accuracy'), await answered(golds, predictions)).mean).toBeCloseTo(accuracy, 12);
  });

  test('is compared on the same resamples of rows', async () => {
    const [, golds, predictions] = scikitLearn[1];
    const { corpus } = macroF1;
    const before = { rows: await answered(golds, predictions), corpus } as unknown as Evaluation;
    const after = { rows: await answered(golds, golds), corpus } as unknown as Evaluation;
    expect(compareEvaluations(before, before).score).toMatchObject({ mean: 0, rows: 20, probabilityBetter: 0.5 });
    const { score: gain } = compareEvaluations(before, after);
    expect(gain.mean).toBeCloseTo(1 - 0.3033088235294118, 12);
    expect(gain.low).toBeGreaterThan(0.3);
    expect(gain.high).toBeLessThan(1);
    expect(gain.probabilityBetter).toBeGreaterThan(0.99);
    const back = compareEvaluations(after, before).score;
    expect([back.mean, back.low, back.high]).toEqual(
      [-gain.mean, -gain.high, -gain.low].map((value) => expect.closeTo(value, 12) as number),
    );
    // Old and new prompt and weights: what remains after the sum of their separate effects.
    expect(scoreDifference([before, after], [before, after]).mean).toBeCloseTo(0, 12);
  });

  test(
    'the gate accepts one of two equally good guessers as often as its threshold says, and the interval covers the truth',
    { tags: 'long' },
    () => {
      const random = randomStream('macro-f1 simulation');
      const shares = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];
      let [accepted, covered] = [0, 0];
      const trials = 300;
      for (let trial = 0; trial < trials; trial++) {
        const golds = Array.from({ length: 100 }, () => draw(shares, random));
        const [a, b] = [0, 1].map(() => ({ rows: guesses(golds, shares, random), corpus: macroF1.corpus }) as unknown as Evaluation);
        const { score: gain } = compareEvaluations(a, b, { samples: 400, seed: trial });
        if (gain.probabilityBetter >= 0.85) accepted++;
        if (gain.low <= 0 && gain.high >= 0) covered++;
      }
      // 15% and 95% nominally. Three standard errors of 300 trials are 6 and 4 points.
      expect(accepted / trials).toBeLessThan(0.21);
      expect(accepted / trials).toBeGreaterThan(0.09);
      expect(covered / trials).toBeGreaterThan(0.91);
    },
  );
});

function draw(shares: readonly number[], random: Random): number {
  let left = random.uniform();
  const place = shares.findIndex((share) => (left -= share) < 0);
  return place < 0 ? shares.length - 1 : place;
}

/** Right on six rows in ten, otherwise a random label by its share. */
const guesses = (golds: readonly number[], shares: readonly number[], random: Random): RowResult[] =>
  golds.map((gold, row) => {
    const prediction = random.uniform() < 0.6 ? gold : draw(shares, random);
    return { row: String(row), gold: String(gold), prediction: String(prediction), score: Number(prediction === gold), logLikelihood: -1 };
  });

describe('several metrics', () => {
  const file = (metric: string, more = ''): ReturnType<typeof parsePromptFile> =>
    parsePromptFile('a.prompt.md', `---\ntandem:\n  data: a.jsonl\n  output: y\n  metric: ${metric}\n${more}---\nText: \${input:x}\n`);

  test('the first decides, and the others are reported', () => {
    const parsed = file('[macro-f1, accuracy, "numeric(1%)"]', '  labels: [a, b]\n');
    expect(parsed.problems).toEqual([]);
    const task = taskFor(parsed, []);
    expect([task.metric.name, task.reported?.map(({ name }) => name)]).toEqual(['macro-f1', ['accuracy', 'numeric(1%)']]);
    expect(taskFor(file('contains'), [])).not.toHaveProperty('reported');
  });

  test('a list without names, with a duplicate, or with a metric that needs labels is refused', () => {
    for (const metric of ['[]', '[contains, contains]', '[contains, 3.5, ""]', '{a: 1}']) expect(file(metric).problems).toHaveLength(1);
    expect(() => taskFor(file('[contains, accuracy]'), [])).toThrow(expect.objectContaining({ reason: 'metric-needs-labels' }) as Error);
  });

  test('the same answers can be judged by another metric', async () => {
    const rows = [makeRow({ x: '1', y: 'Paris' }, 2), makeRow({ x: '2', y: 'Rome' }, 3)];
    const answers = await answered('Paris Rome', 'paris Rom', 'exact-match');
    expect(answers.map((answer) => answer.score)).toEqual([0, 0]);
    const byValues: Metric = { name: 'own', kind: 'text', judge: oneByOne(({ row }) => ({ score: Number(row.values.x) / 2 })) };
    const scores = async (metric: Metric): Promise<number[]> => (await judgedBy(metric, answers, rows)).rows.map((answer) => answer.score);
    expect(await scores(metricNamed('exact-match-ignore-case'))).toEqual([1, 0]);
    expect(await scores(byValues)).toEqual([0.5, 1]);
  });
});

test('every metric returns a share for any text', async () => {
  const texts = ['', ' ', 'a', '1', '{"a": 1}', '(', '[', '\u0000', 'é'.repeat(50), '9'.repeat(400), '1e999'];
  for (const [, metric] of metrics)
    for (const prediction of texts)
      for (const gold of texts) {
        const worth = await scoreOne(metric, prediction, gold);
        expect(worth >= 0 && worth <= 1, `${metric.name} of ${prediction} beside ${gold}`).toBe(true);
      }
});

test('docs/data-and-metrics.md names every metric', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../../docs/data-and-metrics.md'), 'utf8');
  const isNamed = (name: string): boolean => new RegExp(`^\\| \`${name}\` +\\|`, 'm').test(docs);
  expect([...metrics.keys()].filter((name) => !isNamed(name))).toEqual([]);
});

test('json-match: a 64-bit integer, stored as text in a row, equals the number that a model writes', async () => {
  const [row] = parseDataset('a.jsonl', new TextEncoder().encode('{"x": "a", "y": {"id": 9007199254740993, "n": 1}}')).rows;
  const gold = textOf(row.values.y);
  expect(await score('json-match', '{"n": 1, "id": 9007199254740993}', gold)).toBe(1);
  expect(await score('json-match', '{"n": 1, "id": 9007199254740992}', gold)).toBe(0);
  expect(await score('json-match', '{"n": "1", "id": 9007199254740993}', gold)).toBe(0);
});
