/** @file The results file of the speed benchmark, and the table made from it. */
import type { Check } from './lineProtocol.ts';
import type { Case } from './speedCases.ts';

/** Cores that other processes may use. Above this limit, peers slow down more than Tandem does (bench/peers/README.md). */
export const quiet = 0.05;

export interface Side {
  readonly seconds: readonly number[];
  readonly otherCores: readonly number[];
  readonly peakGb: number;
  readonly check: Check;
}

/** One case compared with one peer. The repetitions of both sides form pairs. */
export interface Measurement {
  readonly case: string;
  readonly peer: string;
  /** Whether the target includes this peer. */
  readonly counts: boolean;
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly versions: string;
  readonly busyLimit: number;
  /** Pairs that did not count because other processes used the cores. */
  readonly dropped: number;
  /** How the peer's process ended before the last pair: 'SIGKILL' or 'exit code 1'. */
  readonly endedEarly?: string;
  /** Absent if the peer ended before the first pair. */
  readonly tandem?: Side;
  readonly other?: Side;
}

export interface Results {
  readonly machine: string;
  readonly measurements: readonly Measurement[];
}

export function report(cases: readonly Case[], { machine, measurements }: Results): string {
  const distinct = (key: 'date' | 'command' | 'commit' | 'versions' | 'busyLimit'): string[] => [
    ...new Set(measurements.map((one) => String(one[key]))),
  ];
  const rows = cases.flatMap((asked) => {
    const own = measurements.filter((measurement) => measurement.case === asked.name);
    const hardest = own
      .filter(({ counts, tandem }) => counts && tandem)
      .sort((a, b) => ratios(a).median - ratios(b).median)
      .at(0);
    return own.map((measurement) => row(asked, measurement, measurement === hardest));
  });
  return [
    '# Speed',
    '',
    `${machine}; ${distinct('date').join(', ')}; ${distinct('versions').join('; ')}; commit ${distinct('commit').join(', ')}.`,
    '',
    'Medians of repetitions run in turn, two threads; times as fast: the median of the pairs’ ratios. A pair counts if other processes',
    `kept at most ${distinct('busyLimit').join(' or ')} cores busy. Speed targets are held against PEFT and transformers in f32, in generation against the`,
    'fastest of llama.cpp’s files and batches; the other peers are there for orientation. Peak RSS: Tandem, then the peer.',
    '',
    `| ${columns.join(' | ')} |`,
    `|${' --- |'.repeat(columns.length)}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    '```sh',
    ...distinct('command'),
    '```',
    '',
  ].join('\n');
}

const columns = ['case', 'peer', 'Tandem, s', 'peer, s', 'times as fast (min–max)', 'pairs', 'checks', 'peak RSS, GB', 'target'];

function row(asked: Case, measurement: Measurement, hardest: boolean): string[] {
  const { tandem, other, peer, dropped, endedEarly } = measurement;
  const early = endedEarly ? `; peer ended early: out of memory? (${endedEarly})` : '';
  const pairs = `${tandem?.seconds.length ?? 0}${dropped ? `, ${dropped} dropped` : ''}${early}`;
  if (!tandem) return [asked.title, peer, '–', '–', '–', pairs, '–', '–', '–'];
  const { median: times, low, high } = ratios(measurement);
  const verdict = (text: string, met: boolean | undefined): string =>
    `${text} ${met === undefined ? 'not judged' : met ? 'met' : '**missed**'}`;
  // A machine that is short of memory slows a peer down before it ends it.
  const judged = measurement.busyLimit <= quiet && !endedEarly;
  const targets = [
    ...(hardest ? [verdict(`≥ ${asked.speedup}x`, judged ? times >= asked.speedup : undefined)] : []),
    ...(asked.peakGb ? [verdict(`≤ ${asked.peakGb} GB`, tandem.peakGb <= asked.peakGb)] : []),
  ];
  return [
    asked.title,
    peer || '–',
    median(tandem.seconds).toFixed(2),
    other ? median(other.seconds).toFixed(2) : '–',
    other ? `${times.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})` : '–',
    pairs,
    other
      ? agreement(asked.tolerance, tandem.check, other.check)
      : [tandem.check]
          .flat()
          .map((value) => Number(value.toFixed(3)))
          .join(', '),
    [tandem, ...(other ? [other] : [])].map((side) => side.peakGb.toFixed(2)).join(' / '),
    targets.join('; ') || '–',
  ];
}

/** The peer's time divided by Tandem's, over pairs. */
function ratios({ tandem, other }: Measurement): { readonly median: number; readonly low: number; readonly high: number } {
  const each = (tandem?.seconds ?? []).map((seconds, i) => (other?.seconds[i] ?? NaN) / seconds);
  return { median: median(each), low: Math.min(...each), high: Math.max(...each) };
}

function agreement(tolerance: Case['tolerance'], ours: Check, theirs: Check): string {
  const other = [theirs].flat();
  const differences = [ours].flat().map((value, i) => Math.abs(value - other[i]));
  if (tolerance === 'tokens') return `${differences.filter((difference) => difference === 0).length} of ${differences.length} tokens agree`;
  const most = Math.max(...differences);
  return most <= tolerance ? 'agree' : `differ by ${most.toPrecision(2)}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
