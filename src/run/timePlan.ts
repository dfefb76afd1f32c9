/**
 * @file Converts a budget of time into tokens, repeatedly: what the remaining time pays for at the recent speed. A decision is journalled
 * before it is used, so the journal has everything that the clock has decided.
 */
import type { RunEvent } from './record/events.ts';

export type BudgetPlanned = Extract<RunEvent, { type: 'budgetPlanned' }>;

export interface TimePlan {
  /** The total tokens that may be spent, given that this many have been spent. Unchanged until the clock requires another number. */
  readonly budget: (spent: number) => number;
  /** Announces uncounted work of this many tokens, which still shows how fast the machine is. */
  readonly uncounted: (tokensUsed: number) => void;
  /** Recent speed, in tokens per second. */
  readonly speed: () => number;
}

export interface TimePlanOptions {
  /** The time at which everything must be done, in milliseconds of running time. */
  readonly deadline: number;
  /** Milliseconds of running time. */
  readonly elapsed: () => number;
  /** The milliseconds that the end takes at this many tokens per second. */
  readonly reserve: (tokensPerSecond: number) => number;
  /** The speed known at the beginning, in tokens per second, and for a resumed run the plan in force. */
  readonly speed: number;
  readonly budget?: number;
  /** Tokens spent at the beginning. */
  readonly spent: number;
  readonly tell: (event: BudgetPlanned) => void;
}

/** The speed is averaged over this share of the whole time, with recent work weighted more. */
const memory = 1 / 15;
/** The least and the most milliseconds of that span. */
const [shortest, longest] = [1000, 20_000];
/** A plan is kept while it differs by less than these shares of the rest and of the whole. */
const [tolerance, least] = [0.05, 0.005];

export function makeTimePlan(options: TimePlanOptions): TimePlan {
  const { deadline, elapsed, reserve, tell } = options;
  const span = Math.min(longest, Math.max(shortest, memory * deadline));
  let last = { spent: options.spent, at: elapsed() };
  let looked: number | undefined;
  let more = 0;
  // Recent tokens and milliseconds, with exponentially decaying weights.
  let sum = { tokensUsed: (options.speed * span) / 1000, time: span };
  let plan = options.budget;
  const speed = (): number => (1000 * sum.tokensUsed) / sum.time;
  return {
    speed,
    uncounted: (tokensUsed) => void (more = tokensUsed),
    budget(spent) {
      // Two calls without work in between give the same answer.
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
