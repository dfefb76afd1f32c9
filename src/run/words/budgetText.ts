/** @file A budget that would be enough, in words. */
import { duration } from './format.ts';
import type { Budget } from '../spec.ts';

/** What is measured on other rows, or at another moment, may cost more. */
const margin = 1.1;

/** `1300p`, or `2 min 30 s`. @param least tokens, or milliseconds for a budget of time */
export function leastText(least: number, budget: Budget): string {
  if ('passes' in budget) return `${roundedUp(margin * least)}p`;
  return duration(5000 * Math.ceil((margin * least) / 5000));
}

/** To two digits. */
function roundedUp(passes: number): number {
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, passes))) - 1);
  return Math.ceil(passes / digit) * digit;
}
