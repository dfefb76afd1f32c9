/** @file A program is measured by its last answer. The answer of an earlier step is an input of later ones, and every step costs tokens. */
import { describe, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { scorerOf, type LanguageModel } from '../model/languageModel.ts';
import { asProgram, stepsOf, withStep, type Prompt } from '../prompt/prompt.ts';
import { defaultDecoding } from '../prompt/decoding.ts';
import { memoryCache } from './cache.ts';
import type { Task } from './evaluation.ts';
import { makeEvaluator } from './evaluator.ts';
import { textsOf } from '../model/texts.ts';
import { metricNamed } from './metrics/table.ts';
import { makeProgramEvaluator } from './programEvaluator.ts';

const asked: string[] = [];

/** Writes the first word after `Say:` in capitals. Favours the label that equals the word before `->`. */
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
    applyChatTemplate: (messages) => messages.map(({ role, content }) => `<${role}>${content}`).join(''),
  }),
  scorer: {
    scoreLabels: async (prompts, labels) => {
      asked.push(...prompts);
      return prompts.map((prompt) =>
        labels.map((label) => ({ logLikelihood: prompt.includes(`${label.trim()} ->`) ? -1 : -2, tokens: 1 })),
      );
    },
    logLikelihoods: async (pairs) => pairs.map(() => ({ logLikelihood: -3, tokens: 1 })),
  },
  generate: async (prompts) => {
    asked.push(...prompts);
    return prompts.map((prompt) => ({ text: ` ${/Say: (\w+)/.exec(prompt)![1].toUpperCase()} `, tokens: 1, finish: 'stop' }));
  },
  dispose: async () => {},
};

const base = { decoding: { ...defaultDecoding, stop: ['\n'] }, template: 'text' } as const;
const tasks: readonly Task[] = [
  { ...base, output: 'loud', metric: metricNamed('exact-match') },
  { ...base, output: 'kind', labels: ['CAT', 'DOG'], metric: metricNamed('accuracy') },
];
const steps: readonly Prompt[] = [
  { body: 'Say: ${input:word}', demonstrations: [] },
  { body: '${input:loud} ->', demonstrations: [] },
];
const prompt = asProgram(steps);
const rows = [makeRow({ word: 'cat', kind: 'CAT' }, 1), makeRow({ word: 'dog', kind: 'DOG' }, 2), makeRow({ word: 'dog', kind: 'CAT' }, 3)];

describe('a program', () => {
  test('is judged by the last answer, and the rows keep their ids', async () => {
    const evaluation = await makeProgramEvaluator({ model, tasks }).evaluate({ prompt }, rows);
    expect(evaluation.rows.map(({ row, prediction, gold, score }) => [row, prediction, gold, score])).toEqual([
      [rows[0].id, 'CAT', 'CAT', 1],
      [rows[1].id, 'DOG', 'DOG', 1],
      [rows[2].id, 'DOG', 'CAT', 0],
    ]);
  });

  test('reports the answers of its steps that were cut off', async () => {
    const cutting: LanguageModel = {
      ...model,
      generate: async (prompts, options) =>
        (await model.generate(prompts, options)).map((each, place) => ({ ...each, finish: place === 0 ? 'length' : 'stop' })),
    };
    const { cuts } = await makeProgramEvaluator({ model: cutting, tasks }).evaluate({ prompt }, rows);
    expect(cuts).toEqual([{ by: 'length', step: 'loud', answers: 1, of: 3, tokens: 64 }]);
    expect(await makeProgramEvaluator({ model, tasks }).evaluate({ prompt }, rows)).not.toHaveProperty('cuts');
  });

  test('costs what its steps cost, prompts and answers', async () => {
    const evaluator = makeProgramEvaluator({ model, tasks });
    const { rows: traced, tokensUsed } = await evaluator.trace({ prompt }, rows);
    expect(traced.map(({ values }) => values.loud)).toEqual(['CAT', 'DOG', 'DOG']);
    // "Say:" once and two words; three answers of one word and one end token each.
    expect(tokensUsed).toBe(3 + 3 * 2);
    const last = await makeEvaluator({ model, task: tasks[1] }).evaluate({ prompt: steps[1] }, traced);
    const whole = await evaluator.evaluate({ prompt }, rows);
    expect(whole.tokensUsed).toBe(tokensUsed + last.tokensUsed);
    expect(whole.promptTokens).toBe(2);
  });

  test('overwrites a column of the data that an earlier step answers', async () => {
    const evaluator = makeProgramEvaluator({ model, tasks });
    const known = rows.map((row) => ({ ...row, values: { ...row.values, loud: 'GOLD' } }));
    expect((await evaluator.trace({ prompt }, known)).rows[0].values.loud).toBe('CAT');
  });

  test('a changed earlier step changes the input of the last one', async () => {
    const swapped = withStep(prompt, 0, { body: 'Say: dog ${input:word}', demonstrations: [] });
    const { rows: results } = await makeProgramEvaluator({ model, tasks }).evaluate({ prompt: swapped }, rows);
    expect(results.map(({ prediction }) => prediction)).toEqual(['DOG', 'DOG', 'DOG']);
    expect(stepsOf(swapped)[1]).toEqual(steps[1]);
  });

  test('calibration of a later step uses rows with the columns that it reads', async () => {
    asked.length = 0;
    const calibrated = withStep(prompt, 1, { ...steps[1], decoding: { calibration: 'prior' } });
    const training = [makeRow({ word: 'cow', kind: 'CAT' }, 9)];
    const evaluator = makeProgramEvaluator({ model, tasks, cache: memoryCache(), calibrationRows: training });
    const plain = await evaluator.evaluate({ prompt }, rows);
    const { tokensUsed } = await evaluator.evaluate({ prompt: calibrated }, rows);
    expect(asked).toContain('COW ->');
    expect(tokensUsed).toBeGreaterThan(plain.tokensUsed);
  });

  test('predicts from values alone', async () => {
    const prediction = await makeProgramEvaluator({ model, tasks }).predict({ prompt }, { word: 'dog' });
    expect(prediction.text).toBe('DOG');
  });

  test('with one step equals that step alone', async () => {
    const row = makeRow({ loud: 'CAT', kind: 'CAT' }, 1);
    const alone = await makeEvaluator({ model, task: tasks[1] }).evaluate({ prompt: steps[1] }, [row]);
    expect(await makeProgramEvaluator({ model, tasks: [tasks[1]] }).evaluate({ prompt: steps[1] }, [row])).toEqual(alone);
  });
});

test('a prompt may have other decoding settings than its task', async () => {
  const labels = ['CAT', 'A DOG'];
  const scores = [-3, -4];
  const twoTokens: LanguageModel = {
    ...model,
    scorer: {
      ...scorerOf(model),
      scoreLabels: async (prompts) => prompts.map(() => scores.map((logLikelihood, place) => ({ logLikelihood, tokens: place + 1 }))),
    },
  };
  const evaluator = makeEvaluator({ model: twoTokens, task: { ...tasks[1], labels } });
  const answer = async (decoding?: Prompt['decoding']) =>
    (await evaluator.evaluate({ prompt: { ...steps[1], ...(decoding && { decoding }) } }, [makeRow({ loud: 'x', kind: 'CAT' }, 1)])).rows[0]
      .prediction;
  expect(await answer()).toBe('A DOG');
  expect(await answer({ normalize: 'sum' })).toBe('CAT');
});
