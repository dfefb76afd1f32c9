/** @file What to tune next: a bandit on measured gain per token, with a plateau stop. */
import type { Comparison } from '../evaluate/evaluation.ts';
import type { Target } from './events.ts';

interface TargetRecord {
  readonly phases: number;
  /** Phases without an accepted result since the target last helped, or since the other one did. */
  readonly failures: number;
  /** Discounted. */
  readonly gain: number;
  readonly tokensUsed: number;
}

export type TargetStatistics = Readonly<Record<Target, TargetRecord>>;

const none: TargetRecord = { phases: 0, failures: 0, gain: 0, tokensUsed: 0 };
export const noStatistics: TargetStatistics = { prompt: none, weights: none };

/** The gain of a phase, for the bandit: points count fully, nats a little. */
export const gainOf = ({ score, logLikelihood }: Comparison): number =>
  Math.max(0, score.mean) + 0.05 * Math.max(0, logLikelihood?.mean ?? 0);

/** A target with this many failures is skipped until the other one has changed something. */
const mostFailures = 3;
/** Older phases count less, because gains shrink as tuning continues. */
export const discount = 0.5;

/**
 * The target with the best gain per token, after each was tried once. Undefined if all have failed too often.
 * @param targets in the order in which they are tried
 */
export function chooseTarget(statistics: TargetStatistics, targets: readonly Target[]): { target: Target; because: string } | undefined {
  const open = targets.filter((target) => statistics[target].failures < mostFailures);
  if (!open.length) return undefined;
  const untried = open.find((target) => statistics[target].phases === 0);
  if (untried)
    return { target: untried, because: untried === 'prompt' ? 'the prompt has not been tried yet' : 'the weights have not been tried yet' };
  const rate = (target: Target): number => statistics[target].gain / Math.max(1, statistics[target].tokensUsed);
  const [target, other] = [...open].sort((a, b) => rate(b) - rate(a) || statistics[a].failures - statistics[b].failures);
  if (!other)
    return {
      target,
      because:
        targets.length > 1
          ? `the ${target === 'prompt' ? 'weights have' : 'prompt has'} stopped improving`
          : `only the ${target} may change`,
    };
  if (rate(target) === rate(other)) return { target, because: 'neither has helped recently; this one has failed less often' };
  return { target, because: 'highest recent gain per token' };
}

export interface PhaseOutcome {
  /** What the target gained. In a phase that tunes both, its own part. */
  readonly gain: number;
  readonly tokensUsed: number;
  /** Whether the best state changed. */
  readonly accepted: boolean;
  /** Whether it changed because of this target. A look-ahead may end with the same prompt and other weights. */
  readonly helped: boolean;
}

export function recordPhase(
  statistics: TargetStatistics,
  target: Target,
  { gain, tokensUsed, accepted, helped }: PhaseOutcome,
): TargetStatistics {
  const record = statistics[target];
  const other: Target = target === 'prompt' ? 'weights' : 'prompt';
  const updated: TargetRecord = {
    phases: record.phases + 1,
    failures: helped ? 0 : record.failures + 1,
    gain: discount * record.gain + gain,
    tokensUsed: discount * record.tokensUsed + tokensUsed,
  };
  const reopened = accepted ? { ...statistics[other], failures: 0 } : statistics[other];
  return target === 'prompt' ? { prompt: updated, weights: reopened } : { weights: updated, prompt: reopened };
}

/** Makes both available again, because more may move now. */
export const reopened = ({ prompt, weights }: TargetStatistics): TargetStatistics => ({
  prompt: { ...prompt, failures: 0 },
  weights: { ...weights, failures: 0 },
});
