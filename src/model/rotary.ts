/** @file Rotary position embeddings: how models scale them, read from a config, and the resulting frequencies. */
import { TandemError } from '../errors.ts';
import { shown, type ConfigFields } from './configFields.ts';

/** Llama 3.1's scaling of the slow rotary frequencies. */
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

/** Peng et al. 2023: fast frequencies are unchanged, slow ones are divided, and attention scores are scaled up a little. */
export interface YarnScaling {
  readonly type: 'yarn';
  readonly factor: number;
  readonly originalMaxPositions: number;
  /** Rotations over the original context length: above the first number a frequency is unchanged, below the second it is fully divided. */
  readonly betaFast: number;
  readonly betaSlow: number;
  /** The factor for cosine and sine. */
  readonly attentionFactor: number;
  /** Whether the ramp between the two begins and ends at integer frequency indices. */
  readonly truncate: boolean;
}

/** A separate divisor for each rotary frequency, as GGUF files express llama3. */
export interface DivisorScaling {
  readonly type: 'divisors';
  /** [headSize / 2]. */
  readonly divisors: readonly number[];
}

export type RopeScaling = Llama3Scaling | LinearScaling | YarnScaling | DivisorScaling;

export interface Rotary {
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
}

/**
 * From `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (4) of a config.json.
 * @throws TandemError 'unsupported-model' for another scaling, 'bad-model-config'
 */
export function readRope(fields: ConfigFields): Pick<Rotary, 'ropeTheta' | 'ropeScaling'> {
  const parameters = fields.nested('rope_parameters');
  const scaling = parameters ?? fields.nested('rope_scaling');
  const ropeTheta = parameters?.optional('rope_theta') ?? fields.positive('rope_theta', 10000);
  const partial = scaling?.optional('partial_rotary_factor') ?? fields.number('partial_rotary_factor', 1);
  if (partial !== 1) throw fields.unsupported('Models that rotate only part of each head are not supported.');
  return { ropeTheta, ...(scaling && scalingField(scaling, fields)) };
}

function scalingField(scaling: ConfigFields, outside: ConfigFields): Pick<Rotary, 'ropeScaling'> {
  const type = scaling.raw('rope_type') ?? scaling.raw('type') ?? 'default';
  const read = typeof type === 'string' && Object.hasOwn(scalings, type) ? scalings[type] : undefined;
  if (!read) throw outside.unsupported(`The rotary scaling "${shown(type)}" is not supported, only ${Object.keys(scalings).join(', ')}.`);
  const ropeScaling = read(scaling, outside);
  return ropeScaling ? { ropeScaling } : {};
}

/** @param outside the config that contains the scaling */
type ScalingReader = (scaling: ConfigFields, outside: ConfigFields) => RopeScaling | undefined;

/** By Hugging Face's `rope_type`. */
const scalings: Readonly<Record<string, ScalingReader>> = {
  default: () => undefined,
  linear: (scaling) => ({ type: 'linear', factor: scaling.positive('factor') }),
  llama3: (scaling, outside) => ({
    type: 'llama3',
    factor: scaling.positive('factor'),
    lowFrequencyFactor: scaling.positive('low_freq_factor'),
    highFrequencyFactor: scaling.positive('high_freq_factor'),
    originalMaxPositions: originalMaxPositions(scaling, outside),
  }),
  yarn: (scaling, outside) => {
    const original = originalMaxPositions(scaling, outside);
    const factor = scaling.positive('factor', outside.count('max_position_embeddings', original) / original);
    const [scale, scaleAll] = [scaling.optional('mscale'), scaling.optional('mscale_all_dim')];
    const sharpened = scale && scaleAll ? yarnSharpening(factor, scale) / yarnSharpening(factor, scaleAll) : yarnSharpening(factor);
    return {
      type: 'yarn',
      factor,
      originalMaxPositions: original,
      betaFast: scaling.positive('beta_fast', 32),
      betaSlow: scaling.positive('beta_slow', 1),
      attentionFactor: scaling.positive('attention_factor', sharpened),
      truncate: scaling.flag('truncate', true),
    };
  },
};

const originalMaxPositions = (scaling: ConfigFields, outside: ConfigFields): number =>
  outside.optional('original_max_position_embeddings') ??
  scaling.positive('original_max_position_embeddings', outside.optional('max_position_embeddings'));

/** YaRN's attention temperature for a context that is extended by a factor. */
export const yarnSharpening = (factor: number, scale = 1): number => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);

/** `rope_scaling` as transformers reads it. @throws TandemError 'unsupported-model' for rotary divisors, which only GGUF can express */
export function writtenScaling(scaling: RopeScaling): Record<string, unknown> {
  switch (scaling.type) {
    case 'linear':
      return { rope_type: 'linear', factor: scaling.factor };
    case 'llama3':
      return {
        rope_type: 'llama3',
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalMaxPositions,
      };
    case 'yarn':
      return {
        rope_type: 'yarn',
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalMaxPositions,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      };
    case 'divisors':
      throw new TandemError('unsupported-model', 'Rotary divisors of a GGUF file cannot be written to a config.json.');
  }
}

/** Rotary angle per position of each pair (i, i + headSize / 2) of a head: [headSize / 2]. Su et al. 2021; Llama 3.1 and YaRN for the scaling. */
export function inverseFrequencies(rotary: Rotary): Float64Array {
  const half = rotary.headSize / 2;
  const frequencies = Float64Array.from({ length: half }, (_, i) => rotary.ropeTheta ** (-i / half));
  const scaling = rotary.ropeScaling;
  switch (scaling?.type) {
    case undefined:
      return frequencies;
    case 'linear':
      return frequencies.map((frequency) => frequency / scaling.factor);
    case 'llama3':
      return frequencies.map((frequency) => llama3Frequency(frequency, scaling));
    case 'yarn':
      return yarnFrequencies(frequencies, scaling, rotary.ropeTheta);
    case 'divisors':
      return frequencies.map((frequency, i) => frequency / scaling.divisors[i]);
  }
}

/** Fast frequencies are unchanged, slow ones are divided by the factor, and those in between are blended. */
function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions: original } = scaling;
  const turns = (original * frequency) / (2 * Math.PI);
  if (turns > high) return frequency;
  if (turns < low) return frequency / factor;
  const smooth = (turns - low) / (high - low);
  return (1 - smooth) * (frequency / factor) + smooth * frequency;
}

/** The same idea with a ramp over the indices of the frequencies instead of their rotations. */
function yarnFrequencies(frequencies: Float64Array, scaling: YarnScaling, theta: number): Float64Array {
  const { factor, betaFast, betaSlow, originalMaxPositions: original, truncate } = scaling;
  const size = 2 * frequencies.length;
  const numberAt = (turns: number): number => (size * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [from, to] = [numberAt(betaFast), numberAt(betaSlow)];
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const high = Math.min(truncate ? Math.ceil(to) : to, size - 1);
  return frequencies.map((frequency, i) => {
    const divided = Math.min(Math.max((i - low) / (high === low ? 0.001 : high - low), 0), 1);
    return (frequency / factor) * divided + frequency * (1 - divided);
  });
}
