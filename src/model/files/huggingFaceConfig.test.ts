/** @file Tests of the model config reader, for every family, and of the rotary frequencies. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mostPositions } from '../modelShape.ts';
import { huggingFaceConfig, parseHuggingFaceConfig } from './huggingFaceConfig.ts';
import { inverseFrequencies } from '../rotary.ts';

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

test('a config in the format of transformers 4 is read', () => {
  expect(parseHuggingFaceConfig(smollm, 'config.json')).toEqual({
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
  const config = parseHuggingFaceConfig({ ...rest, rope_parameters: { rope_theta: theta, rope_type: 'linear', factor: 2 } }, 'config.json');
  expect(config).toMatchObject({ ropeTheta: 100000, ropeScaling: { type: 'linear', factor: 2 } });
});

test('the config of a llama3-scaled model is read from disk', () => {
  const file = 'test/fixtures/tiny-llama3/config.json';
  const config = parseHuggingFaceConfig(JSON.parse(readFileSync(file, 'utf8')), file);
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

test('rotary frequencies are computed without scaling, and with separate divisors', () => {
  const config = parseHuggingFaceConfig({ ...smollm, head_dim: 4, rope_theta: 100 }, 'config.json');
  expect([...inverseFrequencies(config)]).toEqual([1, 0.1]);
  expect([...inverseFrequencies({ ...config, ropeScaling: { type: 'divisors', divisors: [1, 4] } })]).toEqual([1, 0.025]);
});

test('what Qwen2, Qwen3 and Mistral add to Llama is read', () => {
  const of = (change: object) => parseHuggingFaceConfig({ ...smollm, ...change }, 'config.json');
  const qwen2 = { architectures: ['Qwen2ForCausalLM'], use_sliding_window: false, sliding_window: 4096, max_window_layers: 21 };
  expect(of(qwen2).biases).toEqual(['q_proj', 'k_proj', 'v_proj']);
  expect(of(qwen2).slidingWindow).toBeUndefined();
  expect(of({ ...qwen2, use_sliding_window: true }).slidingWindow).toEqual({ size: 4096, layers: [21, 22, 23, 24, 25, 26, 27, 28, 29] });
  const types = Array.from({ length: 30 }, (_, layer) => (layer % 10 ? 'full_attention' : 'sliding_attention'));
  expect(of({ ...qwen2, use_sliding_window: true, layer_types: types }).slidingWindow).toEqual({ size: 4096, layers: [0, 10, 20] });
  expect(of({ architectures: ['Qwen3ForCausalLM'] })).toMatchObject({ queryKeyNorm: true, headSize: 128 });
  expect(of({ architectures: ['Qwen3ForCausalLM'], attention_bias: true }).biases).toEqual(['q_proj', 'k_proj', 'v_proj', 'o_proj']);
  const mistral = { architectures: ['MistralForCausalLM'] };
  expect(of(mistral).slidingWindow).toMatchObject({ size: 4096 });
  expect(of(mistral).slidingWindow?.layers).toHaveLength(30);
  expect(of({ ...mistral, sliding_window: null }).slidingWindow).toBeUndefined();
  // A window that no text exceeds does not count.
  expect(of({ ...mistral, sliding_window: 8192 }).slidingWindow).toBeUndefined();
});

test('a model that could read millions of tokens is limited to the length of the rotary tables', () => {
  expect(parseHuggingFaceConfig({ ...smollm, max_position_embeddings: 1_010_000 }, 'config.json').maxPositions).toBe(mostPositions);
});

test.each(['tiny-tied', 'tiny-untied', 'tiny-llama3', 'tiny-qwen2', 'tiny-qwen3', 'tiny-mistral', 'tiny-biased'])(
  '%s: the config that is written is read back as the same',
  (name) => {
    const file = `test/fixtures/${name}/config.json`;
    const config = parseHuggingFaceConfig(JSON.parse(readFileSync(file, 'utf8')), file);
    const written = huggingFaceConfig(config);
    expect(parseHuggingFaceConfig(JSON.parse(JSON.stringify(written)), 'config.json')).toEqual(config);
    expect(written.architectures).toEqual((JSON.parse(readFileSync(file, 'utf8')) as { architectures: string[] }).architectures);
  },
);

test('the frequencies and the attention scaling of YaRN are those of transformers', () => {
  const file = 'test/fixtures/tiny-qwen3/config.json';
  const config = parseHuggingFaceConfig(JSON.parse(readFileSync(file, 'utf8')), file);
  expect(config.ropeScaling).toMatchObject({ type: 'yarn', factor: 4, originalMaxPositions: 64, betaFast: 32, betaSlow: 1 });
  // transformers' Qwen3RotaryEmbedding.inv_freq and attention_scaling of this model
  const expected = [1.0, 0.0625, 0.0024999999441206455, 0.0002500000118743628];
  inverseFrequencies(config).forEach((frequency, i) => expect(frequency).toBeCloseTo(expected[i], 7));
  expect(config.ropeScaling).toHaveProperty('attentionFactor', expect.closeTo(1.138629436111989, 6));
});

test.each([
  [{ architectures: ['GPT2LMHeadModel'] }, 'unsupported-model'],
  [{ architectures: ['Qwen2MoeForCausalLM'] }, 'unsupported-model'],
  [{ architectures: undefined, model_type: 'gemma3' }, 'unsupported-model'],
  [{ quantization_config: { bits: 4 } }, 'unsupported-model'],
  [{ partial_rotary_factor: 0.5 }, 'unsupported-model'],
  [{ attention_bias: 'yes' }, 'bad-model-config'],
  [{ hidden_act: 'gelu' }, 'unsupported-model'],
  [{ rope_scaling: { rope_type: 'longrope', factor: 4 } }, 'unsupported-model'],
  [{ rope_scaling: { rope_type: 'yarn', factor: -4 } }, 'bad-model-config'],
  [{ rope_theta: 0 }, 'bad-model-config'],
  [{ num_hidden_layers: 1e9 }, 'bad-model-config'],
  [{ vocab_size: 1e12 }, 'bad-model-config'],
  [{ architectures: ['MistralForCausalLM'], sliding_window: 0 }, 'bad-model-config'],
  [{ hidden_size: undefined }, 'bad-model-config'],
  [{ num_attention_heads: 'nine' }, 'bad-model-config'],
  [{ num_key_value_heads: 4 }, 'bad-model-config'],
])('%j is refused with a reason', (change, reason) => {
  expect(() => parseHuggingFaceConfig({ ...smollm, ...change }, 'config.json')).toThrow(
    expect.objectContaining({ reason, where: { file: 'config.json' }, hint: expect.any(String) as string }),
  );
});

test('a value of the wrong type is shown in the error', () => {
  expect(() => parseHuggingFaceConfig({ ...smollm, num_attention_heads: 'nine' }, 'config.json')).toThrow(
    '"num_attention_heads" in the model config is nine, not a number.',
  );
});
