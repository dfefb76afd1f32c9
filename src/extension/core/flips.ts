/** @file A row that turned, as a hover or a comment names it. */
import { code, joined, markup, type Markdown } from '../../run/markdown.ts';

/** `my card is gone is`, before the right answer; `is` where the row has no inputs. */
export function askedText(inputs: Readonly<Record<string, string>>): Markdown {
  const values = Object.values(inputs).map((value) => code(value, 80));
  return values.length === 0 ? markup`is` : markup`${joined(values, ', ')} is`;
}
