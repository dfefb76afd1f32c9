/** @file `regex`: a pattern of the data, or of the prompt file, that is looked for in the prediction. */
import { shownSource, withinTime } from '../../timeLimit.ts';
import { againstGold, type MetricEntry } from './entry.ts';
import { tidy } from './texts.ts';

export const regex: MetricEntry = {
  kind: 'text',
  about:
    "The column holds a regular expression that matches somewhere in the prediction. With `regex(answer: (\\w+))`, the text that the pattern's first group finds in the prediction is the right answer.",
  ...againstGold((prediction, gold) => matching(gold.trim(), () => patternOf(gold.trim())?.test(prediction) ?? false)),
  golds: 'patterns',
  withArgument(argument) {
    const pattern = patternOf(argument);
    return (
      pattern && againstGold((prediction, gold) => tidy(matching(argument, () => firstMatch(pattern, prediction)) ?? '') === tidy(gold))
    );
  },
};

/** What the pattern finds first in the text: its first group if it has one; undefined where it finds nothing. */
function firstMatch(pattern: RegExp, text: string): string | undefined {
  const match = pattern.exec(text);
  return match ? (match[1] ?? match[0]) : undefined;
}

/** A pattern with nested repetitions may try forever, so its time is limited. */
const matching = <T>(source: string, match: () => T): T =>
  withinTime({ what: `Matching the regular expression ${shownSource(source)}`, hint: 'Write it without nested repetitions.' }, match);

/** Patterns written for other languages may escape characters that JavaScript's Unicode mode does not allow to escape. */
function patternOf(source: string): RegExp | undefined {
  for (const flags of ['su', 's']) {
    try {
      return new RegExp(source, flags);
    } catch {
      // The next mode, or none.
    }
  }
  return undefined;
}
