/** @file `tandem compare`: two runs on the same test rows, and what differs between them. */
import { Command } from 'commander';
import { compareRuns, type RunComparison } from '../run/compareRuns.ts';
import { nats, natsGained, percentWithInterval, points, sureness } from '../run/format.ts';
import { findRun, readState } from '../run/runDirectory.ts';
import { colouredDiff, coloursFor, type Colours } from './colours.ts';
import { withExamples } from './examples.ts';

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('compare two runs: paired on the test rows that both have, with what differs')
    .argument('<run>', "a run's name or folder")
    .argument('<other>', 'the run to compare it with')
    .option('--json', 'print JSON')
    .action((run: string, other: string, { json }: { json?: boolean }) => {
      const [a, b] = [findRun(process.cwd(), run), findRun(process.cwd(), other)];
      const comparison = compareRuns(readState(a), readState(b));
      process.stdout.write(
        json
          ? JSON.stringify({ version: 1, a: a.run, b: b.run, ...comparison }, null, 2) + '\n'
          : asText(a.run, b.run, comparison, coloursFor(process.stdout)),
      );
    });
  return withExamples(
    command,
    [
      ['tandem compare 2026-11-25-101500-intent 2026-11-25-113000-intent', 'what the second gained over the first'],
      ['tandem compare .tandem/runs/one .tandem/runs/other --json', 'for a program'],
    ],
    'The difference is of the outcomes of both runs on the same rows, the second minus the first, with a 95% paired bootstrap interval. Rows are known by their values, wherever they stand. Nothing is measured anew: the answers are those that each run gave when it opened its test rows.',
  );
}

function asText(a: string, b: string, comparison: RunComparison, colours: Colours): string {
  const { metric, rows, apart, score, logLikelihood, settings, promptDiff, flips } = comparison;
  const { bold, green, red, dim } = colours;
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
        ['log-likelihood', nats(logLikelihood.a), nats(logLikelihood.b)],
      ]),
      `  B - A: ${verdict(points(score.difference))}, P(better) ${sureness(score.difference)}; log-likelihood ${natsGained(logLikelihood.difference)}`,
      `  ${flips.gained} rows better, ${flips.lost} worse`,
      ...flips.examples.map(
        (flip) =>
          `    ${flip.better ? green('+') : red('-')} line ${flip.line}, right: ${short(flip.gold)}  A: ${short(flip.a)}  B: ${short(flip.b)}`,
      ),
    ].join('\n'),
    settings.length === 0
      ? 'Both were asked the same, and found the same.'
      : [bold('What differs'), ...table([['', 'A', 'B'], ...settings.map((each) => [each.name, each.a, each.b])])].join('\n'),
    promptDiff === ''
      ? 'Both ended with the same prompt.'
      : `${bold('From the prompt of A to that of B')}\n${colouredDiff(promptDiff.trimEnd(), colours)}`,
  ];
  return sections.join('\n\n') + '\n';
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 39)}…` : line);
}
