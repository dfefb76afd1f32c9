/** @file What an evaluation measures, with a small fake model: predictions, likelihoods, calibration, cost, cache. */
import { describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Adapter } from '../model/adapter.ts';
import { scorerOf, type LanguageModel } from '../model/languageModel.ts';
import { textsOf } from '../model/texts.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { attributeLines } from './attribution.ts';
import { cacheKey, memoryCache } from './cache.ts';
import { compareEvaluations } from './evaluation.ts';
import { makeEvaluator } from './evaluator.ts';
import type { Metric } from './metric.ts';
import { oneByOne } from './metrics/entry.ts';
import { questionText } from './question.ts';
import { taskFor } from './taskFor.ts';

/** Splits before white space. Each distinct piece is a token. */
const words: string[] = [];
const tokenizer: Tokenizer = {
  vocabularySize: 1000,
  endTokens: [],
  encode: (text) =>
    (text.match(/\s*\S+|\s+/g) ?? []).map((word) => {
      if (!words.includes(word)) words.push(word);
      return words.indexOf(word);
    }),
  decode: (tokens) => tokens.map((token) => words[token]).join(''),
  applyChatTemplate: (messages) => messages.map(({ role, content }) => `<${role}>${content}</${role}>`).join('') + '<assistant>',
};

/** Favours a completion for each of its words that the last message contains, and always 'red'. A prompt with GOOD doubles the evidence. */
function fakeModel(log: string[] = []): LanguageModel {
  const score = (prompt: string, completion: string, adapter?: Adapter): number => {
    const message = prompt.split('Message:').at(-1)!.split('\n')[0];
    const evidence = (prompt.includes('GOOD') ? 4 : 2) * (adapter ? 2 : 1);
    return completion
      .trim()
      .split(' ')
      .reduce((sum, word) => sum - 5 + (message.includes(word) ? evidence : 0) + (word === 'red' ? 3 : 0), 0);
  };
  const scored = (prompt: string, completion: string, adapter?: Adapter) => ({
    logLikelihood: score(prompt, completion, adapter),
    tokens: tokenizer.encode(completion).length,
  });
  return {
    name: 'fake',
    fingerprint: 'fake-1',
    maxTokens: 1000,
    texts: textsOf(tokenizer),
    forget: () => {},
    scorer: {
      scoreLabels: async (prompts, labels, options) => {
        log.push(`labels ${prompts.length} x ${labels.join('|')}`);
        return prompts.map((prompt) => labels.map((label) => scored(prompt, label, options?.adapter)));
      },
      logLikelihoods: async (pairs, options) => {
        log.push(`likelihoods ${pairs.length}`);
        return pairs.map(({ prompt, completion }) => scored(prompt, completion, options?.adapter));
      },
    },
    generate: async (prompts, { maxTokens }) => {
      log.push(`generate ${prompts.length}`);
      return prompts.map((prompt) => ({
        text: ` ${prompt.split('Message: ').at(-1)!.split('\n')[0]} `.slice(0, maxTokens),
        tokens: 1,
        finish: 'stop',
      }));
    },
    dispose: async () => {},
  };
}

const body = 'Say GOOD things.\nUseless line.\n\n{{demos}}\nMessage: ${input:message}\nColour:\n';
const rowsOf = (pairs: readonly (readonly [string, string])[]): Row[] =>
  pairs.map(([message, colour], place) => makeRow({ message, colour }, place + 1));
const rows = rowsOf([
  ['the green one', 'green'],
  ['a red one', 'red'],
  ['blue sky', 'blue'],
  ['dark blue sky', 'blue'],
]);
const fileWith = (settings: string, text = body) =>
  parsePromptFile('a.prompt.md', `---\ntandem:\n  data: a.jsonl\n  output: colour\n${settings}---\n${text}`);
const labelFile = fileWith('  labels: from-data\n');
const prompt = labelFile.prompt;
const evaluatorOf = (file = labelFile, log: string[] = []) =>
  makeEvaluator({ model: fakeModel(log), task: taskFor(file, rows), calibrationRows: rows });

