/** @file Tests of the model config reader and the rotary frequencies. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseLlamaConfig } from './llamaConfig.ts';
import { inverseFrequencies } from './rotary.ts';

const smollm = {
  architectures: ['LlamaForCausalLM'],
  vocab_size: 49152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  tie_word_embeddings: true,
  max_position_embeddings: 8192,
};

test('a config as transformers 4 writes it', () => {
  expect(parseLlamaConfig(smollm, 'config.json')).toEqual({
    vocabularySize: 49152,
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 30,
    heads: 9,
    keyValueHeads: 3,
    headSize: 64,
    ropeTheta: 100000,
    rmsNormEps: 1e-5,
    tiedEmbeddings: true,
    maxPositions: 8192,
  });
});

test('transformers 5 writes rope_parameters instead of rope_theta and rope_scaling', () => {
  const { rope_theta: theta, ...rest } = smollm;
  const config = parseLlamaConfig({ ...rest, rope_parameters: { rope_theta: theta, rope_type: 'linear', factor: 2 } }, 'config.json');
  expect(config).toMatchObject({ ropeTheta: 100000, ropeScaling: { type: 'linear', factor: 2 } });
});

test('the config of a llama3-scaled model from disk', () => {
  const file = 'test/fixtures/tiny-llama3/config.json';
  const config = parseLlamaConfig(JSON.parse(readFileSync(file, 'utf8')), file);
  expect(config.ropeScaling).toEqual({
    type: 'llama3',
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalMaxPositions: 64,
  });
  // transformers' LlamaRotaryEmbedding.inv_freq of this model
  const expected = [1, 0.10198933631181717, 0.005801985505968332, 0.0012499999720603228, 0.0002693042915780097, 5.801986844744533e-5];
  inverseFrequencies(config).forEach((frequency, i) => expect(frequency).toBeCloseTo(expected[i], 7));
});

test('rotary frequencies without scaling, and divided one by one', () => {
  const config = parseLlamaConfig({ ...smollm, head_dim: 4, rope_theta: 100 }, 'config.json');
  expect([...inverseFrequencies(config)]).toEqual([1, 0.1]);
  expect([...inverseFrequencies({ ...config, ropeScaling: { type: 'divisors', divisors: [1, 4] } })]).toEqual([1, 0.025]);
});

test.each([
  [{ architectures: ['GPT2LMHeadModel'] }, 'unsupported-model'],
  [{ attention_bias: true }, 'unsupported-model'],
  [{ mlp_bias: true }, 'unsupported-model'],
  [{ hidden_act: 'gelu' }, 'unsupported-model'],
  [{ rope_scaling: { rope_type: 'yarn', factor: 4 } }, 'unsupported-model'],
  [{ sliding_window: 4096 }, 'unsupported-model'],
  [{ hidden_size: undefined }, 'bad-model-config'],
  [{ num_attention_heads: 'nine' }, 'bad-model-config'],
  [{ num_key_value_heads: 4 }, 'bad-model-config'],
])('%j is refused with a reason', (change, reason) => {
  expect(() => parseLlamaConfig({ ...smollm, ...change }, 'config.json')).toThrow(
    expect.objectContaining({ reason, where: { file: 'config.json' } }),
  );
});
