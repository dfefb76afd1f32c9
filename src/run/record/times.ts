/** @file What a budget of time implies: when the run and its test must be over, the plan for what is left, and what would have been enough. */
import { leastText } from '../words/budgetText.ts';
import type { RunConfig, RunEvent } from './events.ts';
import { testReserve } from '../finalTest.ts';
import { priceTime } from '../price.ts';
import type { RunState } from './state.ts';
import { makeTimePlan, type TimePlan } from '../timePlan.ts';
import { noStep } from '../words/words.ts';

/** The times of a budget of time, in milliseconds. */
export interface Times {
  /** When everything must be over, and when the run itself with its test must be: each control gets as much. */
  readonly all: number;
  readonly run: number;
  /** What is reserved for the end at this many tokens per second. */
  readonly reserve: (tokensPerSecond: number) => number;
  /** When the test must be over. The price of an answer is measured after it. */
  readonly test: number;
  readonly tokensPerRow: number;
}

/** @param isPriced the run measures at its end what an answer costs. @returns undefined for a budget in tokens, and for journals of versions that converted time into tokens only once. */
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

/** Why a coordinator ends a run whose budget does not pay for a further step. */
export const spent = 'the budget is spent';

/** @param cost tokens of the start and a first step. @param elapsed milliseconds, including the test's */
export function noStepReason({ budget }: RunConfig, cost: number, elapsed: number, tokensPerSecond: number): string {
  return `${noStep}; use a budget of at least ${leastText('tokens' in budget ? cost : elapsed + (1000 * cost) / tokensPerSecond, budget)}`;
}
