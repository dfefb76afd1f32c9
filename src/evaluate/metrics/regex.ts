/** @file `regex`: a pattern from the data or the prompt file that is searched for in the prediction. */
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

/** The first match of the pattern in the text: its first group if it has one. Undefined without a match. */
function firstMatch(pattern: RegExp, text: string): string | undefined {
  const match = pattern.exec(text);
  return match ? (match[1] ?? match[0]) : undefined;
}

/** A pattern with nested repetitions may run forever, so its time is limited. */
const matching = <T>(source: string, match: () => T): T =>
  withinTime({ what: `Matching the regular expression ${shownSource(source)}`, hint: 'Write it without nested repetitions.' }, match);

/** Patterns written for other languages may escape characters that JavaScript's Unicode mode does not allow to be escaped. */
function patternOf(source: string): RegExp | undefined {
  for (const flags of ['su', 's']) {
    try {
      return new RegExp(source, flags);
    } catch {
      // Try the next mode.
    }
  }
  return undefined;
}
