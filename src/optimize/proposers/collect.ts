/** @file Turns proposals into runners of successive halving, reports each and skips duplicates, and counts the tokens that finding them cost. */
import type { Evaluator } from '../../evaluate/evaluator.ts';
import { isWritable } from '../../prompt/frame.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { changesBetween } from '../changes.ts';
import type { OptimizationContext } from '../coordinator.ts';
import type { Runner } from '../successiveHalving.ts';
import { promptKey, type Proposal } from './proposer.ts';

export interface Collection {
  /** Grows as proposals are taken. */
  readonly runners: readonly Runner[];
  /** @returns undefined if the proposal is rejected */
  readonly take: (proposer: string, proposal: Proposal) => Runner | undefined;
}

/**
 * @param from the prompt that they would replace
 * @param known keys of prompts that are not taken again
 * @param limits at most `most` runners are taken; their numbers continue after the phase's first `after`
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
      if (seen.has(key) || runners.length >= most || !isWritable(prompt, from)) return undefined;
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

/** The same evaluator, which also reports the tokens that were spent through it. */
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
