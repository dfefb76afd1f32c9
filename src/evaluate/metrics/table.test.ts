/** @file The table as a seam: one entry is a metric that waits, asks a writer, gives feedback, costs tokens and decides what is right. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRow } from '../../data/dataset.ts';
import type { LanguageModel } from '../../model/languageModel.ts';
import { textsOf } from '../../model/texts.ts';
import type { Writer } from '../../model/writer.ts';
import { recordedWriter } from '../../model/writers/recorded.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { joinEvaluations, type Evaluation } from '../evaluation.ts';
import { makeEvaluator } from '../evaluator.ts';
import { isRight, judgedBy } from '../judging.ts';
import { makeProgramEvaluator } from '../programEvaluator.ts';
import { taskFor } from '../taskFor.ts';
import { oneByOne, type MetricEntry } from './entry.ts';
import { metricNamed } from './table.ts';

/** `graded(rubric.md)`: a writer gives each answer a grade from 1 to 5 and a reason. An answer with a 4 is right. */
const graded = (rubric: string): Pick<MetricEntry, 'judge' | 'right'> => ({
  judge: oneByOne(async ({ prediction }, { writer, signal }) => {
    const content = `${rubric}\nAnswer: ${prediction}`;
    const { text, cost } = await writer!.write([{ role: 'user', content }], { maxTokens: 50, temperature: 0, seed: 0, signal });
    const [, grade, feedback] = /^(\d): (.*)$/.exec(text)!;
    return { score: (Number(grade) - 1) / 4, feedback, cost };
  }),
  right: ({ score }) => score >= 0.75,
});
const entries: Readonly<Record<string, MetricEntry>> = {
  graded: {
    kind: 'text',
    about: 'A grade.',
    ...graded('Be strict.'),
    withArgument: (argument, promptFile = '') => graded(readFileSync(join(dirname(promptFile), argument), 'utf8')),
  },
};

const asked: string[] = [];
const script: Writer = recordedWriter({
  version: 1,
  name: 'script',
  answers: [
    { when: 'Answer: cat', text: '5: It is a cat.', tokens: 11 },
    { when: 'Answer: dog', text: '4: Nearly a cat.', tokens: 12 },
    { when: 'Answer: cow', text: '2: It is too large.', tokens: 13 },
  ],
});
const writer: Writer = {
  name: script.name,
  write: (messages, options) => {
    asked.push(messages[0].content);
    return script.write(messages, options);
  },
};

/** Repeats the last word of the prompt. */
const model: LanguageModel = {
  name: 'fake',
  fingerprint: 'fake',
  maxTokens: 1000,
  forget: () => {},
  texts: textsOf({
    vocabularySize: 10,
    endTokens: [],
    encode: (text) => [...text.matchAll(/\S+/g)].map((_, place) => place),
    decode: () => '',
    applyChatTemplate: () => '',
  }),
  scorer: {
    scoreLabels: async () => [],
    logLikelihoods: async (pairs) => pairs.map(() => ({ logLikelihood: -1, tokens: 1 })),
  },
  generate: async (prompts) => prompts.map((prompt) => ({ text: prompt.trim().split(' ').at(-1)!, tokens: 1, finish: 'stop' })),
  dispose: async () => {},
};

const folder = mkdtempSync(join(tmpdir(), 'tandem-table-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const promptFile = join(folder, 'a.prompt.md');
const rows = ['cow', 'cat', 'dog'].map((word, place) => makeRow({ word }, place + 2));
const name = 'graded(rubric.md)';
const metric = () => metricNamed(name, { promptFile, entries });
const file = parsePromptFile(promptFile, `---\ntandem:\n  data: a.jsonl\n  output: y\n  metric: ${name}\n---\nRepeat \${input:word}`);
const task = () => taskFor(file, rows, new Map([[name, metric()]]));
const { prompt } = file;

describe('a metric that asks a writer', () => {
  let evaluation: Evaluation;
  beforeAll(async () => {
    writeFileSync(join(folder, 'rubric.md'), 'Is it a cat?');
    asked.length = 0;
    evaluation = await makeEvaluator({ model, task: task(), writer }).evaluate({ prompt }, rows);
  });

  test('reads its rubric next to the prompt file and judges the answers in the order of the rows', () => {
    expect(asked).toEqual(['cow', 'cat', 'dog'].map((word) => `Is it a cat?\nAnswer: ${word}`));
    expect(evaluation.rows.map(({ row, prediction, score, feedback }) => [row, prediction, score, feedback])).toEqual([
      [rows[0].id, 'cow', 0.25, 'It is too large.'],
      [rows[1].id, 'cat', 1, 'It is a cat.'],
      [rows[2].id, 'dog', 0.75, 'Nearly a cat.'],
    ]);
    expect(evaluation.score).toMatchObject({ mean: 2 / 3, rows: 3 });
  });

  test('decides which answers are right', () => {
    expect(evaluation.rows.map(isRight)).toEqual([false, true, true]);
    expect([isRight({ score: 0.75 }), isRight({ score: 1 })]).toEqual([false, true]);
  });

  test("costs the writer's tokens, separately from the model's, also in joined evaluations", async () => {
    const free = { ...task(), metric: { ...metric(), judge: oneByOne(() => ({ score: 1 })) } };
    const plain = await makeEvaluator({ model, task: free }).evaluate({ prompt }, rows);
    expect([plain.tokensUsed, plain.outside]).toEqual([evaluation.tokensUsed, undefined]);
    expect(evaluation.outside).toEqual({ tokens: 36, requests: 3 });
    const joined = joinEvaluations({ metric: metric() }, [plain, evaluation]);
    expect([joined.tokensUsed, joined.outside]).toEqual([2 * evaluation.tokensUsed, { tokens: 36, requests: 3 }]);
  });

  test('works in programs, and as a metric that is only reported', async () => {
    const program = makeProgramEvaluator({ model, tasks: [task()], writer });
    expect(await program.evaluate({ prompt }, rows)).toEqual(evaluation);
    const other = evaluation.rows.map((row) => ({ ...row, score: 0, feedback: 'of another metric' }));
    const judged = await judgedBy(metric(), other, rows, { writer: program.writer });
    expect(judged.rows).toEqual(evaluation.rows);
    expect(judged.cost).toEqual({ tokensUsed: 0, outside: { tokens: 36, requests: 3 } });
  });
});

test('an error of the writer ends the evaluation', async () => {
  const mute = recordedWriter({ version: 1, name: 'mute', answers: [] });
  const evaluating = makeEvaluator({ model, task: task(), writer: mute }).evaluate({ prompt }, rows);
  await expect(evaluating).rejects.toMatchObject({ reason: 'writer-refused' });
});

test('a metric that does not judge every answer is refused', async () => {
  const hasty = { ...task(), metric: { ...metric(), judge: async () => [{ score: 1 }] } };
  await expect(makeEvaluator({ model, task: hasty }).evaluate({ prompt }, rows)).rejects.toMatchObject({
    reason: 'bad-metric',
    message: 'The metric graded(rubric.md) judged 1 of 3 answers.',
  });
});

test('a metric that compares with right answers needs one for every row', async () => {
  const answers = [{ row: '', prediction: 'a', score: 0 }];
  await expect(judgedBy(metricNamed('exact-match'), answers, rows.slice(0, 1))).rejects.toMatchObject({
    reason: 'missing-output',
    message: 'The row on line 2 has no right answer, which the metric exact-match needs.',
  });
});
