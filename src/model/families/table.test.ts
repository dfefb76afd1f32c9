/** @file Tests that a family is one entry of the table: a toy one is read from both kinds of files and written to both, and no other code knows it. */
import { expect, test } from 'vitest';
import { ggufPlan } from '../files/gguf.ts';
import type { GgufValue } from '../files/ggufHeader.ts';
import { ggufName } from '../files/ggufNames.ts';
import { huggingFaceConfig, parseHuggingFaceConfig } from '../files/huggingFaceConfig.ts';
import { numberFormats } from '../files/numberFormats.ts';
import { weightShapes } from '../files/weights.ts';
import type { ModelShape } from '../modelShape.ts';
import { readConfigShape, writtenConfigShape } from './configShape.ts';
import type { Family } from './family.ts';
import { ggufNames, readGgufShape, writtenGgufShape } from './ggufShape.ts';
import { families, familyHint, ggufFor } from './table.ts';

const { ffn_gate: gate, ...layerNames } = ggufNames.layer;

/** A Llama in which only the gates have a bias, which its config calls "gated". */
const toy: Family = {
  name: 'Toy',
  config: {
    architectures: ['ToyForCausalLM'],
    modelType: 'toy',
    variants: ['biases'],
    read: (fields) => readConfigShape(fields, { biases: fields.flag('gated', false) ? ['gate_proj'] : [], maxPositions: 64 }),
    write: (shape) => (shape.biases?.join() === 'gate_proj' ? writtenConfigShape(shape, { gated: true }) : undefined),
  },
  gguf: {
    architecture: 'toy',
    variants: ['biases'],
    read: (source) => readGgufShape(source, 'toy', { biases: ['gate_proj'] }),
    holds: (shape) => shape.biases?.join() === 'gate_proj',
    write: writtenGgufShape,
    names: { ...ggufNames, layer: { ...layerNames, toy_gate: gate } },
  },
};
const withToy = [toy, ...families];

const json = {
  architectures: ['ToyForCausalLM'],
  gated: true,
  vocab_size: 4,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
};
const shape = parseHuggingFaceConfig(json, 'config.json', withToy);

test('a family reads its config.json, by its class or by its model type, and writes it', () => {
  expect(shape).toMatchObject({ biases: ['gate_proj'], maxPositions: 64, keyValueHeads: 2, headSize: 4 });
  const { architectures, ...unnamed } = json;
  expect(parseHuggingFaceConfig({ ...unnamed, model_type: 'toy' }, 'config.json', withToy)).toEqual(shape);
  const written = huggingFaceConfig(shape, withToy);
  expect(written).toMatchObject({ architectures, model_type: 'toy', gated: true });
  expect(parseHuggingFaceConfig(written, 'config.json', withToy)).toEqual(shape);
});

test('a family reads and writes GGUF metadata with its own tensor names', () => {
  const gguf = ggufFor(shape, withToy);
  expect(gguf.architecture).toBe('toy');
  const written = Object.entries(gguf.write(shape)).map(([key, { value }]) => [`toy.${key}`, value] as const);
  const header = {
    metadata: new Map<string, GgufValue>([...written, ['general.architecture', 'toy'], ['tokenizer.ggml.tokens', ['a', 'b', 'c', 'd']]]),
    tensors: [...weightShapes(shape)].map(([name, sizes]) => ({
      name: ggufName(name, gguf.names),
      shape: sizes,
      format: numberFormats.F32,
      position: 0,
    })),
  };
  expect(header.tensors.map(({ name }) => name)).toContain('blk.0.toy_gate.bias');
  const plan = ggufPlan(header, undefined, 'toy.gguf', withToy);
  expect(plan.config).toEqual(shape);
  expect([...plan.tensors.keys()]).toEqual([...weightShapes(shape).keys()]);
});

test('without its line in the table it is unknown', () => {
  expect(() => parseHuggingFaceConfig(json, 'config.json')).toThrow(
    expect.objectContaining({ reason: 'unsupported-model', hint: familyHint }),
  );
  expect(() => huggingFaceConfig(shape)).toThrow('No model family of transformers');
  expect(ggufFor(shape).architecture).toBe('llama');
  expect(familyHint).toMatch(/^Use a model of the families Llama, Mistral, .* or \w+, e\.g\. smollm2-135m\.$/);
  expect(families.map(({ name }) => familyHint.includes(name))).not.toContain(false);
});

test('a field of shapes that a family does not know is not lost: the model is written by one that names it, or not at all', () => {
  const { biases: _, ...plain } = shape;
  const scaled: ModelShape = { ...plain, ...{ residualScale: 0.5 } };
  expect(() => huggingFaceConfig(scaled)).toThrow('No model family of transformers');
  expect(() => ggufFor(scaled)).toThrow('No architecture of llama.cpp');
  expect(huggingFaceConfig(plain)).toMatchObject({ model_type: 'llama' });
  expect(ggufFor(plain).architecture).toBe('llama');
});
