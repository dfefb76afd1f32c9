/** @file The learning rate over the steps of a training: a warm-up, then a cosine. */

/** The factor on the rate of a step, from 0: a warm-up over a tenth of the steps, then a cosine from 1 to 0.1. */
export function schedule(step: number, steps: number): number {
  const warm = Math.max(1, Math.round(steps / 10));
  if (step < warm) return (step + 1) / warm;
  return rateAfter((step - warm) / Math.max(1, steps - warm));
}

/** The cosine from 1 to 0.1. @param share of the way, from 0 to 1 */
export const rateAfter = (share: number): number => 0.1 + 0.45 * (1 + Math.cos(Math.PI * share));
