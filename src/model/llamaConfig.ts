/** @file The shape of a Llama-family model, read from Hugging Face's config.json, and its rotary frequencies. */
import { TandemError } from '../errors.ts';

/** Llama 3.1's stretching of the slow rotary frequencies. */
export interface Llama3Scaling {
  readonly type: 'llama3';
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalMaxPositions: number;
}

/** All rotary frequencies divided by one factor. */
export interface LinearScaling {
  readonly type: 'linear';
  readonly factor: number;
}

/** Each rotary frequency divided by its own factor: how GGUF files say llama3. */
export interface DivisorScaling {
  readonly type: 'divisors';
  /** [headSize / 2]. */
  readonly divisors: readonly number[];
}

export type RopeScaling = Llama3Scaling | LinearScaling | DivisorScaling;

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
}

/**
 * Reads a config.json (as transformers 4 or 5 writes it).
 * @param file  named in errors
 * @throws TandemError 'unsupported-model' for an architecture that the graph does not compute, 'bad-model-config' for a missing or odd field
 */
export function parseLlamaConfig(json: unknown, file: string): LlamaConfig {
  if (!isRecord(json)) throw new TandemError('bad-model-config', 'The model config is not a JSON object.', { where: { file } });
  refuseUnsupported(json, file);
  const fields = new Fields(json, file);
  const hiddenSize = fields.count('hidden_size');
  const heads = fields.count('num_attention_heads');
  const rope = isRecord(json.rope_parameters) ? json.rope_parameters : undefined;
  const scaling = rope ?? (isRecord(json.rope_scaling) ? json.rope_scaling : undefined);
  return checkedConfig(
    {
      vocabularySize: fields.count('vocab_size'),
      hiddenSize,
      intermediateSize: fields.count('intermediate_size'),
      layers: fields.count('num_hidden_layers'),
      heads,
      keyValueHeads: fields.count('num_key_value_heads', heads),
      headSize: fields.count('head_dim', hiddenSize / heads),
      ropeTheta: (rope && new Fields(rope, file).optional('rope_theta')) ?? fields.number('rope_theta', 10000),
      ...ropeScalingField(scaling, file),
      rmsNormEps: fields.number('rms_norm_eps', 1e-6),
      tiedEmbeddings: json.tie_word_embeddings === true,
      maxPositions: fields.count('max_position_embeddings', 2048),
    },
    file,
  );
}

/** The config.json that transformers and `parseLlamaConfig` read back. @throws TandemError 'unsupported-model' for rotary divisors, which only GGUF can say */
export function huggingFaceConfig(config: LlamaConfig): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
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
    hidden_act: 'silu',
    torch_dtype: 'float32',
  };
}

function writtenScaling(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type === 'linear') return { rope_type: 'linear', factor: scaling.factor };
  if (scaling.type === 'divisors')
    throw new TandemError('unsupported-model', 'Rotary divisors of a GGUF file cannot be written to a config.json.');
  return {
    rope_type: 'llama3',
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}

/** Checks that the sizes fit together; every reader of a config passes through here. */
export function checkedConfig(config: LlamaConfig, file: string): LlamaConfig {
  const wrong = (what: string): TandemError =>
    new TandemError('bad-model-config', `The model's sizes do not fit: ${what}.`, { where: { file } });
  if (!Number.isInteger(config.headSize) || config.headSize % 2 !== 0) throw wrong(`a head of ${config.headSize} is not an even number`);
  const divisors = config.ropeScaling?.type === 'divisors' ? config.ropeScaling.divisors.length : config.headSize / 2;
  if (divisors !== config.headSize / 2) throw wrong(`${divisors} rotary divisors for ${config.headSize / 2} frequencies`);
  if (config.heads % config.keyValueHeads !== 0) throw wrong(`${config.heads} heads cannot share ${config.keyValueHeads} key-value heads`);
  return config;
}

