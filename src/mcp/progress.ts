/** @file The progress of a request, in numbers that only grow, as the protocol demands. */
import { visibleLine } from '../plain.ts';
import type { OnProgress } from './tool.ts';

export interface Progress {
  readonly progress: number;
  /** Present where `progress` is a share of the whole. */
  readonly total?: 1;
  readonly message: string;
}

/** Far less than any share that people see. */
const least = 1e-6;

export function progressReporter(send: (progress: Progress) => void): OnProgress {
  let at = 0;
  return (what, share) => {
    at = Math.max(at + least, share ?? 0);
    send({ progress: at, ...(share !== undefined && { total: 1 }), message: visibleLine(what) });
  };
}