describe('label tasks', () => {
  test('labels come from the data, sorted; the most likely is the prediction; the likelihood of the gold label is stored uncalibrated', async () => {
    const evaluator = evaluatorOf();
    expect(evaluator.task.labels).toEqual(['blue', 'green', 'red']);
    const { rows: results, score, logLikelihood } = await evaluator.evaluate({ prompt }, rows);
    expect(results.map(({ prediction, gold, score: each, row }) => [prediction, gold, each, row])).toEqual(
      rows.map(({ values, id }) => [values.colour, values.colour, 1, id]),
    );
    expect(results.map((each) => each.logLikelihood)).toEqual([-1, 2, -1, -1]);
    expect([score.mean, score.rows, logLikelihood!.mean]).toEqual([1, 4, -0.25]);
  });

  test('a weaker prompt gives the label that the model always prefers; calibration corrects that', async () => {
    const weak = { ...prompt, body: body.replace('GOOD', 'any') };
    const accuracy = async (settings: string) =>
      (await evaluatorOf(fileWith(`  labels: from-data\n${settings}`)).evaluate({ prompt: weak }, rows)).score.mean;
    expect(await accuracy('')).toBe(0.25);
    expect(await accuracy('  decoding: {calibration: content-free}\n')).toBe(1);
    expect(await accuracy('  decoding: {calibration: prior}\n')).toBe(1);
  });

  test('labels are compared per token, or by their sum', async () => {
    const data = rowsOf([
      ['nothing here', 'a b'],
      ['nothing there', 'c'],
    ]);
    const predict = async (normalize: string) => {
      const file = fileWith(`  labels: from-data\n  decoding: {normalize: ${normalize}}\n`);
      return (await makeEvaluator({ model: fakeModel(), task: taskFor(file, data) }).evaluate({ prompt }, data)).rows.map(
        ({ prediction }) => prediction,
      );
    };
    expect(await predict('sum')).toEqual(['c', 'c']);
    expect(await predict('tokens')).toEqual(['a b', 'a b']);
  });

  test('a slope corrects labels for their length; a single row gets the same answer as among others', async () => {
    const data = rowsOf([
      ['a thing', 'a b'],
      ['c', 'c'],
      ['x thing', 'x y z'],
    ]);
    const none = rowsOf([['nothing', 'c']]);
    const evaluatorWith = (normalize: string) =>
      makeEvaluator({ model: fakeModel(), task: taskFor(fileWith(`  labels: from-data\n  decoding: {normalize: ${normalize}}\n`), data) });
    // A word costs the fake model 5 nats, whatever the input.
    expect((await evaluatorWith('sum').evaluate({ prompt }, none)).lengthSlope).toBe(-5);
    const summed = await evaluatorWith('sum').evaluate({ prompt }, data);
    expect(summed.rows.map(({ prediction }) => prediction)).toEqual(['c', 'c', 'c']);
    const corrected = evaluatorWith('{slope: -5}');
    const together = await corrected.evaluate({ prompt }, data);
    expect(together.score.mean).toBe(1);
    for (const [place, { prediction }] of together.rows.entries()) {
      expect((await corrected.evaluate({ prompt }, [data[place]])).rows[0].prediction).toBe(prediction);
      expect((await corrected.predict({ prompt }, data[place].values)).text).toBe(prediction);
    }
  });

  test('the model is shown and scored on the words, and answers with the label', async () => {
    const log: string[] = [];
    const labelWords = { blue: 'sky', green: 'green', red: 'red' };
    const spoken = { ...prompt, labelWords, demonstrations: [{ inputs: { message: 'x' }, output: 'blue' }] };
    const evaluator = evaluatorOf(labelFile, log);
    const measured = await evaluator.evaluate({ prompt: spoken }, rows);
    expect(log[0]).toMatch(/ sky\| green\| red$/);
    expect(measured.rows.map(({ prediction, score }) => [prediction, score])).toEqual(rows.map(({ values }) => [values.colour, 1]));
    expect(measured.words).toEqual({ blue: 'sky' });
    expect((await evaluator.predict({ prompt: spoken }, { message: 'dark sky' })).labels!.map(({ label }) => label)[0]).toBe('blue');
    expect((await evaluator.answer({ prompt: spoken }, rows)).answers).toEqual(rows.map(({ values }) => values.colour));
    expect(measured.promptTokens).toBe((await evaluator.evaluate({ prompt: { ...spoken, labelWords: undefined } }, rows)).promptTokens);
  });

  test('words that are more likely in themselves are no better: the share of the right one counts', async () => {
    const evaluator = evaluatorOf();
    const plain = await evaluator.evaluate({ prompt }, rows);
    const wordy = { ...prompt, labelWords: { blue: 'blue it is', green: 'green it is', red: 'red it is' } };
    const spoken = await evaluator.evaluate({ prompt: wordy }, rows);
    expect(spoken.logLikelihood!.mean).toBeLessThan(plain.logLikelihood!.mean - 5);
    expect(compareEvaluations(plain, spoken).logLikelihood!.mean).toBeCloseTo(0, 10);
    expect(compareEvaluations(plain, plain).logLikelihood!.mean).toBe(0);
  });

  test('scoreWords gives the score of any words after a row, and the cost of asking', async () => {
    const { scores, tokensUsed } = await evaluatorOf().scoreWords!({ prompt }, rows.slice(0, 2), ['green', 'one', 'sky']);
    expect(scores).toEqual([
      [-1, -1, -5],
      [-5, -1, -5],
    ]);
    expect(tokensUsed).toBeGreaterThan(0);
  });

  test('a gold answer that is not a label is wrong, and still has a likelihood', async () => {
    const [result] = (await evaluatorOf().evaluate({ prompt }, rowsOf([['pink', 'pink']]))).rows;
    expect(result).toMatchObject({ score: 0, gold: 'pink', logLikelihood: -1 });
  });

  test('no space is put before labels if the prompt ends in white space', async () => {
    const log: string[] = [];
    const open = { body: 'Message: ${input:message}', demonstrations: [] };
    await evaluatorOf(labelFile, log).evaluate(
      { prompt: open },
      rowsOf([
        ['red', 'red'],
        ['blue ', 'blue'],
      ]),
    );
    expect(log).toEqual(['labels 1 x blue|green|red', 'labels 1 x  blue| green| red']);
  });

  test("with a chat template the body is the user's message and the label is the bare answer", async () => {
    const log: string[] = [];
    const evaluator = evaluatorOf(fileWith('  labels: from-data\n  template: chat\n'), log);
    const { promptTokens } = await evaluator.evaluate({ prompt }, rows);
    expect(log).toEqual(['labels 4 x blue|green|red']);
    expect(promptTokens).toBe(tokenizer.encode('<user>Say GOOD things.\nUseless line.\n\nMessage: \nColour:</user><assistant>').length);
  });

  test('predict gives calibrated probabilities, most likely first', async () => {
    const { text, labels } = await evaluatorOf(fileWith('  labels: from-data\n  decoding: {calibration: prior}\n')).predict(
      { prompt },
      { message: 'blue' },
    );
    expect(text).toBe('blue');
    expect(labels!.map(({ label }) => label)[0]).toBe('blue');
    expect(labels!.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1);
  });
});

