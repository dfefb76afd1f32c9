/** @file The shape of a Llama-family model, read from Hugging Face's config.json, and what is too large or odd to be one. */
import { TandemError } from '../errors.ts';
import { linearNames, type LinearName } from './linears.ts';
import { configFields, damagedHint, familyHint, isRecord, shown, type ConfigFields } from './configFields.ts';
import { readRope, writtenScaling, type RopeScaling } from './rotary.ts';

/** Optional fields are absent, not empty: a model's fingerprint covers this object as JSON. */
export interface LlamaConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** Width of the gated MLP. */
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
  readonly rmsNormEps: number;
  /** The output matrix is the embedding matrix: there is no `lm_head.weight`. */
  readonly tiedEmbeddings: boolean;
  readonly maxPositions: number;
  /** Linears with a bias (Qwen2: q, k, v), in the order of `linearNames`. */
  readonly biases?: readonly LinearName[];
  /** Each head's query and key is normed before it is rotated (Qwen3). */
  readonly queryKeyNorm?: true;
  readonly slidingWindow?: SlidingWindow;
}

/** Layers in which a token sees only the latest `size` tokens, itself included. */
export interface SlidingWindow {
  readonly size: number;
  readonly layers: readonly number[];
}

/** Rotary tables have at most this many positions. Models that could read more are limited to this. */
export const mostPositions = 131_072;

/**
 * Reads a config.json (as transformers 4 or 5 writes it).
 * @param file  named in errors
 * @throws TandemError 'unsupported-model' for an architecture that the graph does not compute, 'bad-model-config' for a missing or odd field
 */
export function parseLlamaConfig(json: unknown, file: string): LlamaConfig {
  if (!isRecord(json))
    throw new TandemError('bad-model-config', 'The model config is not a JSON object.', { where: { file }, hint: damagedHint });
  const family = familyOf(json, file);
  const fields = configFields(json, file);
  const hiddenSize = fields.count('hidden_size');
  const heads = fields.count('num_attention_heads');
  const layers = fields.count('num_hidden_layers');
  const maxPositions = fields.count('max_position_embeddings', family.maxPositions);
  requireSizes({ layers }, file);
  return checkedConfig(
    {
      vocabularySize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('intermediate_size'),
      layers,
      heads,
      keyValueHeads: fields.count('num_key_value_heads', json.num_key_value_heads === undefined ? (family.keyValueHeads ?? heads) : heads),
      headSize: fields.count('head_dim', json.head_dim === undefined ? (family.headSize ?? hiddenSize / heads) : hiddenSize / heads),
      ...readRope(json, file),
      rmsNormEps: fields.number('rms_norm_eps', 1e-6),
      tiedEmbeddings: fields.flag('tie_word_embeddings', false),
      maxPositions,
      ...biasesField(family.biases(fields)),
      ...(family.queryKeyNorm && { queryKeyNorm: true }),
      ...windowField(family.window(fields, json, layers), maxPositions),
    },
    file,
  );
}

/** The config.json that transformers and `parseLlamaConfig` read back. @throws TandemError 'unsupported-model' for what only GGUF can say */
export function huggingFaceConfig(config: LlamaConfig): Record<string, unknown> {
  const { biases = [], queryKeyNorm, slidingWindow } = config;
  const [architecture, { modelType }] = writingFamily(config);
  return {
    architectures: [architecture],
    model_type: modelType,
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    rope_theta: config.ropeTheta,
    ...(config.ropeScaling && { rope_scaling: writtenScaling(config.ropeScaling) }),
    rms_norm_eps: config.rmsNormEps,
    tie_word_embeddings: config.tiedEmbeddings,
    max_position_embeddings: config.maxPositions,
    ...(modelType !== 'qwen2' && biases.includes('q_proj') && { attention_bias: true }),
    ...(biases.includes('up_proj') && { mlp_bias: true }),
    ...(modelType === 'mistral' && { sliding_window: slidingWindow?.size ?? null }),
    ...((modelType === 'qwen2' || queryKeyNorm) &&
      slidingWindow && {
        use_sliding_window: true,
        sliding_window: slidingWindow.size,
        layer_types: Array.from({ length: config.layers }, (_, layer) =>
          slidingWindow.layers.includes(layer) ? 'sliding_attention' : 'full_attention',
        ),
      }),
    hidden_act: 'silu',
    torch_dtype: 'float32',
  };
}

