/** @file Two runs beside each other, as people read it. */
import type { RunComparison } from './compareRuns.ts';
import { milliseconds, nats, natsGained, percentWithInterval, points, sureness, tokensOf } from './format.ts';
import type { PriceState } from './state.ts';

/** How parts of the text are set off, where that can be shown. */
export type Painting = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'diff', (text: string) => string>>;

const asIs = (text: string): string => text;
const plain: Painting = { bold: asIs, dim: asIs, red: asIs, green: asIs, diff: asIs };

/** @param a name of the first run @param b of the second */
export function comparisonText(a: string, b: string, comparison: RunComparison, paint: Painting = plain): string {
  const { metric, rows, apart, score, logLikelihood, price, settings, promptDiff, flips } = comparison;
  const { bold, green, red, dim, diff } = paint;
  const table = (lines: readonly (readonly string[])[]): string[] => {
    const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
    return lines.map((line) => `  ${line.map((text, column) => text.padEnd(widths[column])).join('  ')}`.trimEnd());
  };
  const { low, high } = score.difference;
  const verdict = low > 0 ? green : high < 0 ? red : (text: string): string => text;
  const alone = apart.a + apart.b > 0 ? dim(` (${apart.a} of the first and ${apart.b} of the second alone are left out)`) : '';
  const sections = [
    `A  ${a}\nB  ${b}`,
    [
      `${bold(`On ${rows} test rows of both`)}${alone}`,
      ...table([
        ['', 'A', 'B'],
        [metric, percentWithInterval(score.a), percentWithInterval(score.b)],
        ...(logLikelihood ? [['log-likelihood', nats(logLikelihood.a), nats(logLikelihood.b)]] : []),
        ...((price.a ?? price.b) ? [['price per answer', ofOne(price.a), ofOne(price.b)]] : []),
      ]),
      `  B - A: ${verdict(points(score.difference))}, P(better) ${sureness(score.difference)}${logLikelihood ? `; log-likelihood ${natsGained(logLikelihood.difference)}` : ''}`,
      `  ${flips.gained} rows better, ${flips.lost} worse`,
      ...flips.examples.map(
        (flip) =>
          `    ${flip.better ? green('+') : red('-')} line ${flip.line}${flip.gold === undefined ? '' : `, right: ${short(flip.gold)}`}  A: ${short(flip.a)}  B: ${short(flip.b)}`,
      ),
    ].join('\n'),
    settings.length === 0
      ? 'Both were asked the same, and found the same.'
      : [bold('What differs'), ...table([['', 'A', 'B'], ...settings.map((each) => [each.name, each.a, each.b])])].join('\n'),
    promptDiff === '' ? 'Both ended with the same prompt.' : `${bold('From the prompt of A to that of B')}\n${diff(promptDiff.trimEnd())}`,
  ];
  return sections.join('\n\n') + '\n';
}

/** What an answer of the run's outcome costs. */
const ofOne = (price: PriceState | undefined): string =>
  price ? `${tokensOf(price.after)} tokens${price.time ? `, ${milliseconds(price.time.after)} ms` : ''}` : 'not measured';

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 39)}…` : line);
}