describe('a model that does not say how probable texts are', () => {
  const { scorer: _, ...silent } = fakeModel();

  test('writes its answers, which are scored without likelihoods and cost less', async () => {
    const file = fileWith('  metric: contains\n');
    const evaluate = (model: LanguageModel) => makeEvaluator({ model, task: taskFor(file, rows) }).evaluate({ prompt: file.prompt }, rows);
    const [quiet, usual] = [await evaluate(silent), await evaluate(fakeModel())];
    expect(quiet.rows.map(({ prediction, score }) => [prediction, score])).toEqual(
      usual.rows.map(({ prediction, score }) => [prediction, score]),
    );
    expect(usual).toHaveProperty('logLikelihood');
    expect(quiet).not.toHaveProperty('logLikelihood');
    expect(quiet.tokensUsed).toBeLessThan(usual.tokensUsed);
  });

  test('cannot choose among labels', async () => {
    const evaluation = makeEvaluator({ model: silent, task: taskFor(labelFile, rows) }).evaluate({ prompt }, rows);
    await expect(evaluation).rejects.toMatchObject({
      reason: 'no-likelihoods',
      hint: expect.stringContaining('remove `labels`') as string,
    });
  });
});

describe('text tasks', () => {
  /** Writes a letter a token, a million of them, and has room for 40. */
  const endless = (): LanguageModel => ({
    ...fakeModel(),
    generate: async (prompts, { maxTokens }) =>
      prompts.map((asked) => {
        if (asked.includes('short')) return { text: ' done', tokens: 1, finish: 'stop' };
        const most = asked.includes('long') ? 40 : 1_000_000;
        return { text: 'x'.repeat(Math.min(maxTokens, most)), tokens: 1, finish: maxTokens > most ? 'context' : 'length' };
      }),
  });
  const answers = (maxTokens: number) =>
    parsePromptFile(
      'a.prompt.md',
      `---\ntandem: {data: a, output: colour, metric: contains, decoding: {maxTokens: ${maxTokens}}}\n---\n${body}`,
    );

  test('answers that were cut off are counted by what cut them, with how many right answers are longer', async () => {
    const file = answers(50);
    const data = rowsOf([
      ['a short one', 'done'],
      ['one', 'green '.repeat(60)],
      ['another', 'red'],
      ['a long one', 'blue'],
    ]);
    const evaluator = makeEvaluator({ model: endless(), task: taskFor(file, data) });
    const { rows: results, cuts } = await evaluator.evaluate({ prompt: file.prompt }, data);
    expect(results.map(({ cut }) => cut)).toEqual([undefined, 'length', 'length', 'context']);
    expect(cuts).toEqual([
      { by: 'length', answers: 2, of: 4, tokens: 50, outOfReach: 1 },
      { by: 'context', answers: 1, of: 4 },
    ]);
    expect((await evaluator.evaluate({ prompt: file.prompt }, data.slice(0, 1))).cuts).toBeUndefined();
    const shorter = { ...file.prompt, decoding: { maxTokens: 30 } };
    expect((await evaluator.evaluate({ prompt: shorter }, data)).cuts).toEqual([
      { by: 'length', answers: 3, of: 4, tokens: 30, outOfReach: 1 },
    ]);
  });

  test('what cut an answer off is cached with it; answers cached by versions without it are computed again', async () => {
    const file = answers(50);
    const data = rowsOf([['one', 'red']]);
    const cache = memoryCache();
    const task = taskFor(file, data);
    const { maxTokens, temperature, topP, stop, seed } = task.decoding;
    const options = { maxTokens, temperature, topP, stop, seed };
    const question = questionText(task, textsOf(tokenizer), file.prompt, data[0].values);
    cache.set(cacheKey('fake-1', null, 'generate', question, options), 'of old' as never);
    const first = await makeEvaluator({ model: endless(), task, cache }).evaluate({ prompt: file.prompt }, data);
    expect(first.rows[0].prediction).toMatch(/^x+$/);
    const generate = () => Promise.reject(new Error('asked again'));
    const again = await makeEvaluator({ model: { ...endless(), generate }, task, cache }).evaluate({ prompt: file.prompt }, data);
    expect(again.cuts).toEqual(first.cuts);
    expect(again.cuts).toHaveLength(1);
  });

  test('the answer is generated, and the likelihood of the gold answer is measured', async () => {
    const log: string[] = [];
    const evaluator = makeEvaluator({ model: fakeModel(log), task: taskFor(fileWith('  metric: contains\n'), rows) });
    const { rows: results, score } = await evaluator.evaluate({ prompt }, rows);
    expect(results[0]).toMatchObject({ prediction: 'the green one', score: 1, logLikelihood: -1 });
    expect([score.mean, log]).toEqual([1, ['generate 4', 'likelihoods 4']]);
    expect(await evaluator.predict({ prompt }, { message: 'hello' })).toEqual({ text: 'hello' });
  });
});

