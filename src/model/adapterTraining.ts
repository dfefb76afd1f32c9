/** @file Trains a LoRA, optionally with a soft prompt, step by step. The trained values stay private to the session until an adapter is copied out. */
import { adamWDefaults, adamWStep, clipGradients, noMoments, type AdamWOptions, type Moments } from './adamw.ts';
import { makeAdapter, type Adapter, type LoraPair } from './adapter.ts';
import type { Engine } from './engine.ts';
import { holdNorms, vocabularyOf, type SoftPrompt } from './softPrompt.ts';
import { batchGradient, type TrainingExample } from './training.ts';

export interface StepResult {
  /** Mean negative log-likelihood of an answer before the step, nats per row. */
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** The same for the soft prompt, if the batch has one that is trained. */
  readonly softGradientNorm?: number;
  readonly tokens: number;
}

export interface AdapterTraining {
  readonly steps: number;
  /** @param softRate learning rate of the soft prompt, which has separate moments; without it the soft prompt is unchanged */
  step(examples: readonly TrainingExample[], learningRate: number, softRate?: number): Promise<StepResult>;
  /** A copy of the current matrices. */
  adapter(): Adapter;
}

export interface AdapterTrainingOptions extends Partial<AdamWOptions> {
  /** lambda1 of the penalty lambda1 R1, R1 = sum of squared entries of (alpha / rank) B A over all linears. */
  readonly weightPenalty?: number;
  /** lambda2 of the soft prompt's drift, whose number of tokens does not change. */
  readonly softPenalty?: number;
  readonly clip?: number;
  readonly seed: number;
  /** The part of the adapter that may change. By default all of it. */
  readonly freedom?: AdapterFreedom;
}

/** The part of an adapter that trains. The rest is unchanged, to the bit. */
export interface AdapterFreedom {
  /** The number of components of the rank, from the first. */
  readonly rank: number;
  /** Layers from this one up. */
  readonly fromLayer: number;
}

/** Starts from an adapter, with fresh moments. The soft prompt's rows are limited to norms that occur in the vocabulary. */
export function trainAdapter(engine: Engine, start: Adapter, options: AdapterTrainingOptions): AdapterTraining {
  const { config } = start;
  const pairs = start.pairs.map(({ layer, linear, a, b }) => ({ layer, linear, a: a.slice(), b: b.slice() }));
  const moments: Moments = noMoments();
  const values = new Map(pairs.flatMap((pair) => [[nameOf(pair, 'a'), pair.a] as const, [nameOf(pair, 'b'), pair.b] as const]));
  const adamW = { ...adamWDefaults, ...options };
  const soft = start.soft && softTraining(engine, start.soft, options.softPenalty ?? 0, options.clip ?? 1);
  return {
    get steps() {
      return moments.step;
    },
    async step(examples, learningRate, softRate = 0) {
      const trainable = { config, pairs, ...(soft && { soft: soft.prompt() }) };
      const { loss, tokens, ...found } = await batchGradient(engine, trainable, examples, options.seed + moments.step);
      const gradients = new Map(found.gradients);
      const softGradient = gradients.get('soft');
      gradients.delete('soft');
      if (options.weightPenalty) addPenaltyGradient(pairs, config.rank, config.alpha, options.weightPenalty, gradients);
      const thaw = options.freedom && freeze(pairs, config.rank, options.freedom, gradients);
      const gradientNorm = clipGradients(gradients, options.clip ?? 1);
      adamWStep(values, gradients, moments, learningRate, adamW);
      thaw?.();
      if (!soft || !softGradient || softRate === 0) return { loss, gradientNorm, tokens };
      return { loss, gradientNorm, tokens, softGradientNorm: soft.step(softGradient, softRate) };
    },
    adapter: () =>
      makeAdapter(
        config,
        pairs.map(({ layer, linear, a, b }) => ({ layer, linear, a: a.slice(), b: b.slice() })),
        soft?.prompt(),
      ),
  };
}

interface SoftTraining {
  /** A copy of the current rows. */
  prompt(): SoftPrompt;
  /** @returns the gradient's norm before clipping */
  step(gradient: Float32Array, learningRate: number): number;
}

/** AdamW without decay, which would pull rows to zero, where no token is. The drift is measured from the prompt's initial rows. */
function softTraining(engine: Engine, start: SoftPrompt, penalty: number, clip: number): SoftTraining {
  const vocabulary = vocabularyOf(engine.config, engine.matrix('model.embed_tokens.weight'));
  const rows = start.rows.slice();
  const moments = noMoments();
  return {
    prompt: () => ({ ...start, rows: rows.slice(), drift: start.drift + driftBetween(start.rows, rows, vocabulary.meanSquare) }),
    step(gradient, learningRate) {
      for (let i = 0; i < rows.length; i++) gradient[i] += (2 * penalty * (rows[i] - start.rows[i])) / vocabulary.meanSquare;
      const gradients = new Map([['soft', gradient]]);
      const norm = clipGradients(gradients, clip);
      adamWStep(new Map([['soft', rows]]), gradients, moments, learningRate);
      holdNorms(rows, vocabulary);
      return norm;
    },
  };
}

function driftBetween(from: Float32Array, to: Float32Array, meanSquare: number): number {
  let squares = 0;
  for (let i = 0; i < from.length; i++) squares += (to[i] - from[i]) ** 2;
  return squares / meanSquare;
}

/**
 * R1: squared Frobenius norm of the change (alpha / rank) B A, summed over all linears, and over the steps if each has its own. It is
 * computed as tr((A A')(B' B)), so that B A is never formed.
 */
export function weightDrift({ config: { rank, alpha }, pairs, steps = [] }: Pick<Adapter, 'config' | 'pairs' | 'steps'>): number {
  const ofSteps = steps.reduce((sum, step) => sum + (step ? weightDrift(step) : 0), 0);
  let total = 0;
  for (const { a, b } of pairs) {
    const aa = gramOfRows(a, rank);
    const bb = gramOfColumns(b, rank);
    for (let i = 0; i < rank * rank; i++) total += aa[i] * bb[i];
  }
  return ofSteps + total * (alpha / rank) ** 2;
}

/** Adds penalty times d R1 / dA = 2 s^2 (B' B) A and d R1 / dB = 2 s^2 B (A A') to gradients, by the names that training uses. */
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

/**
 * Zeroes the gradients of everything that must not move, before they are clipped.
 * @returns a function that undoes the effect of decay on it
 */
function freeze(
  pairs: readonly LoraPair[],
  rank: number,
  { rank: free, fromLayer }: AdapterFreedom,
  gradients: ReadonlyMap<string, Float32Array>,
): () => void {
  const undo: (() => void)[] = [];
  for (const pair of pairs) {
    for (const matrix of ['a', 'b'] as const) {
      const [values, gradient] = [pair[matrix], gradients.get(nameOf(pair, matrix))];
      if (!gradient) continue;
      const width = values.length / rank;
      const component = (i: number): number => (matrix === 'a' ? Math.floor(i / width) : i % rank);
      const before = values.slice();
      const fixed = (i: number): boolean => pair.layer < fromLayer || component(i) >= free;
      for (let i = 0; i < values.length; i++) if (fixed(i)) gradient[i] = 0;
      undo.push(() => {
        for (let i = 0; i < values.length; i++) if (fixed(i)) values[i] = before[i];
      });
    }
  }
  return () => undo.forEach((each) => each());
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
