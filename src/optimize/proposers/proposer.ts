/** @file What a proposer is given and what it gives: new prompts for the gate to judge. */
import type { Row } from '../../data/dataset.ts';
import type { Evaluator } from '../../evaluate/evaluator.ts';
import type { Adapter } from '../../model/adapter.ts';
import { ownWords } from '../../prompt/labelWords.ts';
import type { Writer } from '../../model/writer.ts';
import { stepsOf, type Prompt } from '../../prompt/prompt.ts';
import { columnsOf, render } from '../../prompt/template.ts';
import type { Random } from '../../random.ts';

export interface ProposerContext {
  /** The prompt to improve on. */
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
  readonly evaluator: Evaluator;
  readonly trainset: readonly Row[];
  /** Rows of the trainset that the model has failed every time, where a curriculum knows them: what the prompt might speak of. */
  readonly hard?: readonly Row[];
  /** Where something else that was tuned says that the prompt should go; proposers that know no use for it do without. */
  readonly hint?: Hint;
  /** A model that writes. Absent where the user named none. */
  readonly writer?: Writer;
  /** Edits that were tried before and not kept, the latest first. */
  readonly rejected?: readonly RejectedEdit[];
  /** Ends requests that are under way. */
  readonly signal?: AbortSignal;
  readonly random: Random;
  /** How many proposals are wanted at most. */
  readonly count: number;
}

export interface RejectedEdit {
  /** What was changed, as its proposal says. */
  readonly reason: string;
  /** Why it was not kept, as the gate or the race says. */
  readonly because: string;
}

export interface Hint {
  /** Whose it is, for people: the soft prompt. */
  readonly from: string;
  /** The most telling first; `instead` is the word of the prompt in whose place it would stand. */
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

/** Prompts that the model reads alike have the same key, whatever their line endings, white space at the end or unused {{demos}} line. */
export const promptKey = (prompt: Prompt): string => stepsOf(prompt).map(stepKey).join('\0');

/** Equal of prompts whose answers are only read in another way. */
export const textKey = (prompt: Prompt): string => promptKey({ ...prompt, decoding: {} });

function stepKey(prompt: Prompt): string {
  const text = render(prompt, Object.fromEntries(columnsOf(prompt).map((name) => [name, `\${input:${name}}`])));
  const told = [prompt.decoding, ownWords(prompt)].flatMap((each) => (each ? [JSON.stringify(each)] : []));
  return [text, ...told].join('\0');
}

/** The first ones, up to `count`, that read neither as the prompt itself nor as one before them. */
export function newOnes(prompt: Prompt, proposals: readonly Proposal[], count: number): Proposal[] {
  const seen = new Set([promptKey(prompt)]);
  return proposals.filter((proposal) => !seen.has(promptKey(proposal.prompt)) && seen.add(promptKey(proposal.prompt))).slice(0, count);
}