describe('cost', () => {
  test("the shared prefix counts once, then each row's own tokens, then the labels", async () => {
    const { tokensUsed, promptTokens } = await evaluatorOf().evaluate({ prompt }, rows);
    // 6 shared (Say GOOD things. Useless line. Message:), own 4 + 4 + 3 + 4 (with Colour:), labels 3 each.
    expect(tokensUsed).toBe(6 + 15 + 4 * 3);
    expect(promptTokens).toBe(7);
  });

  test('it depends only on the prompt and the rows: not on the cache, the adapter, or the order of the rows', async () => {
    const evaluator = evaluatorOf(fileWith('  labels: from-data\n  decoding: {calibration: prior}\n'));
    const tokensUsed = async (adapter?: Adapter, reversed = false) =>
      (await evaluator.evaluate({ prompt, adapter }, reversed ? [...rows].reverse() : rows)).tokensUsed;
    const first = await tokensUsed();
    expect([await tokensUsed(), await tokensUsed({ id: 'a' } as Adapter), await tokensUsed(undefined, true)]).toEqual([
      first,
      first,
      first,
    ]);
  });

  test('a repeated question is asked once: copies of a row, a second evaluation, other processes with the same cache', async () => {
    const log: string[] = [];
    const cache = memoryCache();
    const evaluator = makeEvaluator({ model: fakeModel(log), task: taskFor(labelFile, rows), cache });
    const first = await evaluator.evaluate({ prompt }, [...rows, rows[0]]);
    expect(log).toEqual(['labels 4 x  blue| green| red']);
    expect(await evaluator.evaluate({ prompt }, [...rows, rows[0]])).toEqual(first);
    await makeEvaluator({ model: fakeModel(log), task: taskFor(labelFile, rows), cache }).evaluate({ prompt }, rows);
    expect(log).toHaveLength(1);
    await evaluator.evaluate({ prompt, adapter: { id: 'a' } as Adapter }, rows);
    expect(log).toHaveLength(2);
  });

  test('the share of answered rows is reported after each call, and cached answers count', async () => {
    const many = rowsOf(Array.from({ length: 160 }, (_, i) => [`message ${i} red`, 'red'] as const));
    const shares: number[] = [];
    const evaluator = evaluatorOf();
    await evaluator.evaluate({ prompt }, many.slice(0, 40), { onShare: (share) => shares.push(share) });
    await evaluator.evaluate({ prompt }, many, { onShare: (share) => shares.push(share) });
    expect(shares).toEqual([1, 0.25, 0.65, 1]);
  });

  test('a call has at most 64 prompts; an abort stops between calls', async () => {
    const log: string[] = [];
    const many = rowsOf(Array.from({ length: 150 }, (_, i) => [`message ${i} red`, 'red'] as const));
    await evaluatorOf(labelFile, log).evaluate({ prompt }, many);
    expect(log.map((each) => each.split(' x')[0])).toEqual(['labels 64', 'labels 64', 'labels 22']);
    const stopped = evaluatorOf().evaluate({ prompt }, many, { signal: AbortSignal.abort(new Error('stop')) });
    await expect(stopped).rejects.toThrow('stop');
  });

  test('diverged weights cause an error and leave nothing in the cache', async () => {
    const cache = memoryCache();
    const scoreLabels = async () => rows.map(() => [1, 2, 3].map(() => ({ logLikelihood: NaN, tokens: 1 })));
    const broken = { ...fakeModel(), scorer: { ...scorerOf(fakeModel()), scoreLabels } };
    const evaluation = makeEvaluator({ model: broken, task: taskFor(labelFile, rows), cache }).evaluate(
      { prompt, adapter: { id: 'a7' } as Adapter },
      rows,
    );
    await expect(evaluation).rejects.toMatchObject({ reason: 'not-finite' });
    expect((await makeEvaluator({ model: fakeModel(), task: taskFor(labelFile, rows), cache }).evaluate({ prompt }, rows)).score.mean).toBe(
      1,
    );
  });
});

