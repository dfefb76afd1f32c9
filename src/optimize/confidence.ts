/** @file How likely it is that a measured difference is real, in words: the same in the gate's sentences, the terminal, the report and the editor. */

interface Compared {
  readonly mean: number;
  /** P(better). Below a half it favours a loss. */
  readonly probabilityBetter: number;
}

/**
 * `very likely real`, `likely real` or `may be chance`, for a gain or a loss.
 * @param tried how many results this one was the best of: the more, the more likely it is due to chance (Bonferroni)
 */
export function confidenceText({ mean, probabilityBetter: p }: Compared, tried = 1): string {
  if (mean === 0) return 'no difference seen';
  const chance = Math.max(1, tried) * Math.min(p, 1 - p) - 1e-9;
  if (chance <= 0.01) return 'very likely real';
  return chance <= 0.1 ? 'likely real' : 'may be chance';
}