/** Rotary angle per position of each pair (i, i + headSize / 2) of a head: [headSize / 2]. Su et al. 2021; Llama 3.1 for the scaling. */
export function inverseFrequencies(config: LlamaConfig): Float64Array {
  const half = config.headSize / 2;
  const frequencies = Float64Array.from({ length: half }, (_, i) => config.ropeTheta ** (-i / half));
  const scaling = config.ropeScaling;
  switch (scaling?.type) {
    case undefined:
      return frequencies;
    case 'linear':
      return frequencies.map((frequency) => frequency / scaling.factor);
    case 'llama3':
      return frequencies.map((frequency) => llama3Frequency(frequency, scaling));
    case 'divisors':
      return frequencies.map((frequency, i) => frequency / scaling.divisors[i]);
  }
}

/** Fast frequencies stay, slow ones are divided by the factor, those between are blended. */
function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions } = scaling;
  const turns = (originalMaxPositions * frequency) / (2 * Math.PI);
  if (turns > high) return frequency;
  if (turns < low) return frequency / factor;
  const smooth = (turns - low) / (high - low);
  return (1 - smooth) * (frequency / factor) + smooth * frequency;
}

const supportedArchitectures = ['LlamaForCausalLM', 'MistralForCausalLM'];

function refuseUnsupported(json: Record<string, unknown>, file: string): void {
  const refuse = (message: string): TandemError =>
    new TandemError('unsupported-model', message, { where: { file }, hint: 'Use a Llama-family model without biases, e.g. smollm2-135m.' });
  const architectures = Array.isArray(json.architectures) ? json.architectures.map(String) : [];
  const byType = json.model_type === 'llama' || json.model_type === 'mistral';
  if (!(architectures.length > 0 ? architectures.some((name) => supportedArchitectures.includes(name)) : byType)) {
    throw refuse(`The architecture ${architectures.join(', ') || shown(json.model_type)} is not supported.`);
  }
  if (json.attention_bias === true || json.mlp_bias === true) throw refuse('Models with biases in their linear layers are not supported.');
  if (json.hidden_act !== undefined && json.hidden_act !== 'silu')
    throw refuse(`The activation "${shown(json.hidden_act)}" is not supported, only "silu".`);
  if (typeof json.sliding_window === 'number') throw refuse('Models with sliding-window attention are not supported.');
  if (isRecord(json.quantization_config)) throw refuse('Quantized Hugging Face directories are not supported; GGUF files are.');
}

function ropeScalingField(rope: Record<string, unknown> | undefined, file: string): { ropeScaling?: RopeScaling } {
  if (!rope) return {};
  const fields = new Fields(rope, file);
  const type = rope.rope_type ?? rope.type ?? 'default';
  const partial = fields.number('partial_rotary_factor', 1);
  if (partial !== 1)
    throw new TandemError('unsupported-model', 'Models that rotate only a part of each head are not supported.', { where: { file } });
  if (type === 'default') return {};
  if (type === 'linear') return { ropeScaling: { type, factor: fields.number('factor') } };
  if (type === 'llama3') {
    return {
      ropeScaling: {
        type,
        factor: fields.number('factor'),
        lowFrequencyFactor: fields.number('low_freq_factor'),
        highFrequencyFactor: fields.number('high_freq_factor'),
        originalMaxPositions: fields.number('original_max_position_embeddings'),
      },
    };
  }
  throw new TandemError('unsupported-model', `The rotary scaling "${shown(type)}" is not supported, only "linear" and "llama3".`, {
    where: { file },
  });
}

/** Typed access to the numbers of a JSON object, with errors that name the field. */
class Fields {
  private readonly json: Record<string, unknown>;
  private readonly file: string;

  constructor(json: Record<string, unknown>, file: string) {
    this.json = json;
    this.file = file;
  }

  optional(name: string): number | undefined {
    const value = this.json[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(name, 'is not a number');
    return value;
  }

  number(name: string, otherwise?: number): number {
    const value = this.optional(name) ?? otherwise;
    if (value === undefined) throw this.wrong(name, 'is missing');
    return value;
  }

  /** A positive integer. */
  count(name: string, otherwise?: number): number {
    const value = this.number(name, otherwise);
    if (!Number.isInteger(value) || value <= 0) throw this.wrong(name, `is ${value}, not a positive integer`);
    return value;
  }

  private wrong(name: string, what: string): TandemError {
    return new TandemError('bad-model-config', `"${name}" in the model config ${what}.`, { where: { file: this.file } });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'of this model');
}