describe('tasks and comparisons', () => {
  test('what cannot be measured is refused, with its place in the file', () => {
    const refused =
      (settings: string, data = rows) =>
      () =>
        taskFor(fileWith(settings), data);
    expect(refused('  metric: acuracy\n')).toThrow(
      expect.objectContaining({
        reason: 'unknown-metric',
        hint: 'Did you mean "accuracy"?',
        where: { file: 'a.prompt.md', line: 5, column: 11 },
      }),
    );
    expect(refused('  metric: accuracy\n')).toThrow(expect.objectContaining({ reason: 'metric-needs-labels' }));
    const many = rowsOf(Array.from({ length: 201 }, (_, i) => [`m${i}`, `label ${i}`] as const));
    expect(refused('  labels: from-data\n', many)).toThrow(expect.objectContaining({ reason: 'too-many-labels' }));
    expect(refused('  labels: from-data\n', rowsOf([['a', 'x']]))).toThrow(expect.objectContaining({ reason: 'too-few-labels' }));
    expect(
      refused(
        '  labels: from-data\n',
        rowsOf([
          ['a', 'x'],
          ['b', ' '],
        ]),
      ),
    ).toThrow(expect.objectContaining({ reason: 'no-output' }));
    expect(taskFor(fileWith('  labels: [x, y]\n'), []).labels).toEqual(['x', 'y']);
  });

  test('two evaluations are compared row by row, and only on the same rows', async () => {
    const evaluator = evaluatorOf();
    const [good, weak, fewer] = await Promise.all([
      evaluator.evaluate({ prompt }, rows),
      evaluator.evaluate({ prompt: { ...prompt, body: body.replace('GOOD', 'any') } }, rows),
      evaluator.evaluate({ prompt }, rows.slice(1)),
    ]);
    const { score, logLikelihood } = compareEvaluations(weak, good);
    expect([score.mean, logLikelihood!.mean]).toEqual([0.75, 2]);
    expect(score.probabilityBetter).toBeGreaterThan(0.9);
    expect(() => compareEvaluations(good, fewer)).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
    expect(() => compareEvaluations(fewer, good)).toThrow(expect.objectContaining({ reason: 'rows-differ' }));
  });

  test('calibration by the prior without rows is refused', async () => {
    const evaluator = makeEvaluator({
      model: fakeModel(),
      task: taskFor(fileWith('  labels: from-data\n  decoding: {calibration: prior}\n'), rows),
    });
    await expect(evaluator.evaluate({ prompt }, rows)).rejects.toMatchObject({ reason: 'no-calibration-rows' });
  });
});

