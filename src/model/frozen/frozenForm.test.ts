/** @file Every form of frozen matrices computes with its numbers, for each family, including gradients. A toy form shows that a form is one file. */
import { describe, expect, test } from 'vitest';
import type { TensorValue } from '../../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { cast, gatherRows, matMul, mul } from '../../tensor/ops.ts';
import { makeEngine } from '../engine.ts';
import { loadModelFiles } from '../files/modelFiles.ts';
import { loadAdapter } from '../files/peft.ts';
import { trainWeights } from '../fullTraining.ts';
import { makeLocalModel } from '../localModel.ts';
import { logitsOf } from '../logits.fixture.ts';
import { initialSoftPrompt, vocabularyOf } from '../softPrompt.ts';
import { batchGradient } from '../training.ts';
import type { FrozenForm } from './frozenForm.ts';
import { frozenWeights } from './frozenWeights.ts';
import { int8 } from './int8.ts';

const integersName = (name: string): string => `${name}.integers`;
const scalesName = (name: string): string => `${name}.scales`;

/** Integers from -100 to 100, times the row's scale. */
const rounded: FrozenForm = {
  name: 'rounded',
  bytesPerNumber: 4,
  mark: '-rounded',
  feeds(name, { shape, data }) {
    const [rows, width] = shape;
    const scales = Float32Array.from({ length: rows }, (_, row) => {
      const values = data.subarray(row * width, (row + 1) * width);
      return Math.max(...values.map(Math.abs)) / 100 || 1;
    });
    const integers = Int32Array.from(data, (value, at) => Math.round(value / scales[Math.floor(at / width)]));
    return { [integersName(name)]: { shape, data: integers }, [scalesName(name)]: { shape: [rows, 1], data: scales } };
  },
  matrix(name, [rows, width], input) {
    const integers = input(integersName(name), [rows, width], 'int32');
    const scales = input(scalesName(name), [rows, 1]);
    return {
      product: (x) => matMul(x, mul(cast(integers, 'float32'), scales), { transB: true }),
      rows: (numbers) => mul(cast(gatherRows(integers, numbers), 'float32'), gatherRows(scales, numbers)),
    };
  },
  numbers(name, feeds) {
    const [integers, scales] = [feeds[integersName(name)], feeds[scalesName(name)]];
    const [, width] = integers.shape;
    return {
      shape: integers.shape,
      data: Float32Array.from(integers.data, (value, at) => Math.fround(value * scales.data[Math.floor(at / width)])),
    };
  },
};

const fixture = (name: string): string => new URL(`../../../test/fixtures/${name}`, import.meta.url).pathname;
const executor = onnxRuntimeExecutor({ threads: 1 });

/** The model in a form, and in float32 with the same numbers that the form computes with. */
async function bothForms(name: string, form: FrozenForm) {
  const { config, weights } = await loadModelFiles(fixture(name));
  const numbers = [...weights].map(([weight, tensor]) => {
    const isMatrix = tensor.shape.length === 2;
    return [weight, isMatrix ? form.numbers(weight, form.feeds(weight, tensor)) : tensor] as const;
  });
  return { formed: makeEngine(config, frozenWeights(weights, form), executor), whole: makeEngine(config, new Map(numbers), executor) };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i]) / scale).toBeLessThan(1e-4);
}

const families = ['tiny-tied', 'tiny-untied', 'tiny-llama3', 'tiny-biased', 'tiny-mistral', 'tiny-qwen2', 'tiny-qwen3'];
const cases = [rounded, int8].flatMap((form) => families.map((name) => ({ form, name, formName: form.name })));

describe.each(cases)('$name as $formName', ({ name, form }) => {
  test('logits, with and without an adapter, are those of the numbers that it computes with', async () => {
    const { formed, whole } = await bothForms(name, form);
    const adapter = await loadAdapter(fixture(`${name}/adapter`));
    for (const tuned of [undefined, adapter]) {
      const tokens = [5, 9, 17, 33];
      expectClose(await logitsOf(formed, tokens, tuned), await logitsOf(whole, tokens, tuned));
    }
  });

  test('gradients of a LoRA and of a soft prompt flow through it', async () => {
    const { formed, whole } = await bothForms(name, form);
    const adapter = await loadAdapter(fixture(`${name}/adapter`));
    const vocabulary = vocabularyOf(formed.config, formed.matrix('model.embed_tokens.weight'));
    const soft = initialSoftPrompt(vocabulary, { start: 'random', tokens: 2, text: '', ids: [], seed: 1 });
    const virtual = [0, 1].map((row) => formed.config.vocabularySize + row);
    const examples = [3, 4, 5].map((token) => ({ prompt: [...virtual, 10, token], answer: [20, token] }));
    const [actual, expected] = await Promise.all([formed, whole].map((engine) => batchGradient(engine, { ...adapter, soft }, examples, 0)));
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    expect([...actual.gradients.keys()]).toEqual([...expected.gradients.keys()]);
    for (const [parameter, gradient] of expected.gradients) expectClose(actual.gradients.get(parameter) ?? [], gradient);
  });
});

test('the float32 matrices are not fed in addition, and the weights themselves are not trained', async () => {
  const { formed, whole } = await bothForms('tiny-untied', rounded);
  const matrices = (feeds: Readonly<Record<string, TensorValue>>): string[] =>
    Object.keys(feeds).filter((name) => /_proj\.weight/.test(name));
  expect(matrices(formed.weights)).toHaveLength(2 * matrices(whole.weights).length);
  expect(() => trainWeights(formed)).toThrow(expect.objectContaining({ reason: 'not-trainable' }));
});

test.each(families)('%s as int8 scores labels and likelihoods and writes the answers of its float32 numbers', async (name) => {
  const files = await loadModelFiles(fixture(name));
  const { formed, whole } = await bothForms(name, int8);
  const [ours, theirs] = [formed, whole].map(({ form, weights }) =>
    makeLocalModel({ ...files, weights: { form, feeds: weights } }, executor),
  );
  const [questions, labels] = [
    ['Where is Paris?', 'Where is it?'],
    [' 1', ' two'],
  ];
  const adapter = await loadAdapter(fixture(`${name}/adapter`));
  for (const options of [{}, { adapter }]) {
    const [actual, expected] = await Promise.all([ours, theirs].map((model) => model.scorer.scoreLabels(questions, labels, options)));
    expectClose(actual.flat().map(likelihood), expected.flat().map(likelihood));
    const [written, right] = await Promise.all(
      [ours, theirs].map((model) => model.generate(questions, { maxTokens: 5, stop: [], temperature: 0, topP: 1, seed: 0, ...options })),
    );
    expect(written.map(({ text }) => text)).toEqual(right.map(({ text }) => text));
  }
});

const likelihood = ({ logLikelihood }: { readonly logLikelihood: number }): number => logLikelihood;

test('a model in another form has another fingerprint, because its scores differ', async () => {
  const files = await loadModelFiles(fixture('tiny-tied'));
  expect(makeLocalModel(files, executor).fingerprint).toBe(files.fingerprint);
  const model = makeLocalModel({ ...files, weights: frozenWeights(files.weights, rounded) }, executor);
  expect(model.fingerprint).toBe(`${files.fingerprint}-rounded`);
  const [[score]] = await model.scorer.scoreLabels(['Where is Paris?'], [' 1']);
  expect(score.logLikelihood).toBeLessThan(0);
});