/** Checks that the sizes fit together and into a machine; every reader of a config passes through here. */
export function checkedConfig(config: LlamaConfig, file: string): LlamaConfig {
  const wrong = (what: string): TandemError =>
    new TandemError('bad-model-config', `The model's sizes do not fit: ${what}.`, { where: { file }, hint: damagedHint });
  requireSizes(config, file);
  const { headSize, heads, keyValueHeads, ropeScaling, ropeTheta, rmsNormEps } = config;
  if (headSize % 2 !== 0) throw wrong(`a head of ${headSize} is not an even number`);
  const divisors = ropeScaling?.type === 'divisors' ? ropeScaling.divisors : [];
  if (ropeScaling?.type === 'divisors' && divisors.length !== headSize / 2)
    throw wrong(`${divisors.length} rotary divisors for ${headSize / 2} frequencies`);
  if (divisors.some((divisor) => !(divisor > 0 && divisor < Infinity))) throw wrong('a rotary divisor is not above zero');
  if (heads % keyValueHeads !== 0) throw wrong(`${heads} heads cannot share ${keyValueHeads} key-value heads`);
  if (!(ropeTheta > 1 && ropeTheta < Infinity)) throw wrong(`the rotary base is ${ropeTheta}, not above 1`);
  if (!(rmsNormEps >= 0 && rmsNormEps < 1)) throw wrong(`the epsilon is ${rmsNormEps}, not at least 0 and below 1`);
  return config.maxPositions > mostPositions ? { ...config, maxPositions: mostPositions } : config;
}

/** Far above every model that a machine of ours could run; a config beyond them is damaged or hostile. */
const largest = {
  vocabularySize: 2 ** 22,
  hiddenSize: 2 ** 17,
  intermediateSize: 2 ** 19,
  layers: 1024,
  heads: 4096,
  keyValueHeads: 4096,
  headSize: 512,
  maxPositions: 2 ** 31,
} as const satisfies Partial<Record<keyof LlamaConfig, number>>;

function requireSizes(config: Partial<LlamaConfig>, file: string): void {
  for (const [name, most] of Object.entries(largest)) {
    const size = config[name as keyof typeof largest];
    if (size === undefined || (Number.isInteger(size) && size > 0 && size <= most)) continue;
    throw new TandemError('bad-model-config', `The model's sizes do not fit: ${name} is ${size}, not a whole number from 1 to ${most}.`, {
      where: { file },
      hint: damagedHint,
    });
  }
}

const attentionLinears = ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const;
const mlpLinears = ['gate_proj', 'up_proj', 'down_proj'] as const;

/** What the architectures that share this transformer do differently, and what their configs leave out. */
interface Family {
  readonly modelType: string;
  readonly biases: (fields: ConfigFields) => readonly LinearName[];
  readonly queryKeyNorm?: true;
  readonly window: (fields: ConfigFields, json: Readonly<Record<string, unknown>>, layers: number) => SlidingWindow | undefined;
  readonly keyValueHeads?: number;
  readonly headSize?: number;
  readonly maxPositions: number;
}

const attentionBias = (fields: ConfigFields): readonly LinearName[] => (fields.flag('attention_bias', false) ? attentionLinears : []);

