/** @file The end of a run: start and best on the held-out test rows. With a budget of time, on as many rows as the remaining time allows. */
import type { Row } from '../data/dataset.ts';
import type { OptimizationContext } from '../optimize/coordinator.ts';
import type { MeasuredState, OptimizationEvent } from '../optimize/events.ts';
import { promptKey } from '../optimize/proposers/proposer.ts';
import type { RunEvent } from './record/events.ts';
import { atMost } from './rowPlan.ts';
import { testNotice } from './words/words.ts';

export type AttributedEvent = Extract<OptimizationEvent, { type: 'attributed' }>;

export interface FinalTest {
  /** Opens the sealed test split and takes at most this many of its rows. */
  readonly rows: (most: number) => readonly Row[];
  /** Compares the four pairs of old and new. */
  readonly attribute: (
    context: OptimizationContext,
    rows: readonly Row[],
    start: MeasuredState,
    best: MeasuredState,
  ) => Promise<AttributedEvent>;
}

/** What the clock decides. */
export interface TestClock {
  /** Milliseconds of running time. */
  readonly elapsed: () => number;
  /** The time at which the test must be over. */
  readonly deadline: number;
  /** Tokens per second. */
  readonly speed: number;
  readonly tokensPerRow: number;
}

/** Rows that are measured before the clock is checked again. */
const stretch = 16;

/** The share of a run's time that may be kept for its test, and the share if the user sets the number of test rows. */
const [keptShare, askedShare] = [1 / 8, 1 / 2];

/** Milliseconds to keep for the test of this many rows, in which both prompt and weights have changed. */
export function testReserve(
  rows: number,
  { deadline, tokensPerRow, isAsked }: Pick<TestClock, 'deadline' | 'tokensPerRow'> & { readonly isAsked: boolean },
): (tokensPerSecond: number) => number {
  return (tokensPerSecond) => Math.min((isAsked ? askedShare : keptShare) * deadline, (4 * 1000 * rows * tokensPerRow) / tokensPerSecond);
}

/** Measures and reports. @param rows at most this many @returns the rows that were measured */
export async function finalTest(
  test: FinalTest,
  context: OptimizationContext,
  rows: number,
  { start, best }: { readonly start: MeasuredState; readonly best: MeasuredState },
  emit: (event: RunEvent) => void,
  clock?: TestClock,
): Promise<readonly Row[]> {
  const most = clock ? affordable(rows, pairsOf(context, start, best), clock) : rows;
  emit({ type: 'testOpened', rows: most });
  const opened = test.rows(most);
  const measured = clock ? await inTime(test, context, opened, { start, best }, clock) : opened;
  const attributed = await test.attribute(context, measured, start, best);
  // Before the event after which a resumed run counts the test as done.
  if (measured.length < rows) emit({ type: 'noticed', message: cutNotice(measured.length, rows) });
  const notice = testNotice(attributed);
  if (notice !== undefined) emit({ type: 'noticed', message: notice });
  emit(attributed);
  return measured;
}

/** How many different pairs of prompt and weights must be measured. */
function pairsOf({ evaluator }: OptimizationContext, start: MeasuredState, best: MeasuredState): number {
  // Changing only the label scoring costs nothing.
  const keyOf = ({ prompt }: MeasuredState): string => promptKey(evaluator.task.labels ? { ...prompt, decoding: undefined } : prompt);
  const prompts = keyOf(start) === keyOf(best) ? 1 : 2;
  return prompts * (start.adapter === best.adapter ? 1 : 2);
}

function affordable(rows: number, pairs: number, { elapsed, deadline, speed, tokensPerRow }: TestClock): number {
  const paid = Math.floor(((deadline - elapsed()) * speed) / 1000 / (pairs * tokensPerRow));
  return Math.min(rows, Math.max(stretch, paid));
}

/** Answers rows in chunks while time is left. @returns the rows that were answered; their answers are cached */
async function inTime(
  test: FinalTest,
  context: OptimizationContext,
  rows: readonly Row[],
  { start, best }: { readonly start: MeasuredState; readonly best: MeasuredState },
  { elapsed, deadline }: TestClock,
): Promise<readonly Row[]> {
  let answered: readonly Row[] = [];
  while (answered.length < rows.length) {
    const begun = elapsed();
    const known = new Set(answered);
    answered = atMost(rows, known.size + stretch);
    await test.attribute(
      context,
      answered.filter((row) => !known.has(row)),
      start,
      best,
    );
    const now = elapsed();
    if (now + (now - begun) > deadline) break;
  }
  return answered;
}

const cutNotice = (measured: number, rows: number): string =>
  `The test measured ${measured} of ${rows} held-out test rows, as many as the time allowed.`;
