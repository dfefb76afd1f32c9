/** @file Numbers and settings as people read them, the same in the report, the terminal and the editor. */
import { linearNames, type LoraConfig } from '../model/adapter.ts';
import type { Difference, Estimate } from '../optimize/events.ts';

/** `72.0%` for 0.72. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** `72.0% [66.5, 77.1]`. */
export const percentWithInterval = ({ mean, low, high }: Estimate): string =>
  `${percent(mean)} [${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`;

/** `+12.5 points [+7.1, +18.0]` for a difference of two shares. */
export const points = ({ mean, low, high }: Estimate): string =>
  `${signed(mean * 100, 1)} points [${signed(low * 100, 1)}, ${signed(high * 100, 1)}]`;

/** `-1.234 [-1.301, -1.170]`: nats a row. */
export const nats = ({ mean, low, high }: Estimate): string => `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

/** `+0.214 [+0.180, +0.250]`. */
export const natsGained = ({ mean, low, high }: Estimate): string => `${signed(mean, 3)} [${signed(low, 3)}, ${signed(high, 3)}]`;

/** `97%`, or `>99.9%`: how sure it is that the difference is above zero. */
export function sureness({ probabilityBetter: p }: Difference): string {
  if (p > 0.999) return '>99.9%';
  return p < 0.001 ? '<0.1%' : `${(p * 100).toFixed(p > 0.99 || p < 0.01 ? 1 : 0)}%`;
}

/** `48 s`, `3 min 05 s`, `1 h 02 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${two(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** `950`, `12.3k`, `4.56M`. */
export function count(number: number): string {
  if (number < 1000) return String(Math.round(number));
  return number < 1e6 ? `${(number / 1e3).toFixed(1)}k` : `${(number / 1e6).toFixed(2)}M`;
}

/** `rank 16, alpha 32, dropout 0.05, targets q_proj,v_proj`: of those that are given. */
export function loraText({ rank, alpha, dropout, targets }: Partial<LoraConfig>): string {
  const names = linearNames.filter((name) => targets?.includes(name));
  const settings = { rank, alpha, dropout, targets: targets && (names.length === linearNames.length ? 'all-linear' : names.join()) };
  return Object.entries(settings)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ');
}

const two = (number: number): string => String(number).padStart(2, '0');

function signed(number: number, digits: number): string {
  const text = number.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : number > 0 ? `+${text}` : text;
}
