/** @file Numbers and settings as people read them, the same in the report, the terminal and the editor. */
import type { LoraConfig } from '../../model/adapter.ts';
import type { LinearName } from '../../model/linears.ts';
import type { AnswerEnds } from '../../prompt/decoding.ts';
import { confidenceText } from '../../optimize/confidence.ts';
import type { Difference, Estimate } from '../../optimize/events.ts';
import type { Worth } from '../../optimize/worth.ts';
import type { AnswerTokens } from '../../evaluate/answerTokens.ts';
import type { RunConfig } from '../record/events.ts';
import type { PriceState } from '../record/state.ts';

/** `72.0%` for 0.72. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** `[66.5, 77.1]`, shares in percent. */
export const percentInterval = ({ low, high }: Estimate): string => `[${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`;

/** `72.0% [66.5, 77.1]`. */
export const percentWithInterval = (estimate: Estimate): string =>
  `${percent(estimate.mean)} ${percentInterval(estimate)}${ofOneRow(estimate)}`;

/** `+12.5 points [+7.1, +18.0]` for a difference of two shares. */
export const points = ({ mean, low, high, rows }: Estimate): string =>
  `${signed(mean * 100, 1)} points [${signed(low * 100, 1)}, ${signed(high * 100, 1)}]${ofOneRow({ rows })}`;

/** `76% ±11`: a share in brief. */
export function roughPercent(estimate: Estimate): string {
  const { middle, reach } = rough(estimate, 1);
  return `${middle}% ±${reach}${ofOneRow(estimate)}`;
}

/** `+12.0 ±10.2 pts`: a difference of two shares in brief. */
export function roughPoints(estimate: Estimate): string {
  const { middle, reach } = rough(estimate, 0.1);
  return `${signed(middle, 1)} ±${reach.toFixed(1)} pts${ofOneRow(estimate)}`;
}

/** In hundredths, rounded: the mean, and the distance to the farther end of the interval, rounded up. */
function rough({ mean, low, high }: Estimate, unit: number): { readonly middle: number; readonly reach: number } {
  const middle = Math.round((mean * 100) / unit) * unit;
  return { middle, reach: Math.ceil(Math.max(middle - low * 100, high * 100 - middle) / unit - 1e-6) * unit };
}

/** What no interval can say as clearly. */
const ofOneRow = ({ rows }: Pick<Estimate, 'rows'>): string => (rows === 1 ? ` (${oneRow})` : '');
const oneRow = 'one row proves nothing';

/** `+12.5 points on 75 validation rows (very likely real)`: a difference for everyone. */
export function gainText(difference: Difference, kind?: string): string {
  const { mean, rows } = difference;
  return `${signed(mean * 100, 1)} points on ${rowCount(rows, kind)} (${rows === 1 ? oneRow : confidenceText(difference)})`;
}

/** `95% interval [+7.1, +18.0], P(better) >99.9%`: the statistics behind it. */
export const gainDetails = (difference: Difference): string =>
  `95% interval [${signed(difference.low * 100, 1)}, ${signed(difference.high * 100, 1)}], P(better) ${sureness(difference)}`;

/** `very likely real (P(better) >99.9%)`. */
export const betterText = (difference: Difference): string =>
  `${difference.rows === 1 ? oneRow : confidenceText(difference)} (P(better) ${sureness(difference)})`;

/** `1 row`, `120 validation rows`. */
export const rowCount = (rows: number, kind?: string): string =>
  `${rows} ${kind === undefined ? '' : `${kind} `}row${rows === 1 ? '' : 's'}`;

/** `[-1.301, -1.170]`: nats per row. */
export const natsInterval = ({ low, high }: Estimate): string => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;

/** `-1.234 [-1.301, -1.170]`: nats per row. */
export const nats = (estimate: Estimate): string => `${estimate.mean.toFixed(3)} ${natsInterval(estimate)}${ofOneRow(estimate)}`;

/** `+0.214 [+0.180, +0.250]`. */
export const natsGained = ({ mean, low, high, rows }: Estimate): string =>
  `${signed(mean, 3)} [${signed(low, 3)}, ${signed(high, 3)}]${ofOneRow({ rows })}`;

/** `, log-likelihood +0.214 [+0.180, +0.250]`. Empty if the data has no right answers. */
export const likelihoodPart = (difference: Estimate | undefined): string =>
  difference ? `, log-likelihood ${natsGained(difference)}` : '';

/** `97%`, or `>99.9%`: P(better), how probable it is that the difference is above zero. */
export function sureness({ probabilityBetter: p }: Difference): string {
  if (p > 0.999) return '>99.9%';
  return p < 0.001 ? '<0.1%' : `${(p * 100).toFixed(p > 0.99 || p < 0.01 ? 1 : 0)}%`;
}

/** `50 s`, `5 min`, `1 min 30 s`, `1 h 02 min`: an estimated duration, rounded up. */
export function roughDuration(milliseconds: number): string {
  const unit = milliseconds < 600_000 ? 10_000 : 60_000;
  return duration(Math.ceil(milliseconds / unit - 1e-9) * unit).replace(/ 00 s$/, '');
}

