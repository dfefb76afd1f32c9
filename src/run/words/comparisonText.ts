/** @file Two runs side by side, as text for people. */
import type { RunComparison } from '../compareRuns.ts';
import { gainDetails, gainText, milliseconds, nats, natsGained, percentWithInterval, tokensOf } from './format.ts';
import type { PriceState } from '../record/state.ts';

/** How parts of the text are highlighted, if the output can show that. */
export type Painting = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'diff', (text: string) => string>>;

const asIs = (text: string): string => text;
const plain: Painting = { bold: asIs, dim: asIs, red: asIs, green: asIs, diff: asIs };

/** @param a the name of the first run @param b the name of the second */
export function comparisonText(a: string, b: string, comparison: RunComparison, paint: Painting = plain): string {
  const { metric, rows, apart, score, logLikelihood, price, settings, promptDiff, changedPredictions } = comparison;
  const { bold, green, red, dim, diff } = paint;
  const table = (lines: readonly (readonly string[])[]): string[] => {
    const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
    return lines.map((line) => `  ${line.map((text, column) => text.padEnd(widths[column])).join('  ')}`.trimEnd());
  };
  const { low, high } = score.difference;
  const verdict = low > 0 ? green : high < 0 ? red : (text: string): string => text;
  const alone = apart.a + apart.b > 0 ? dim(` (left out: ${apart.a} rows only in the first and ${apart.b} only in the second)`) : '';
  const sections = [
    `A  ${a}\nB  ${b}`,
    [
      `${bold(`On ${rows} test rows that both runs share`)}${alone}`,
      ...table([
        ['', 'A', 'B'],
        [metric, percentWithInterval(score.a), percentWithInterval(score.b)],
        ...(logLikelihood ? [['log-likelihood', nats(logLikelihood.a), nats(logLikelihood.b)]] : []),
        ...((price.a ?? price.b) ? [['price per answer', ofOne(price.a), ofOne(price.b)]] : []),
      ]),
      `  B - A: ${verdict(gainText(score.difference, 'test'))}, ${gainDetails(score.difference)}${logLikelihood ? `; log-likelihood ${natsGained(logLikelihood.difference)}` : ''}`,
      `  Changed predictions: ${changedPredictions.fixes} fixes, ${changedPredictions.regressions} regressions`,
      ...changedPredictions.examples.map(
        (row) =>
          `    ${row.better ? green('+') : red('-')} line ${row.line}${row.gold === undefined ? '' : `, right: ${short(row.gold)}`}  A: ${short(row.a)}  B: ${short(row.b)}`,
      ),
    ].join('\n'),
    settings.length === 0
      ? `Both runs have the same settings${promptDiff === '' ? ' and results' : ''}.`
      : [bold('What differs'), ...table([['', 'A', 'B'], ...settings.map((each) => [each.name, each.a, each.b])])].join('\n'),
    promptDiff === ''
      ? 'Both runs ended with the same prompt.'
      : `${bold('From the prompt of A to the prompt of B')}\n${diff(promptDiff.trimEnd())}`,
  ];
  return sections.join('\n\n') + '\n';
}

/** What an answer costs with the run's outcome. */
const ofOne = (price: PriceState | undefined): string =>
  price ? `${tokensOf(price.after)} tokens${price.time ? `, ${milliseconds(price.time.after)} ms` : ''}` : 'not measured';

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 39)}…` : line);
}