/** By transformers' class names; the defaults are those of its config classes. */
const families: Readonly<Record<string, Family>> = {
  LlamaForCausalLM: {
    modelType: 'llama',
    biases: (fields) => [...attentionBias(fields), ...(fields.flag('mlp_bias', false) ? mlpLinears : [])],
    window: () => undefined,
    maxPositions: 2048,
  },
  MistralForCausalLM: {
    modelType: 'mistral',
    biases: () => [],
    window: (fields, json, layers) =>
      json.sliding_window === null ? undefined : { size: fields.count('sliding_window', 4096), layers: range(0, layers) },
    keyValueHeads: 8,
    maxPositions: 131_072,
  },
  Qwen2ForCausalLM: {
    modelType: 'qwen2',
    biases: () => ['q_proj', 'k_proj', 'v_proj'],
    window: qwenWindow,
    keyValueHeads: 32,
    maxPositions: 32_768,
  },
  Qwen3ForCausalLM: {
    modelType: 'qwen3',
    biases: attentionBias,
    queryKeyNorm: true,
    window: qwenWindow,
    keyValueHeads: 32,
    headSize: 128,
    maxPositions: 32_768,
  },
};

function familyOf(json: Readonly<Record<string, unknown>>, file: string): Family {
  const refuse = (message: string): TandemError =>
    new TandemError('unsupported-model', message, {
      where: { file },
      hint: familyHint,
    });
  const architectures = Array.isArray(json.architectures) ? json.architectures.map(shown) : [];
  const family = architectures.length
    ? architectures.filter((name) => Object.hasOwn(families, name)).map((name) => families[name])[0]
    : Object.values(families).find(({ modelType }) => modelType === json.model_type);
  if (!family) throw refuse(`The architecture ${architectures.join(', ') || shown(json.model_type)} is not supported.`);
  if (json.hidden_act !== undefined && json.hidden_act !== 'silu')
    throw refuse(`The activation "${shown(json.hidden_act)}" is not supported, only "silu".`);
  if (isRecord(json.quantization_config)) throw refuse('Quantized Hugging Face directories are not supported. Quantized GGUF files are.');
  return family;
}

/** Layers by `layer_types`, or all from `max_window_layers` on. */
function qwenWindow(fields: ConfigFields, json: Readonly<Record<string, unknown>>, layers: number): SlidingWindow | undefined {
  const size = fields.flag('use_sliding_window', false) && json.sliding_window !== null ? fields.count('sliding_window', 4096) : undefined;
  if (size === undefined) return undefined;
  const types = Array.isArray(json.layer_types) ? json.layer_types : undefined;
  const sliding = types
    ? range(0, layers).filter((layer) => types[layer] === 'sliding_attention')
    : range(Math.max(0, fields.number('max_window_layers', 28)), layers);
  return { size, layers: sliding };
}

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i);

/** A window that no text outgrows, or that no layer has, is none. */
function windowField(window: SlidingWindow | undefined, maxPositions: number): { slidingWindow?: SlidingWindow } {
  return window?.layers.length && window.size < Math.min(maxPositions, mostPositions) ? { slidingWindow: window } : {};
}

export function biasesField(biases: readonly LinearName[]): { biases?: readonly LinearName[] } {
  return biases.length ? { biases: linearNames.filter((name) => biases.includes(name)) } : {};
}

/** The family whose config can say all of this. */
function writingFamily({ biases = [], queryKeyNorm, slidingWindow, layers }: LlamaConfig): readonly [string, Family] {
  const has = biases.join();
  const all = slidingWindow?.layers.length === layers;
  const attention = attentionLinears.join();
  const fits: Readonly<Record<string, boolean>> = {
    LlamaForCausalLM: !queryKeyNorm && !slidingWindow && ['', attention, mlpLinears.join(), linearNames.join()].includes(has),
    MistralForCausalLM: !queryKeyNorm && all && has === '',
    Qwen2ForCausalLM: !queryKeyNorm && has === 'q_proj,k_proj,v_proj',
    Qwen3ForCausalLM: queryKeyNorm === true && (has === '' || has === attention),
  };
  const found = Object.entries(families).find(([name]) => fits[name]);
  if (!found) throw new TandemError('unsupported-model', 'No model family of transformers has the biases and windows of this model.');
  return found;
}
