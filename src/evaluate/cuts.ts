/**
 * @file Answers that were cut off before they ended, in the words that every surface uses. It imports nothing, so that the page of the run panel can
 * use it.
 */

/** What cut an answer off: `decoding.maxTokens`, or the end of the model's context. */
export type CutBy = 'length' | 'context';

/** How many answers of one step were cut off by one limit. */
export type Cut = {
  /** For an earlier step of a program: the name of its answer. */
  readonly step?: string;
  /** The number of answers that were cut off, out of `of`. */
  readonly answers: number;
  readonly of: number;
} & (
  | {
      readonly by: 'length';
      /** `decoding.maxTokens`. */
      readonly tokens: number;
      /** Right answers with more tokens than that. Absent if they are not known. */
      readonly outOfReach?: number;
    }
  | { readonly by: 'context' }
);

/** `12 of 75 answers were cut at 64 tokens; raise tandem.decoding.maxTokens`. */
export function cutText(cut: Cut): string {
  const of = cut.step === undefined ? '' : ` of the step "${cut.step}"`;
  const were = `${cut.answers} of ${cut.of} answers${of} ${cut.answers === 1 ? 'was' : 'were'} cut`;
  if (cut.by === 'context') return `${were} at the end of the model's context; shorten the prompt, or choose a model with a longer context`;
  const at = `${were} at ${cut.tokens} tokens`;
  if (cut.outOfReach === 0) return `${at}, although every right answer fits: the model did not end them. Tuning the weights teaches it to`;
  const longer = cut.outOfReach === undefined ? '' : `, and ${cut.outOfReach} right answer${cut.outOfReach === 1 ? ' is' : 's are'} longer`;
  return `${at}${longer}; raise tandem.decoding.maxTokens`;
}

/** `12 of 75 answers cut`, over all steps and limits. Undefined if there are none. */
export function cutSummary(cuts: readonly Cut[] = []): string | undefined {
  const total = (count: (cut: Cut) => number): number => cuts.reduce((sum, cut) => sum + count(cut), 0);
  if (cuts.length === 0) return undefined;
  return cuts.length === 1 ? `${cuts[0].answers} of ${cuts[0].of} answers cut` : `${total(({ answers }) => answers)} answers cut`;
}
