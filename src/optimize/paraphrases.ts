/** @file Other wordings of a prompt that are trained under too, so that the weights learn the task and not its wording (PAFT; Wei et al. 2025). */
import type { Row } from '../data/dataset.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import { nothingIfTooLong } from './successiveHalving.ts';
import { editOperators } from './proposers/edits.ts';
import { groundedTemplates } from './proposers/templates.ts';
import type { Trainer } from './trainer.ts';

/** A wording that is longer than the prompt by more characters than this would cost more than it teaches. */
const mostLonger = 160;
const wordings = 4;

type Given = Pick<OptimizationContext, 'evaluator' | 'trainer' | 'trainset' | 'valset' | 'seed'>;

/** Wordings of about the same length that leave room for all rows, without the prompt's own. They are the same for the same seed. */
export async function paraphrases(context: Given, prompt: Prompt): Promise<readonly Prompt[]> {
  const { evaluator, trainer, trainset, seed } = context;
  const found: Prompt[] = [];
  for (const proposer of [groundedTemplates, editOperators]) {
    const random = randomStream(seed, 'paraphrases', proposer.name);
    const proposals = await proposer.propose({ prompt, evaluator, trainset, random, count: 2 * wordings });
    found.push(...proposals.map((proposal) => proposal.prompt));
  }
  const isLike = ({ body, demonstrations }: Prompt): boolean =>
    demonstrations.length === prompt.demonstrations.length && body.length <= prompt.body.length + mostLonger;
  const rows = longestRows(context);
  return found.filter((each) => isLike(each) && fits(trainer, each, rows)).slice(0, wordings);
}

/** How many rows stand for all: if the longest ones fit, the others do. */
const longest = 64;

const longestRows = ({ trainset, valset }: Given): Row[] =>
  [...trainset, ...valset]
    .map((row) => ({ row, length: JSON.stringify(row.values).length }))
    .sort((a, b) => b.length - a.length)
    .slice(0, longest)
    .map(({ row }) => row);

/** Whether the rows with their answers fit into the model's context under a prompt. */
function fits(trainer: Trainer, prompt: Prompt, rows: readonly Row[]): boolean {
  try {
    trainer.stepCost({ prompt, rows, shots: 0 }, 1);
    return true;
  } catch (error) {
    nothingIfTooLong(error);
    return false;
  }
}

/** The order in which batches use the prompt and its other wordings: the prompt itself comes twice as often. */
export const mixtureOf = (prompt: Prompt, others: readonly Prompt[]): readonly Prompt[] =>
  others.length === 0 ? [prompt] : others.flatMap((other) => [prompt, prompt, other]);
