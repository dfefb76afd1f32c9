/** @file A row whose prediction changed, as a hover or a comment names it. */
import { code, joined, markup, type Markdown } from '../../run/words/markdown.ts';

/** `my card is gone (right answer: lost_card)`: the inputs and the right answer, as far as the row has them. */
export function askedText(inputs: Readonly<Record<string, string>>, gold: string | undefined): Markdown {
  const asked = joined(
    Object.values(inputs).map((value) => code(value, 80)),
    ', ',
  );
  if (gold === undefined) return asked;
  return Object.keys(inputs).length === 0 ? markup`right answer ${code(gold)}` : markup`${asked} (right answer ${code(gold)})`;
}
