/** @file AdamW over named arrays, in place. */

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay per step, multiplied by the learning rate. */
  readonly weightDecay: number;
}

export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** First and second moments of every array, and the number of steps taken. */
export interface Moments {
  step: number;
  readonly first: Map<string, Float32Array>;
  readonly second: Map<string, Float32Array>;
}

export const noMoments = (): Moments => ({ step: 0, first: new Map(), second: new Map() });

/** One step of AdamW. Loshchilov and Hutter 2019, algorithm 2. */
export function adamWStep(
  values: ReadonlyMap<string, Float32Array>,
  gradients: ReadonlyMap<string, Float32Array>,
  moments: Moments,
  learningRate: number,
  { beta1, beta2, epsilon, weightDecay }: AdamWOptions = adamWDefaults,
): void {
  moments.step++;
  const correction1 = 1 - beta1 ** moments.step;
  const correction2 = Math.sqrt(1 - beta2 ** moments.step);
  const rate = (learningRate * correction2) / correction1;
  const floor = epsilon * correction2;
  for (const [name, value] of values) {
    const gradient = gradients.get(name);
    if (!gradient) continue;
    const first = momentOf(moments.first, name, value.length);
    const second = momentOf(moments.second, name, value.length);
    for (let i = 0; i < value.length; i++) {
      const g = gradient[i];
      const m = (first[i] += (1 - beta1) * (g - first[i]));
      const v = (second[i] += (1 - beta2) * (g * g - second[i]));
      value[i] -= rate * (m / (Math.sqrt(v) + floor)) + learningRate * weightDecay * value[i];
    }
  }
}

function momentOf(moments: Map<string, Float32Array>, name: string, length: number): Float32Array {
  const known = moments.get(name);
  if (known) return known;
  const zeros = new Float32Array(length);
  moments.set(name, zeros);
  return zeros;
}

/** Scales all gradients down together if their norm is above the limit. @returns the norm before */
export function clipGradients(gradients: ReadonlyMap<string, Float32Array>, limit: number): number {
  let squares = 0;
  for (const gradient of gradients.values()) for (let i = 0; i < gradient.length; i++) squares += gradient[i] * gradient[i];
  const norm = Math.sqrt(squares);
  if (norm > limit) for (const gradient of gradients.values()) for (let i = 0; i < gradient.length; i++) gradient[i] *= limit / norm;
  return norm;
}
