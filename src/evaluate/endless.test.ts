/** @file Patterns and templates that would run forever, from data, prompt files and models, are stopped and reported with the row. */
import { describe, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import { tokenizerOf } from '../model/files/huggingFaceDirectory.ts';
import { textsOf } from '../model/texts.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { textOf } from '../prompt/values.ts';
import { makeEvaluator } from './evaluator.ts';
import { judgedBy } from './judging.ts';
import { taskFor } from './taskFor.ts';

const tokenizerJson = { model: { type: 'BPE', vocab: { a: 0 }, merges: [] } };
const tokenizerWith = (template: string) => tokenizerOf(tokenizerJson, {}, [], template, 'model/tokenizer.json').tokenizer;

/** Always answers with the same sentence. */
const model: LanguageModel = {
  name: 'fake',
  fingerprint: 'fake',
  maxTokens: 1000,
  texts: textsOf(tokenizerWith('{{messages[0].content}}')),
  forget: () => {},
  scorer: {
    scoreLabels: async () => [],
    logLikelihoods: async (pairs) => pairs.map(() => ({ logLikelihood: -1, tokens: 1 })),
  },
  dispose: async () => {},
  generate: async (prompts) =>
    prompts.map(() => ({ text: 'the card is lost and the transfer has failed again', tokens: 10, finish: 'stop' })),
};

const fileOf = (metric: string, body = '{{x}}'): PromptFile =>
  parsePromptFile('p.prompty', `---\ntandem:\n  data: a.jsonl\n  output: y\n  metric: ${metric}\n---\n${body}\n`);
const rows = [makeRow({ x: 'short', y: 'lost' }, 2), makeRow({ x: 'again', y: '^(\\w+\\s?)*#$' }, 3), makeRow({ x: 'last', y: 'lost' }, 4)];
const evaluate = (file: PromptFile, data = rows, ownModel = model) =>
  makeEvaluator({ model: ownModel, task: taskFor(file, data) }).evaluate({ prompt: file.prompt }, data);

const nested = ['a', 'b', 'c'].map((name) => `{% for ${name} in range(10000) %}`).join('') + '{% endfor %}'.repeat(3);

describe('among many rows, the one that takes too long is named', { tags: 'long' }, () => {
  test.each([
    ['a pattern of the data', fileOf('regex'), /regular expression "\^\(\\\\w\+\\\\s\?\)\*#\$".*line 3: .*"again"/],
    ['a pattern of the prompt file', fileOf(`'regex(^(\\w+\\s?)*#$)'`), /regular expression .*line 2: .*"short"/],
    [
      'a loop that a row makes endless',
      fileOf('contains', `{% if x == 'again' %}${nested}{% endif %}{{x}}`),
      /template .*line 3: .*"again"/,
    ],
  ])('%s', async (_, file, message) => {
    await expect(evaluate(file)).rejects.toMatchObject({ reason: 'too-slow', message: expect.stringMatching(message) as string });
  });

  test('the error of a metric is reported at the line that names it, also when it judges other answers', async () => {
    const where = { file: 'p.prompty', line: 5 };
    await expect(evaluate(fileOf('regex'))).rejects.toMatchObject({ where });
    const { metric } = taskFor(fileOf('regex'), rows);
    const answer = { row: '', prediction: 'the card is lost and the transfer has failed again', score: 0, logLikelihood: 0 };
    const judged = judgedBy(
      metric,
      rows.map(({ values }) => ({ ...answer, gold: textOf(values.y) })),
      rows,
    );
    await expect(judged).rejects.toMatchObject({ reason: 'too-slow', where });
  });

  test('a chat template', async () => {
    const file = fileOf('contains\n  template: chat');
    const endless = {
      ...model,
      texts: textsOf(tokenizerWith(`${nested}{{messages[0].content}}`)),
    };
    await expect(evaluate(file, rows, endless)).rejects.toMatchObject({
      reason: 'too-slow',
      message: expect.stringMatching(/chat template of model.tokenizer\.json .*line 2/) as string,
    });
  });
});

test('parsing a prompt file renders none of its templates', () => {
  const begun = performance.now();
  expect(fileOf('contains', `${nested}{{x}}`).problems).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(900);
});
