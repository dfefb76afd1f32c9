/** @file What a run may move, as the question about headroom offers it. */
import type { Headroom } from '../../optimize/headroom.ts';
import type { LeverChoice } from '../../run/spec.ts';

/** The first is what most would take: the one lever that may help, then both nevertheless; else both, then either alone. */
export function leversOffered({ levers }: Pick<Headroom, 'levers'>): readonly LeverChoice[] {
  const promising = levers.filter(({ outlook }) => outlook !== 'unlikely');
  return promising.length === 1 ? [promising[0].lever, 'both'] : ['both', 'weights', 'prompt'];
}
