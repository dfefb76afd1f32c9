/** @file Names the row whose work took too long. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';

/** @throws what the work throws; errors of reason 'too-slow' get the row in their message */
export function ofRow<T>(row: Pick<Row, 'line' | 'values'>, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof TandemError) || cause.reason !== 'too-slow') throw cause;
    const { reason, message, where, hint } = cause;
    throw new TandemError(reason, `${message} The row is on line ${row.line}: ${JSON.stringify(row.values).slice(0, 200)}`, {
      ...(where && { where }),
      ...(hint !== undefined && { hint }),
      cause,
    });
  }
}
