/** @file The shape of a transformer: its sizes and variants, from any family and file, and limits for sizes that are too large or invalid. */
import { TandemError } from '../errors.ts';
import { damagedHint } from './configFields.ts';
import { linearNames, type LinearName } from './linears.ts';
import type { RopeScaling } from './rotary.ts';

/** Optional fields are absent, not empty, because a model's fingerprint covers this object as JSON. */
export interface ModelShape {
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
  /** The output matrix is the embedding matrix, so there is no `lm_head.weight`. */
  readonly tiedEmbeddings: boolean;
  readonly maxPositions: number;
  /** Linears with a bias, in the order of `linearNames`. */
  readonly biases?: readonly LinearName[];
  /** Each head's query and key is normalized before it is rotated. */
  readonly queryKeyNorm?: true;
  readonly slidingWindow?: SlidingWindow;
}

/** The fields that the files of every family can express, except for some scalings. */
const common = [
  'vocabularySize',
  'hiddenSize',
  'intermediateSize',
  'layers',
  'heads',
  'keyValueHeads',
  'headSize',
  'ropeTheta',
  'ropeScaling',
  'rmsNormEps',
  'tiedEmbeddings',
  'maxPositions',
] as const satisfies readonly (keyof ModelShape)[];

/** A field that only the files of some families can express. */
export type Variant = Exclude<keyof ModelShape, (typeof common)[number]>;

/** Whether the model has no variants but these. */
export const hasOnly = (shape: ModelShape, variants: readonly Variant[]): boolean =>
  Object.keys(shape).every((name) => [...common, ...variants].some((each) => each === name));

/** Layers in which a token sees only the latest `size` tokens, including itself. */
export interface SlidingWindow {
  readonly size: number;
  readonly layers: readonly number[];
}

/** Rotary tables have at most this many positions. Models that could read more are limited to this. */
export const mostPositions = 131_072;

/** Checks that the sizes are consistent and fit into a machine. Every reader of a shape calls it. */
export function checkedShape(shape: ModelShape, file: string): ModelShape {
  const wrong = (what: string): TandemError =>
    new TandemError('bad-model-config', `The model's sizes do not fit: ${what}.`, { where: { file }, hint: damagedHint });
  requireSizes(shape, file);
  const { headSize, heads, keyValueHeads, ropeScaling, ropeTheta, rmsNormEps } = shape;
  if (headSize % 2 !== 0) throw wrong(`a head of ${headSize} is not an even number`);
  const divisors = ropeScaling?.type === 'divisors' ? ropeScaling.divisors : [];
  if (ropeScaling?.type === 'divisors' && divisors.length !== headSize / 2)
    throw wrong(`${divisors.length} rotary divisors for ${headSize / 2} frequencies`);
  if (divisors.some((divisor) => !(divisor > 0 && divisor < Infinity))) throw wrong('a rotary divisor is not above zero');
  if (heads % keyValueHeads !== 0) throw wrong(`${heads} heads cannot share ${keyValueHeads} key-value heads`);
  if (!(ropeTheta > 1 && ropeTheta < Infinity)) throw wrong(`the rotary base is ${ropeTheta}, not above 1`);
  if (!(rmsNormEps >= 0 && rmsNormEps < 1)) throw wrong(`the epsilon is ${rmsNormEps}, not at least 0 and below 1`);
  return shape.maxPositions > mostPositions ? { ...shape, maxPositions: mostPositions } : shape;
}

/** Far above every model that this machine could run. A shape beyond them is damaged or malicious. */
const largest = {
  vocabularySize: 2 ** 22,
  hiddenSize: 2 ** 17,
  intermediateSize: 2 ** 19,
  layers: 1024,
  heads: 4096,
  keyValueHeads: 4096,
  headSize: 512,
  maxPositions: 2 ** 31,
} as const satisfies Partial<Record<keyof ModelShape, number>>;

/** Checks the sizes that are already known, before anything is allocated for them. @throws TandemError 'bad-model-config' */
export function requireSizes(shape: Partial<ModelShape>, file: string): void {
  for (const [name, most] of Object.entries(largest)) {
    const size = shape[name as keyof typeof largest];
    if (size === undefined || (Number.isInteger(size) && size > 0 && size <= most)) continue;
    throw new TandemError('bad-model-config', `The model's sizes do not fit: ${name} is ${size}, not a whole number from 1 to ${most}.`, {
      where: { file },
      hint: damagedHint,
    });
  }
}

/** The optional field for a window. A window that no text exceeds, or that no layer has, does not count. */
export function windowField(window: SlidingWindow | undefined, maxPositions: number): Pick<ModelShape, 'slidingWindow'> {
  return window?.layers.length && window.size < Math.min(maxPositions, mostPositions) ? { slidingWindow: window } : {};
}

/** The optional field for biases, in the order of `linearNames`. */
export function biasesField(biases: readonly LinearName[]): Pick<ModelShape, 'biases'> {
  return biases.length ? { biases: linearNames.filter((name) => biases.includes(name)) } : {};
}

/** The indices of layers from one up to, but not including, another. */
export const layersFrom = (first: number, end: number): number[] => Array.from({ length: Math.max(end - first, 0) }, (_, i) => first + i);
