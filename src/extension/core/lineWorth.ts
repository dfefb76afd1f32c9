/** @file What stands at the end of each line of a prompt file: its measured worth, where it is now, and what the hover says. */
import { count, natsGained, points, sureness } from '../../run/words/format.ts';
import { code, joined, markup, type Markdown } from '../../run/words/markdown.ts';
import type { LineChange, LineWorth, MeasuredLines } from '../../run/record/results.ts';
import { ago, measuredText } from './headline.ts';
import { askedText } from './changedPredictions.ts';

/** Whether the interval says that the line helps or hurts, or leaves it open; 'stale' where the text is another one by now. */
export type Tint = 'helps' | 'hurts' | 'unclear' | 'stale';

export interface LineAnnotation {
  /** 0-based line of the text as it is now. */
  readonly line: number;
  /** `+6.2 pts`, or `0.0, saves 14 tokens`. */
  readonly label: string;
  readonly tint: Tint;
  readonly hover: Markdown;
}

export interface AnnotationOptions {
  /** The text of the file is not the one that was measured. */
  readonly stale: boolean;
  /** Date.now() */
  readonly now: number;
}

/** What was measured of a program's lines, as far as it stands in one of its prompt files. @param file as results name it */
export function linesOfStep(measured: MeasuredLines, file: string): MeasuredLines {
  return { ...measured, lines: measured.lines.filter((line) => line.file === file) };
}

/** @param text the prompt file as it is now: a line that was moved keeps its number, one that was changed loses it */
export function annotateLines(measured: MeasuredLines, text: string, options: AnnotationOptions): LineAnnotation[] {
  const places = placesIn(text, measured.lines);
  return measured.lines.flatMap((worth, index) => {
    const line = places[index];
    if (line === undefined) return [];
    const tint = options.stale ? 'stale' : tintOf(worth);
    return [{ line, label: labelOf(worth), tint, hover: hoverOf(worth, measured, options) }];
  });
}

/** `+6.2 pts`; what does not help says what leaving it out would save. */
export function labelOf({ score, tokensSaved = 0 }: LineWorth): string {
  const worth = (score.mean * 100).toFixed(1).replace(/^-(0\.0)$/, '$1');
  const saving = tokensSaved > 0 ? `, saves ${count(tokensSaved)} token${tokensSaved === 1 ? '' : 's'}` : '';
  if (Number(worth) === 0) return `0.0${saving}`;
  return Number(worth) > 0 ? `+${worth} pts` : `${worth} pts${saving}`;
}

function tintOf({ score }: LineWorth): Tint {
  if (score.low > 0) return 'helps';
  return score.high < 0 ? 'hurts' : 'unclear';
}

/** For each measured line the 0-based line that has its text now: its own, else the nearest one after the lines before it. */
function placesIn(text: string, lines: readonly LineWorth[]): (number | undefined)[] {
  const now = text.split(/\r?\n/).map((line) => line.trimEnd());
  const taken = new Set<number>();
  return lines.map(({ line, text: measured, kind }) => {
    const own = line - 1;
    // Demonstrations have no line of their own text.
    if (kind === 'demonstrations') return own < now.length ? own : undefined;
    const places = [...now.keys()].filter((place) => now[place] === measured && !taken.has(place));
    const nearest = places.sort((a, b) => Math.abs(a - own) - Math.abs(b - own)).at(0);
    if (nearest !== undefined) taken.add(nearest);
    return nearest;
  });
}

function hoverOf(worth: LineWorth, about: MeasuredLines, { stale, now }: AnnotationOptions): Markdown {
  const { score, logLikelihood, kind, text, tokensSaved, changedPredictions = [] } = worth;
  const likelihood = logLikelihood ? `Log-likelihood ${natsGained(logLikelihood)} nats per row.` : '';
  const saved = tokensSaved ? `Leaving it out saves ${count(tokensSaved)} tokens.` : '';
  const what = kind === 'demonstrations' ? text : 'this line';
  const paragraphs = [
    markup`**${points(score)}** ${about.metric} with ${what} compared to without it (95% interval). P(better) ${sureness(score)}.`,
    ...(likelihood || saved ? [markup`${[likelihood, saved].filter(Boolean).join(' ')}`] : []),
    markup`${measuredText(about, score.rows)} (${ago(about.at, now)}), on the same rows both times.`,
    ...(stale ? [markup`*The text has changed since. Measure again to update this.*`] : []),
    ...(changedPredictions.length > 0 ? [joined(['Changed predictions:', ...changedPredictions.map(changedText)], '\n')] : []),
  ];
  return joined(paragraphs, '\n\n');
}

function changedText({ line, inputs, gold, withLine, withoutLine }: LineChange): Markdown {
  return markup`- line ${line}: ${askedText(inputs, gold)}: with it ${code(withLine)}, without it ${code(withoutLine)}`;
}
