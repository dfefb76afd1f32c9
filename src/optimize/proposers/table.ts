/** @file Every source of proposals, one per line: what it changes, how much of a prompt phase it gets, what it needs. */
import { confusionSentences } from './confusions.ts';
import type { Writer } from '../../model/writer.ts';
import { isFramed } from '../../prompt/frame.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { bootstrappedDemonstrations, labelledDemonstrations } from './demonstrations.ts';
import { editOperators } from './edits.ts';
import { labelWordChoices } from './labelWords.ts';
import type { Proposer } from './proposer.ts';
import { groundedTemplates } from './templates.ts';
import { writtenInstructions } from './written.ts';

/** A part of a prompt that a source may change. */
export type PromptPart = 'instruction' | 'demonstrations' | 'decoding' | 'labels';

/** What a source requires that not every run has. */
export type Need = 'writer' | 'gradients';

export interface ProposerEntry {
  readonly proposer: Proposer;
  readonly changes: readonly PromptPart[];
  /** Its weight among the proposals of a prompt phase, relative to the other sources. */
  readonly share: number;
  readonly needs?: Need;
  /** Whether it can use a hint. */
  readonly hints?: true;
}

/** In the order in which they propose. */
const table: readonly ProposerEntry[] = [
  { proposer: writtenInstructions, changes: ['instruction'], share: 4, needs: 'writer' },
  { proposer: groundedTemplates, changes: ['instruction'], share: 3, hints: true },
  { proposer: editOperators, changes: ['instruction'], share: 4, hints: true },
  { proposer: labelledDemonstrations, changes: ['demonstrations'], share: 2 },
  { proposer: bootstrappedDemonstrations, changes: ['demonstrations'], share: 1 },
  { proposer: confusionSentences, changes: ['instruction'], share: 2 },
  { proposer: labelWordChoices, changes: ['labels', 'instruction'], share: 1 },
];

/** Which of the things that a source may need this run has. */
export const hasOf = ({ writer }: { readonly writer?: Writer }): readonly Need[] => (writer ? ['writer'] : []);

/** The parts that may change, if not all of them may. */
export const changeableParts = (prompt: Prompt): readonly PromptPart[] | undefined => (isFramed(prompt) ? ['instruction'] : undefined);

/**
 * The sources that can be asked, with shares that add up to 1.
 * @param parts what they may change; a source that changes anything else is left out
 * @param at what the run has
 */
export function proposersOf(parts?: readonly PromptPart[], at: readonly Need[] = [], entries = table): readonly ProposerEntry[] {
  const fitting = entries.filter(
    ({ changes, needs }) => (!needs || at.includes(needs)) && (!parts || changes.every((part) => parts.includes(part))),
  );
  const total = fitting.reduce((sum, { share }) => sum + share, 0);
  return fitting.map((entry) => ({ ...entry, share: entry.share / total }));
}
