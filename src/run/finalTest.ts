/** @file The end of a run: start and best on the held-out test rows; with a budget of time, on as many as the remaining time allows. */
import type { Row } from '../data/dataset.ts';
import type { OptimizationContext } from '../optimize/coordinator.ts';
import type { MeasuredState, OptimizationEvent } from '../optimize/events.ts';
import { promptKey } from '../optimize/proposers/proposer.ts';
import type { RunEvent } from './record/events.ts';
import { atMost } from './rowPlan.ts';
import { testNotice } from './words/words.ts';

export type AttributedEvent = Extract<OptimizationEvent, { type: 'attributed' }>;

export interface FinalTest {
  /** Opens the sealed test split, and takes at most this many of its rows. */
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
  /** When the test must be over. */
  readonly deadline: number;
  /** Tokens per second. */
  readonly speed: number;
  readonly tokensPerRow: number;
}

/** Rows that are measured before the clock is checked again. */
const stretch = 16;

/** Of the time of a run, what may be kept for its test, and what if the user says how many test rows there are to be. */
const [keptShare, askedShare] = [1 / 8, 1 / 2];

/** Milliseconds that are kept for the test of so many rows, in which both prompt and weights have changed. */
export function testReserve(
  rows: number,
  { deadline, tokensPerRow, isAsked }: Pick<TestClock, 'deadline' | 'tokensPerRow'> & { readonly isAsked: boolean },
): (tokensPerSecond: number) => number {
  return (tokensPerSecond) => Math.min((isAsked ? askedShare : keptShare) * deadline, (4 * 1000 * rows * tokensPerRow) / tokensPerSecond);
}

/** Measures and reports. @param rows at most this many @returns those that were measured */
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
  // Before the event up to which a resumed run takes the test as done.
  if (measured.length < rows) emit({ type: 'noticed', message: cutNotice(measured.length, rows) });
  const notice = testNotice(attributed);
  if (notice !== undefined) emit({ type: 'noticed', message: notice });
  emit(attributed);
  return measured;
}

/** How many different pairs of prompt and weights there are to measure. */
function pairsOf({ evaluator }: OptimizationContext, start: MeasuredState, best: MeasuredState): number {
  // How the scores of labels are read costs nothing.
  const keyOf = ({ prompt }: MeasuredState): string => promptKey(evaluator.task.labels ? { ...prompt, decoding: undefined } : prompt);
  const prompts = keyOf(start) === keyOf(best) ? 1 : 2;
  return prompts * (start.adapter === best.adapter ? 1 : 2);
}

function affordable(rows: number, pairs: number, { elapsed, deadline, speed, tokensPerRow }: TestClock): number {
  const paid = Math.floor(((deadline - elapsed()) * speed) / 1000 / (pairs * tokensPerRow));
  return Math.min(rows, Math.max(stretch, paid));
}

/** Answers rows, a stretch at a time, as far as the time goes. @returns those that were answered, which is remembered */
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
