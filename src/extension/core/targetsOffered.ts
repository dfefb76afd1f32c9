/** @file What a run may tune, as the question after a preflight offers it. */
import type { Preflight } from '../../optimize/preflight.ts';
import type { TuneChoice } from '../../run/spec.ts';

/** The first is the likeliest choice: the only one that may help, then both; otherwise both, then either alone. */
export function targetsOffered({ targets }: Pick<Preflight, 'targets'>): readonly TuneChoice[] {
  const promising = targets.filter(({ outlook }) => outlook !== 'unlikely');
  return promising.length === 1 ? [promising[0].target, 'both'] : ['both', 'weights', 'prompt'];
}