/** `48 s`, `3 min 05 s`, `1 h 02 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (milliseconds > 0 && milliseconds < 950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${two(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** `950`, `12.3k`, `4.56M`. */
export function count(number: number): string {
  if (number < 1000) return String(Math.round(number));
  return number < 1e6 ? `${(number / 1e3).toFixed(1)}k` : `${(number / 1e6).toFixed(2)}M`;
}

/** `14 kB`, `812 MB`, `1.9 GB`. */
export function bytes(number: number): string {
  if (number < 1e6) return `${Math.ceil(number / 1e3)} kB`;
  return number < 1e9 ? `${Math.round(number / 1e6)} MB` : `${(number / 1e9).toFixed(1)} GB`;
}

/** `up to 208 tokens, ended by a blank line`, step by step if there are several. */
export function answerEndsText(ends: readonly (AnswerEnds | null)[]): string {
  const texts = ends.map((each) => (each ? `up to ${each.maxTokens} tokens, ${stopText(each.stop)}` : 'labels'));
  return texts.length === 1 ? texts[0] : texts.map((each, step) => `step ${step + 1}: ${each}`).join('; ');
}

function stopText(stop: readonly string[]): string {
  if (stop.length === 0) return 'ended by the model itself';
  return `ended by ${stop.map((text) => (text === '\n\n' ? 'a blank line' : JSON.stringify(text))).join(' or ')}`;
}

/** `rank 16, alpha 32, dropout 0.05, targets q_proj,v_proj`: only the given options. */
export function loraText({ rank, alpha, dropout, targets }: Partial<LoraConfig>): string {
  const names = linears.filter((name) => targets?.includes(name));
  const settings = { rank, alpha, dropout, targets: targets && (names.length === linears.length ? 'all-linear' : names.join()) };
  return Object.entries(settings)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ');
}

/** `alternating, schedule gated, strategy default, tunes prompt and weights`, or `simultaneous, tunes …, 16 virtual tokens`. */
export function coordinatorText({ coordinator = 'alternating', soft, schedule, strategy, tune }: RunConfig): string {
  const tunes = `tunes ${tune === 'both' ? 'prompt and weights' : tune}`;
  if (coordinator === 'alternating') return `alternating, schedule ${schedule}, strategy ${strategy}, ${tunes}`;
  return [`${coordinator}, ${tunes}`, softText(soft)].filter(Boolean).join(', ');
}

/** `16 virtual tokens, only text may stay`: only the given options. */
export const softText = ({ tokens, start, keep }: NonNullable<RunConfig['soft']> = {}): string =>
  [
    ...(tokens === undefined ? [] : [`${tokens} virtual tokens`]),
    ...(start === undefined ? [] : [`starting from ${start}`]),
    ...(keep === undefined ? [] : [keep ? 'the soft prompt may stay' : 'only text may stay']),
  ].join(', ');

/** `412 → 96 tokens, 38 → 12 ms`: what one answer costs before and after a run, with its prompt. */
export function priceText({ before, after, time }: Pick<PriceState, 'before' | 'after' | 'time'>): string {
  const change = (from: string, to: string, unit: string): string => (from === to ? `${to} ${unit}` : `${from} → ${to} ${unit}`);
  const tokens = change(tokensOf(before), tokensOf(after), 'tokens');
  return time ? `${tokens}, ${change(milliseconds(time.before), milliseconds(time.after), 'ms')}` : tokens;
}

/** `96`: the tokens of the prompt with the row filled in, and of the answer. */
export const tokensOf = ({ promptTokens, answerTokens }: AnswerTokens): string => (promptTokens + answerTokens).toFixed(0);

/** `3.4`, `38`. */
export const milliseconds = (time: number): string => time.toFixed(time < 10 ? 1 : 0);

/** `-77%`. */
export const relative = (before: number, after: number): string => `${signed(100 * (after / before - 1), 0)}%`;

/** `-38 tokens`, `+1 token`. */
export const tokensText = (tokens: number): string => `${signed(tokens, 0)} ${Math.abs(tokens) === 1 ? 'token' : 'tokens'}`;

/** `a shorter prompt may score 1 point less; 100 tokens are worth 0.5 points`. */
export function worthText({ margin, perHundredTokens }: Worth): string {
  const inPoints = (share: number): string => {
    const value = Number((100 * share).toFixed(3));
    return `${value} ${value === 1 ? 'point' : 'points'}`;
  };
  if (perHundredTokens === 0) return 'prompt tokens cost nothing, so no prompt is kept only because it is shorter';
  return `a shorter prompt may score ${inPoints(margin)} less; 100 tokens are worth ${inPoints(perHundredTokens)}`;
}

/** Only the names: the editor's page imports this file too, and what `adapter.ts` imports is not available there. */
const linears = Object.keys({
  q_proj: 0,
  k_proj: 0,
  v_proj: 0,
  o_proj: 0,
  gate_proj: 0,
  up_proj: 0,
  down_proj: 0,
} satisfies Record<LinearName, 0>) as LinearName[];

const two = (number: number): string => String(number).padStart(2, '0');

function signed(number: number, digits: number): string {
  const text = number.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : number > 0 ? `+${text}` : text;
}