describe('attributeLines', () => {
  test('a helpful line has a positive difference, a useless one none; tokens, changed predictions and demonstrations are reported', async () => {
    const candidate = { prompt: { ...prompt, demonstrations: [{ inputs: { message: 'grass' }, output: 'green' }] } };
    const seen: string[] = [];
    const { whole, items } = await attributeLines(evaluatorOf(), candidate, rows, {
      onItem: (item, done, total) => seen.push(`${done}/${total} ${item.kind}`),
    });
    expect(whole.score.mean).toBe(1);
    expect(items.map(({ kind, line, text, score, tokensSaved }) => [kind, line, text, score.mean, tokensSaved])).toEqual([
      ['line', 1, 'Say GOOD things.', 0.75, 3],
      ['line', 2, 'Useless line.', 0, 2],
      ['line', 6, 'Colour:', 0, 1],
      ['demonstrations', 4, '1 demonstration', 0, 4],
    ]);
    expect(items[0].logLikelihood!.mean).toBe(2);
    expect(items[0].changedPredictions).toEqual(
      rows
        .filter((_, i) => i !== 1)
        .map(({ id, values }) => ({ row: id, gold: values.colour, withLine: values.colour, withoutLine: 'red' })),
    );
    expect(seen).toEqual(['1/4 line', '2/4 line', '3/4 line', '4/4 demonstrations']);
  });
});

describe('rows without right answers', () => {
  const unanswered = ['the green one', 'a red one', 'blue sky'].map((message, place) => makeRow({ message }, place + 1));
  const judge: Metric = {
    name: './short.mjs',
    kind: 'text',
    judge: oneByOne(({ prediction }) => (prediction.length < 10 ? { score: 1 } : { score: 0.5, feedback: 'It should be shorter.' })),
  };

  test('a metric that needs no right answers judges the rows with feedback; no likelihood is computed', async () => {
    const log: string[] = [];
    const task = taskFor(fileWith('  metric: ./short.mjs\n'), unanswered, new Map([['./short.mjs', judge]]));
    const evaluation = await makeEvaluator({ model: fakeModel(log), task }).evaluate({ prompt: { body, demonstrations: [] } }, unanswered);
    expect(evaluation.rows.map(({ prediction, score, feedback }) => [prediction, score, feedback])).toEqual([
      ['the green one', 0.5, 'It should be shorter.'],
      ['a red one', 1, undefined],
      ['blue sky', 1, undefined],
    ]);
    expect(evaluation).not.toHaveProperty('logLikelihood');
    expect(evaluation.rows.flatMap(Object.keys).filter((key) => ['gold', 'logLikelihood'].includes(key))).toEqual([]);
    expect(log).toEqual(['generate 3']);
    // Each answer costs its own tokens and the token that ends it.
    const own = await makeEvaluator({ model: fakeModel(), task }).answer({ prompt: { body, demonstrations: [] } }, unanswered);
    expect(evaluation.tokensUsed).toBe(own.tokensUsed);
    expect(compareEvaluations(evaluation, evaluation)).not.toHaveProperty('logLikelihood');
  });

  test('right answers are still scored if the data has them', async () => {
    const task = taskFor(fileWith('  metric: ./short.mjs\n'), rows, new Map([['./short.mjs', judge]]));
    const evaluation = await makeEvaluator({ model: fakeModel(), task }).evaluate({ prompt: { body, demonstrations: [] } }, rows);
    expect(evaluation.logLikelihood!.rows).toBe(4);
    expect(evaluation.rows.map(({ gold }) => gold)).toEqual(['green', 'red', 'blue', 'blue']);
  });

  test('a metric that needs a right answer refuses, also as one of several', async () => {
    for (const metric of ['exact-match', '[./short.mjs, exact-match]']) {
      const task = taskFor(fileWith(`  metric: ${metric}\n`), unanswered, new Map([['./short.mjs', judge]]));
      const evaluating = makeEvaluator({ model: fakeModel(), task }).evaluate({ prompt: { body, demonstrations: [] } }, unanswered);
      await expect(evaluating).rejects.toMatchObject({ reason: 'missing-output' });
    }
  });
});
