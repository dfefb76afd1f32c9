/** @file Trains a LoRA step by step; what is trained is private to the session until it is taken out as an adapter. */
import { adamWDefaults, adamWStep, clipGradients, noMoments, type AdamWOptions, type Moments } from './adamw.ts';
import { makeAdapter, type Adapter, type LoraPair } from './adapter.ts';
import type { Engine } from './engine.ts';
import { batchGradient, type TrainingExample } from './training.ts';

export interface StepResult {
  /** Mean negative log-likelihood of an answer before the step, nats a row. */
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly tokens: number;
}

export interface AdapterTraining {
  readonly steps: number;
  step(examples: readonly TrainingExample[], learningRate: number): Promise<StepResult>;
  /** A copy of the current matrices. */
  adapter(): Adapter;
}

export interface AdapterTrainingOptions extends Partial<AdamWOptions> {
  /** lambda1 of the penalty lambda1 R1, R1 = sum of squared entries of (alpha / rank) B A over all linears. */
  readonly weightPenalty?: number;
  readonly clip?: number;
  readonly seed: number;
}

/** Starts from an adapter, with fresh moments. */
export function trainAdapter(engine: Engine, start: Adapter, options: AdapterTrainingOptions): AdapterTraining {
  const { config } = start;
  const pairs = start.pairs.map(({ layer, linear, a, b }) => ({ layer, linear, a: a.slice(), b: b.slice() }));
  const moments: Moments = noMoments();
  const values = new Map(pairs.flatMap((pair) => [[nameOf(pair, 'a'), pair.a] as const, [nameOf(pair, 'b'), pair.b] as const]));
  const adamW = { ...adamWDefaults, ...options };
  return {
    get steps() {
      return moments.step;
    },
    async step(examples, learningRate) {
      const { loss, gradients, tokens } = await batchGradient(engine, { config, pairs }, examples, options.seed + moments.step);
      if (options.weightPenalty) addPenaltyGradient(pairs, config.rank, config.alpha, options.weightPenalty, gradients);
      const gradientNorm = clipGradients(gradients, options.clip ?? 1);
      adamWStep(values, gradients, moments, learningRate, adamW);
      return { loss, gradientNorm, tokens };
    },
    adapter: () =>
      makeAdapter(
        config,
        pairs.map(({ layer, linear, a, b }) => ({ layer, linear, a: a.slice(), b: b.slice() })),
      ),
  };
}

/** R1: squared Frobenius norm of the change (alpha / rank) B A, summed over all linears; it is tr((A A')(B' B)), so B A is never formed. */
export function weightDrift({ config: { rank, alpha }, pairs }: Pick<Adapter, 'config' | 'pairs'>): number {
  let total = 0;
  for (const { a, b } of pairs) {
    const aa = gramOfRows(a, rank);
    const bb = gramOfColumns(b, rank);
    for (let i = 0; i < rank * rank; i++) total += aa[i] * bb[i];
  }
  return total * (alpha / rank) ** 2;
}

/** Adds penalty times d R1 / dA = 2 s^2 (B' B) A and d R1 / dB = 2 s^2 B (A A'), to gradients by the names that training uses. */
export function addPenaltyGradient(
  pairs: readonly LoraPair[],
  rank: number,
  alpha: number,
  penalty: number,
  gradients: ReadonlyMap<string, Float32Array>,
): void {
  const factor = 2 * penalty * (alpha / rank) ** 2;
  for (const pair of pairs) {
    const { a, b } = pair;
    const [aa, bb] = [gramOfRows(a, rank), gramOfColumns(b, rank)];
    const [da, db] = [gradients.get(nameOf(pair, 'a')), gradients.get(nameOf(pair, 'b'))];
    if (!da || !db) continue;
    const width = a.length / rank;
    for (let i = 0; i < rank; i++)
      for (let j = 0; j < rank; j++) for (let k = 0; k < width; k++) da[i * width + k] += factor * bb[i * rank + j] * a[j * width + k];
    for (let row = 0; row < b.length; row += rank)
      for (let i = 0; i < rank; i++) for (let j = 0; j < rank; j++) db[row + i] += factor * b[row + j] * aa[j * rank + i];
  }
}

/** A A' for A [rank, n]. */
function gramOfRows(a: Float32Array, rank: number): Float64Array {
  const width = a.length / rank;
  const gram = new Float64Array(rank * rank);
  for (let i = 0; i < rank; i++)
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0; k < width; k++) dot += a[i * width + k] * a[j * width + k];
      gram[i * rank + j] = gram[j * rank + i] = dot;
    }
  return gram;
}

/** B' B for B [n, rank]. */
function gramOfColumns(b: Float32Array, rank: number): Float64Array {
  const gram = new Float64Array(rank * rank);
  for (let row = 0; row < b.length; row += rank)
    for (let i = 0; i < rank; i++) for (let j = 0; j < rank; j++) gram[i * rank + j] += b[row + i] * b[row + j];
  return gram;
}

const nameOf = ({ layer, linear }: Pick<LoraPair, 'layer' | 'linear'>, matrix: 'a' | 'b'): string => `layers.${layer}.${linear}.${matrix}`;
