/** @file What proposals become: runners of a race, told of and none twice, and the tokens that finding them cost. */
import type { Evaluator } from '../../evaluate/evaluator.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { changesBetween } from '../changes.ts';
import type { OptimizationContext } from '../coordinator.ts';
import type { Runner } from '../successiveHalving.ts';
import { promptKey, type Proposal } from './proposer.ts';

export interface Collection {
  /** Grows as proposals are taken. */
  readonly runners: readonly Runner[];
  /** @returns undefined for one that is not taken */
  readonly take: (proposer: string, proposal: Proposal) => Runner | undefined;
}

/**
 * @param from what they are proposed in the place of
 * @param known keys of prompts that are not taken again
 * @param limits `most` runners, whatever comes later is left; they are numbered on `after` so many others of the phase
 */
export function collectRunners(
  { emit }: Pick<OptimizationContext, 'emit'>,
  phase: number,
  from: Prompt,
  known: Iterable<string>,
  { most = Infinity, after = 0 }: { most?: number; after?: number } = {},
): Collection {
  const seen = new Set(known);
  const runners: Runner[] = [];
  return {
    runners,
    take(proposer, { prompt, reason }) {
      const key = promptKey(prompt);
      if (seen.has(key) || runners.length >= most) return undefined;
      seen.add(key);
      const candidate = `${phase}.${after + runners.length + 1}`;
      const runner = { id: candidate, proposer, reason, prompt };
      runners.push(runner);
      emit({
        type: 'candidateProposed',
        phase,
        candidate,
        proposer,
        reason,
        prompt,
        changes: changesBetween({ prompt: from }, { prompt }),
      });
      return runner;
    },
  };
}

/** The same evaluator, which tells the tokens that were spent through it. */
export function countingEvaluator<E extends Evaluator>(evaluator: E): { readonly evaluator: E; readonly spent: () => number } {
  let tokensUsed = 0;
  const counting: E = {
    ...evaluator,
    async evaluate(...asked: Parameters<Evaluator['evaluate']>) {
      const evaluation = await evaluator.evaluate(...asked);
      tokensUsed += evaluation.tokensUsed;
      return evaluation;
    },
    ...(evaluator.scoreWords && {
      async scoreWords(...asked: Parameters<NonNullable<Evaluator['scoreWords']>>) {
        const found = await evaluator.scoreWords!(...asked);
        tokensUsed += found.tokensUsed;
        return found;
      },
    }),
  };
  return { evaluator: counting, spent: () => tokensUsed };
}
