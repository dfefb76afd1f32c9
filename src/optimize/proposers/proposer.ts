/** @file What a proposer receives and what it returns: new prompts for the gate to judge. */
import type { Row } from '../../data/dataset.ts';
import type { Evaluator } from '../../evaluate/evaluator.ts';
import type { Adapter } from '../../model/adapter.ts';
import { ownWords } from '../../prompt/labelWords.ts';
import type { Writer } from '../../model/writer.ts';
import { stepsOf, type Prompt } from '../../prompt/prompt.ts';
import { columnsOf, render } from '../../prompt/template.ts';
import type { Random } from '../../random.ts';

export interface ProposerContext {
  /** The prompt to improve. */
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
  readonly evaluator: Evaluator;
  readonly trainset: readonly Row[];
  /** Training rows that the model has always failed, if a curriculum knows them: what the prompt might address. */
  readonly hard?: readonly Row[];
  /** A direction for the prompt from something else that was tuned. Proposers that cannot use it ignore it. */
  readonly hint?: Hint;
  /** A model that writes. Absent if the user named none. */
  readonly writer?: Writer;
  /** Edits that were tried before and not kept, the latest first. */
  readonly rejected?: readonly RejectedEdit[];
  /** Aborts requests in progress. */
  readonly signal?: AbortSignal;
  readonly random: Random;
  /** The most proposals that are wanted. */
  readonly count: number;
}

export interface RejectedEdit {
  /** What was changed, in the proposal's words. */
  readonly reason: string;
  /** Why it was not kept, in the words of the gate or of successive halving. */
  readonly because: string;
}

export interface Hint {
  /** Where it comes from, for people: the soft prompt. */
  readonly from: string;
  /** The most informative first. `instead` is the word of the prompt that it would replace. */
  readonly words: readonly { readonly word: string; readonly instead?: string }[];
}

export interface Proposal {
  readonly prompt: Prompt;
  /** A phrase for people: what was changed and why. */
  readonly reason: string;
}

export interface Proposer {
  readonly name: string;
  propose(context: ProposerContext): Promise<readonly Proposal[]>;
}

/** Prompts that are the same for the model have the same key, regardless of line endings, white space at the end or an unused {{demos}} line. */
export const promptKey = (prompt: Prompt): string => stepsOf(prompt).map(stepKey).join('\0');

/** Equal for prompts that differ only in decoding. */
export const textKey = (prompt: Prompt): string => promptKey({ ...prompt, decoding: {} });

function stepKey(prompt: Prompt): string {
  const text = render(prompt, Object.fromEntries(columnsOf(prompt).map((name) => [name, `\${input:${name}}`])));
  const told = [prompt.decoding, ownWords(prompt)].flatMap((each) => (each ? [JSON.stringify(each)] : []));
  return [text, ...told].join('\0');
}

/** The first proposals, up to `count`, that differ from the prompt itself and from all before them. */
export function newOnes(prompt: Prompt, proposals: readonly Proposal[], count: number): Proposal[] {
  const seen = new Set([promptKey(prompt)]);
  return proposals.filter((proposal) => !seen.has(promptKey(proposal.prompt)) && seen.add(promptKey(proposal.prompt))).slice(0, count);
}
