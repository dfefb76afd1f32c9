/** @file Names that every Jinja template may read: constants in the spelling of Python and of Jinja, and `range`. */

/** The most numbers in a `range`. */
const longestRange = 10_000;

/** From 0 or the first number up to, but not including, the last one. @throws Error for a step of 0 */
function range(from: number, to?: number, step = 1): number[] {
  const [start, end] = to === undefined ? [0, from] : [from, to];
  if (step === 0) throw new Error('range() step must not be zero');
  return Array.from({ length: Math.min(longestRange, Math.max(0, Math.ceil((end - start) / step))) }, (_, i) => start + i * step);
}

export const jinjaGlobals: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
};
