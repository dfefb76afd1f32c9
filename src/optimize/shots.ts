/** @file How many answered rows stand before each row in training: sequences of worked examples teach more where rows are few. */

/** Rows up to which sequences pay: measured level at 160 rows, and 5 to 15 points ahead at 16 to 32. */
export const fewRows = 64;
const usualShots = 3;

/** @param rows of the trainset @param other what is not usual for as many */
export function shotsFor(rows: number, other = false): number {
  const few = rows <= fewRows;
  return few !== other ? Math.min(usualShots, Math.max(0, rows - 1)) : 0;
}
