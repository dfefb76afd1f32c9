/**
 * @file Other wordings of a prompt to train under as well, so that the weights learn the task and not the words that it is asked in (PAFT;
 * Wei et al. 2025).
 */
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import { editOperators } from './proposers/edits.ts';
import { groundedTemplates } from './proposers/templates.ts';

/** A wording that is longer by more characters than this would cost more than it teaches. */
const mostLonger = 160;
const wordings = 4;

/** Wordings of about the same length, none of them the prompt's own; the same for the same seed. */
export async function paraphrases({ evaluator, trainset, seed }: OptimizationContext, prompt: Prompt): Promise<readonly Prompt[]> {
  const found: Prompt[] = [];
  for (const proposer of [groundedTemplates, editOperators]) {
    const random = randomStream(seed, 'paraphrases', proposer.name);
    const proposals = await proposer.propose({ prompt, evaluator, trainset, random, count: 2 * wordings });
    found.push(...proposals.map((proposal) => proposal.prompt));
  }
  const isLike = ({ body, demonstrations }: Prompt): boolean =>
    demonstrations.length === prompt.demonstrations.length && body.length <= prompt.body.length + mostLonger;
  return found.filter(isLike).slice(0, wordings);
}

/** The order in which batches take the prompt and other wordings of it: the prompt itself twice as often. */
export const mixtureOf = (prompt: Prompt, others: readonly Prompt[]): readonly Prompt[] =>
  others.length === 0 ? [prompt] : others.flatMap((other) => [prompt, prompt, other]);
