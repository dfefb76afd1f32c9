/** @file A sufficient budget, in words. */
import { duration } from './format.ts';
import type { Budget } from '../spec.ts';

/** A margin, because a measurement on other rows or at another moment may cost more. */
const margin = 1.1;

/** `1.3k`, or `2 min 30 s`. @param least tokens, or milliseconds for a budget of time */
export function leastText(least: number, budget: Budget): string {
  if ('tokens' in budget) return `${roundedUp(margin * least) / 1000}k`;
  return duration(5000 * Math.ceil((margin * least) / 5000));
}

/** Rounded to two digits. */
function roundedUp(tokens: number): number {
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, tokens))) - 1);
  return Math.ceil(tokens / digit) * digit;
}
