/**
 * @file Turns a budget of time into tokens, again and again: what the remaining time pays for at the recent speed. A decision is journalled
 * before it is used, so the journal has everything that the clock has decided.
 */
import type { RunEvent } from './record/events.ts';

export type BudgetPlanned = Extract<RunEvent, { type: 'budgetPlanned' }>;

export interface TimePlan {
  /** Tokens that may be spent in total, after this many have been spent; the same until the clock says something else. */
  readonly budget: (spent: number) => number;
  /** Announces uncounted work of this many tokens: it still shows how fast the machine is. */
  readonly uncounted: (tokensUsed: number) => void;
  /** Recent speed, in tokens per second. */
  readonly speed: () => number;
}

export interface TimePlanOptions {
  /** When everything must be done, in milliseconds of running time. */
  readonly deadline: number;
  /** Milliseconds of running time. */
  readonly elapsed: () => number;
  /** Milliseconds that the end takes at so many tokens per second. */
  readonly reserve: (tokensPerSecond: number) => number;
  /** The speed that is known at the beginning, in tokens per second, and the plan that is in force, of a resumed run. */
  readonly speed: number;
  readonly budget?: number;
  /** Tokens spent at the beginning. */
  readonly spent: number;
  readonly tell: (event: BudgetPlanned) => void;
}

/** The speed is that of this share of the whole time, the later the more. */
const memory = 1 / 15;
/** Milliseconds of it at the least and at the most. */
const [shortest, longest] = [1000, 20_000];
/** A plan stays while it differs by less than these shares of what is left, and of the whole. */
const [tolerance, least] = [0.05, 0.005];

export function makeTimePlan(options: TimePlanOptions): TimePlan {
  const { deadline, elapsed, reserve, tell } = options;
  const span = Math.min(longest, Math.max(shortest, memory * deadline));
  let last = { spent: options.spent, at: elapsed() };
  let looked: number | undefined;
  let more = 0;
  // Tokens and milliseconds of late; older ones count less and less.
  let sum = { tokensUsed: (options.speed * span) / 1000, time: span };
  let plan = options.budget;
  const speed = (): number => (1000 * sum.tokensUsed) / sum.time;
  return {
    speed,
    uncounted: (tokensUsed) => void (more = tokensUsed),
    budget(spent) {
      // Of two looks without work between them the second says the same.
      if (spent === looked && plan !== undefined) return plan;
      looked = spent;
      const at = elapsed();
      const time = at - last.at;
      const kept = Math.exp(-time / span);
      sum = { tokensUsed: kept * sum.tokensUsed + (spent - last.spent) + more, time: kept * sum.time + time };
      last = { spent, at };
      more = 0;
      const end = reserve(speed());
      const left = Math.max(0, deadline - end - at);
      const budget = Math.round(spent + (speed() * left) / 1000);
      const whole = (speed() * deadline) / 1000;
      if (plan !== undefined && Math.abs(budget - plan) < Math.max(tolerance * Math.abs(plan - spent), least * whole)) return plan;
      plan = budget;
      tell({
        type: 'budgetPlanned',
        tokensUsed: spent,
        budget,
        tokensPerSecond: Math.round(10 * speed()) / 10,
        left: Math.round(left),
        reserve: Math.round(end),
      });
      return plan;
    },
  };
}
