/** @file Which lever next: a bandit on measured gain per token pass, with a plateau stop. */
import type { Comparison } from '../evaluate/evaluation.ts';
import type { Lever } from './events.ts';

interface LeverRecord {
  readonly phases: number;
  /** Phases without an accepted result since the lever last helped, or since the other one did. */
  readonly failures: number;
  /** Discounted. */
  readonly gain: number;
  readonly passes: number;
}

export type LeverStatistics = Readonly<Record<Lever, LeverRecord>>;

const none: LeverRecord = { phases: 0, failures: 0, gain: 0, passes: 0 };
export const noStatistics: LeverStatistics = { prompt: none, weights: none };

/** What a phase brought, for the bandit: points count, and nats a little. */
export const gainOf = ({ score, logLikelihood }: Comparison): number =>
  Math.max(0, score.mean) + 0.05 * Math.max(0, logLikelihood?.mean ?? 0);

/** A lever that failed so often is left alone until the other one has moved something. */
const mostFailures = 3;
/** Older phases count less: gains shrink as tuning goes on. */
export const discount = 0.5;

/**
 * The lever with the best gain per pass, each tried once first; undefined when all have failed too often.
 * @param levers in the order in which they are tried
 */
export function chooseLever(statistics: LeverStatistics, levers: readonly Lever[]): { lever: Lever; because: string } | undefined {
  const open = levers.filter((lever) => statistics[lever].failures < mostFailures);
  if (!open.length) return undefined;
  const untried = open.find((lever) => statistics[lever].phases === 0);
  if (untried)
    return { lever: untried, because: untried === 'prompt' ? 'the prompt has not been tried yet' : 'the weights have not been tried yet' };
  const rate = (lever: Lever): number => statistics[lever].gain / Math.max(1, statistics[lever].passes);
  const [lever, other] = [...open].sort((a, b) => rate(b) - rate(a) || statistics[a].failures - statistics[b].failures);
  if (!other)
    return {
      lever,
      because:
        levers.length > 1 ? `the ${lever === 'prompt' ? 'weights have' : 'prompt has'} stopped improving` : `only the ${lever} may change`,
    };
  if (rate(lever) === rate(other)) return { lever, because: 'neither has helped recently; this one has failed less often' };
  return { lever, because: 'highest recent gain per token' };
}

export interface PhaseOutcome {
  /** What the lever brought: of a phase that pulls both, its own part. */
  readonly gain: number;
  readonly passes: number;
  /** The best state is another one now. */
  readonly accepted: boolean;
  /** It is, by this lever: a look-ahead may end with the prompt as it was and other weights. */
  readonly helped: boolean;
}

export function recordPhase(statistics: LeverStatistics, lever: Lever, { gain, passes, accepted, helped }: PhaseOutcome): LeverStatistics {
  const record = statistics[lever];
  const other: Lever = lever === 'prompt' ? 'weights' : 'prompt';
  const updated: LeverRecord = {
    phases: record.phases + 1,
    failures: helped ? 0 : record.failures + 1,
    gain: discount * record.gain + gain,
    passes: discount * record.passes + passes,
  };
  const reopened = accepted ? { ...statistics[other], failures: 0 } : statistics[other];
  return lever === 'prompt' ? { prompt: updated, weights: reopened } : { weights: updated, prompt: reopened };
}

/** Both levers may be tried again: more may move now. */
export const reopened = ({ prompt, weights }: LeverStatistics): LeverStatistics => ({
  prompt: { ...prompt, failures: 0 },
  weights: { ...weights, failures: 0 },
});
