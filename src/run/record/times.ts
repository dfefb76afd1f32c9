/** @file What a budget of time comes to: when the run and its test are to be over, the plan of what is left, and what would have been enough. */
import { leastText } from '../words/budgetText.ts';
import type { RunConfig, RunEvent } from './events.ts';
import { testReserve } from '../finalTest.ts';
import { priceTime } from '../price.ts';
import type { RunState } from './state.ts';
import { makeTimePlan, type TimePlan } from '../timePlan.ts';
import { noStep } from '../words/words.ts';

/** Of a budget of time, in milliseconds. */
export interface Times {
  /** When all is to be over, and when the run itself with its test: controls have as much each. */
  readonly all: number;
  readonly run: number;
  /** What is kept for the end at so many tokens per second. */
  readonly reserve: (tokensPerSecond: number) => number;
  /** When the test must be over: what comes after it is the price of an answer. */
  readonly test: number;
  readonly tokensPerRow: number;
}

/** @param isPriced the run measures at its end what an answer costs. @returns undefined of a budget in tokens, and of journals of versions that turned time into tokens once. */
export function timesOf({ config, tokensPerRow }: RunState, isPriced: boolean): Times | undefined {
  if (!config || !('seconds' in config.budget) || tokensPerRow === undefined) return undefined;
  const { budget, controls = [], splits, limits } = config;
  const all = 1000 * budget.seconds;
  const run = all / (1 + controls.length);
  const price = isPriced ? priceTime(run) : 0;
  const ofTest = testReserve(splits.test, { deadline: run, tokensPerRow, isAsked: limits.test !== undefined });
  return { all, run, test: run - price, tokensPerRow, reserve: (tokensPerSecond) => ofTest(tokensPerSecond) + price };
}

export function planOf(
  { tokensPerSecond, budget }: RunState,
  { run, reserve }: Times,
  spent: number,
  { elapsed, emit }: { readonly elapsed: () => number; readonly emit: (event: RunEvent) => void },
): TimePlan {
  return makeTimePlan({ deadline: run, elapsed, reserve, speed: tokensPerSecond!, budget: budget!, spent, tell: emit });
}

/** Why a run of the coordinators is over whose budget does not pay for a further step. */
export const spent = 'the budget is spent';

/** @param cost tokens of the start and a first step. @param elapsed milliseconds, the test's among them */
export function noStepReason({ budget }: RunConfig, cost: number, elapsed: number, tokensPerSecond: number): string {
  return `${noStep}; use a budget of at least ${leastText('tokens' in budget ? cost : elapsed + (1000 * cost) / tokensPerSecond, budget)}`;
}
