/** @file How many answered rows precede each row in training. Sequences of worked examples teach more if rows are few. */

/** Up to this many rows, sequences are worth it: measured as equal at 160 rows, and 5 to 15 points ahead at 16 to 32. */
export const fewRows = 64;
const usualShots = 3;

/** @param rows of the trainset @param other choose the number that is not usual for this many rows */
export function shotsFor(rows: number, other = false): number {
  const few = rows <= fewRows;
  return few !== other ? Math.min(usualShots, Math.max(0, rows - 1)) : 0;
}
