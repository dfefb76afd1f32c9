/** @file A prompt's headline: its number in one line, and in a few for those who want to know more. */
import { cutSummary, cutText } from '../../evaluate/cuts.ts';
import { nats, percent, percentWithInterval, roughPercent, rowCount } from '../../run/words/format.ts';
import type { MeasuredPrompt, MeasuredWith } from '../../run/record/results.ts';

/** `72.0% [63, 80] · 120 rows · smollm2-135m · 3 min ago`. */
export function headline(measured: MeasuredPrompt, now: number): string {
  const { score, model, adapter, split, at, cuts } = measured;
  const cut = cutSummary(cuts);
  // Rounded outwards: no surer than the interval is.
  const interval = `[${Math.floor(score.low * 100 + 1e-9)}, ${Math.ceil(score.high * 100 - 1e-9)}]`;
  const rows = `${score.rows}${split === 'test' ? ' test' : ''} row${score.rows === 1 ? '' : 's'}`;
  return [
    `${percent(score.mean)} ${interval}`,
    rows,
    ...(cut === undefined ? [] : [cut]),
    adapter ? `${model} + adapter` : model,
    ago(at, now),
  ].join(' · ');
}

/** The headline, where there is one, and whether it is still about this text. */
export function knownHeadline(measured: MeasuredPrompt | undefined, stale: boolean, now: number): string {
  if (!measured) return notMeasured;
  return `${headline(measured, now)}${stale ? ` · ${outdated}` : ''}`;
}

/** `72% ±6`, for a lens: the rest is in its tooltip. Says whether it is still about this text. */
export function shortHeadline(measured: MeasuredPrompt | undefined, stale: boolean): string {
  if (!measured) return notMeasured;
  const { score, split, cuts } = measured;
  const cut = cutSummary(cuts);
  const about = [...(split === 'test' ? ['test rows'] : []), ...(cut === undefined ? [] : [cut]), ...(stale ? [outdated] : [])];
  return [roughPercent(score), ...about].join(' · ');
}

const notMeasured = 'Not measured yet';
const outdated = 'before your edits';

/** What the headline rests on. */
export function headlineDetail(measured: MeasuredPrompt): string {
  const { score, logLikelihood, metric, cuts = [] } = measured;
  return [
    `${metric} ${percentWithInterval(score)}${logLikelihood ? `, log-likelihood ${nats(logLikelihood)} nats per row` : ''}; 95% intervals`,
    measuredText(measured, score.rows),
    ...cuts.map((cut) => `${cutText(cut)}.`),
  ].join('\n');
}

/** `Measured on 120 validation rows with smollm2-135m and adapter 3f2a, 2026-11-24 10:15`. */
export function measuredText({ split, model, adapter, at }: MeasuredWith, rows: number): string {
  const kind = split === 'test' ? 'test' : 'validation';
  return `Measured on ${rowCount(rows, kind)} with ${model}${adapter ? ` and adapter ${adapter}` : ''}, ${localTime(new Date(at))}`;
}

/** `just now`, `3 min ago`, `2 h ago`, `5 days ago`. @param at ISO 8601 */
export function ago(at: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(at)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  const days = Math.floor(minutes / (24 * 60));
  return `${days} day${days === 1 ? '' : 's'} ago`;
}

function localTime(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
